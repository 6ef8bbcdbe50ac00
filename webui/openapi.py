"""The JSON described for programs: OpenAPI 3.1, made of the routes, the models, their docstrings.

Nothing is said here twice: the paths are those of the app, the bodies those of `asked` and `told`,
and what each action means stands with its decision.
"""

import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema
from werkzeug.routing import Rule

from daemon.queries import PAGE, SORTS, Filter
from schemas.flags import Flag
from schemas.status import Status
from webui import told
from webui.decisions import ACTIONS, Action

PREFIX = "/api/v1"

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}

_ABOUT = f"""What the staff's pages can do, for programs.

**Log in** as a person does: get `/staff/login`, post its form with the staff password, and keep the
session cookie. Every POST carries the token of that session in the header `X-CSRFToken`; it is in
`<meta name="csrf-token">` of every staff page. Over https browsers send a `Referer` of this site
with each POST; a program has to do the same.

**Actions** take a JSON object, or nothing where nothing has to be said; names that are unknown are
refused. Send `from`, the status that you saw: if the job is no longer there, nothing is done and
the answer is 409. `by` is who does it, for the log.

**Lists** come in pages of {PAGE}. Every answer to a GET has an `ETag`; asked again with
`If-None-Match` it is 304 while nothing has changed.

**Refusals** are JSON as well: `error` is a code, `message` says what happened, `possible` what can
be done about it now."""

_REFUSALS = {
    400: "The body is not a JSON object, or the token in `X-CSRFToken` is missing or stale.",
    401: "Nobody is logged in.",
    404: "There is no such job.",
    409: "The job is not, or no longer, in a state that allows this; nothing was done.",
    413: "The body is larger than can be taken in; nothing was done.",
    422: "A field does not fit, or something that is needed was left out; nothing was done.",
    503: "The share or the database cannot be used just now; `Retry-After` says when to ask again.",
}

_ASKED_OF_LIST = {
    "status": "Only jobs in this status.",
    "q": "Only jobs with this in name, e-mail address, class or file name, or of this number.",
    "printer": "Only jobs for this printer.",
    "method": "Only jobs of this print method.",
    "color": "Only jobs in this color.",
    "flag": "Only jobs with this flag.",
    "age": "Only jobs that are in their status for: 1 under a day, 2 under two, 3 under three, "
    "4 longer.",
    "sort": f"The order; {next(iter(SORTS))} where nothing is said.",
    "page": "Which page, from 1.",
}
_CHOICES: dict[str, list[str]] = {
    "status": list(Status),
    "flag": list(Flag),
    "age": ["1", "2", "3", "4"],
    "sort": list(SORTS),
}
_NUMBER: Json = {
    "name": "number",
    "in": "path",
    "required": True,
    "description": "The job's number.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
}


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a route answers with, and the codes with which it may refuse."""

    content: str
    schema: Json
    refusals: tuple[int, ...]
    is_kept: bool = True  # has an ETag


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


_EVENTS: Json = {
    "type": "string",
    "description": "Events with JSON as their data. `hello` and `health`: `banners` (what is not "
    "well) and `hears` (false: changes are not announced now, so ask again every now and then). "
    "`change`: `jobs`, the numbers of those that changed; an empty list: anything may have. "
    "`beat`: nothing has happened.",
}
_OF_JOB = (401, 404, 409, 503)
_ANSWERS = {
    "api.description": _Answer("application/json", {"type": "object"}, (401,)),
    "api.jobs": _Answer("application/json", _ref(told.JobList), (401, 503)),
    "api.job": _Answer("application/json", _ref(told.Job), _OF_JOB),
    "api.events": _Answer("application/json", _ref(told.Events), _OF_JOB),
    "live.changes": _Answer("text/event-stream", _EVENTS, (401, 503), is_kept=False),
    "api.act": _Answer(
        "application/json", _ref(told.ChangedJob), (400, *_OF_JOB, 413, 422), is_kept=False
    ),
}


def document(app: Flask) -> Json:
    """The description of everything below PREFIX that the app answers to."""
    paths: dict[str, Json] = defaultdict(dict)
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(PREFIX):
            for path, method, operation in _operations(rule, app.view_functions[rule.endpoint]):
                paths[path][method] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "3D print lab", "version": "1", "description": _ABOUT},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": _schemas(),
            "responses": {str(code): _refusal(code) for code in _REFUSALS},
            "securitySchemes": _SECURITY,
        },
    }


_SECURITY: Json = {
    "session": {"type": "apiKey", "in": "cookie", "name": "session"},
    "token": {"type": "apiKey", "in": "header", "name": "X-CSRFToken"},
}


def _operations(rule: Rule, view: Callable[..., Any]) -> Iterator[tuple[str, str, Json]]:
    """Path, method and description of what one route does: an operation for each action."""
    path = re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule.rule)
    if "{name}" in path:
        for name, action in ACTIONS.items():
            yield path.replace("{name}", name), "post", _doing(rule.endpoint, name, action)
    else:
        yield path, "get", _asking(rule, view)


def _asking(rule: Rule, view: Callable[..., Any]) -> Json:
    answer = _ANSWERS[rule.endpoint]
    parameters = [_NUMBER] if "number" in rule.arguments else []
    if rule.endpoint == "api.jobs":
        parameters += [_asked_of_list(field.name) for field in fields(Filter)]
    if answer.is_kept:
        parameters.append(_IF_NONE_MATCH)
    return {
        "operationId": rule.endpoint.rpartition(".")[2],
        "summary": _summary(view),
        "description": _more(view),
        "parameters": parameters,
        "responses": _responses(answer),
        "security": [{"session": []}],
    }


def _doing(endpoint: str, name: str, action: Action) -> Json:
    asks = action.asks
    sources = " or ".join(action.sources) or "any status"
    return {
        "operationId": name,
        "summary": _summary(action.decide),
        "description": f"From {sources}.",
        "parameters": [_NUMBER],
        "requestBody": {
            "required": any(field.is_required() for field in asks.model_fields.values()),
            "content": {"application/json": {"schema": _ref(asks)}},
        },
        "responses": _responses(_ANSWERS[endpoint]),
        "security": [{"session": [], "token": []}],
    }


def _asked_of_list(name: str) -> Json:
    schema: Json = {"type": "string", "maxLength": 100}
    if name in _CHOICES:
        schema = {"type": "string", "enum": _CHOICES[name]}
    if name == "page":
        schema = {"type": "integer", "minimum": 1, "maximum": 100_000}
    return {"name": name, "in": "query", "description": _ASKED_OF_LIST[name], "schema": schema}


_IF_NONE_MATCH: Json = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The `ETag` of the answer that you have.",
    "schema": _TEXT,
}


def _responses(answer: _Answer) -> Json:
    good: Json = {"description": "Done.", "content": {answer.content: {"schema": answer.schema}}}
    found: Json = {"200": good}
    if answer.is_kept:
        good["headers"] = {"ETag": {"description": "Of this answer.", "schema": _TEXT}}
        found["304"] = {"description": "It is as you have it."}
    return found | {
        str(code): {"$ref": f"#/components/responses/{code}"} for code in sorted(answer.refusals)
    }


def _refusal(code: int) -> Json:
    told_as: Json = {"application/json": {"schema": _ref(told.Refusal)}}
    refusal: Json = {"description": _REFUSALS[code], "content": told_as}
    if code == 503:
        refusal["headers"] = {"Retry-After": {"description": "Seconds.", "schema": _TEXT}}
    return refusal


class _Plain(GenerateJsonSchema):
    """Schemas as they are meant: every field of an answer is there, and none needs a title."""

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,
    ) -> bool:
        """Answers are written with all their fields."""
        return self.mode == "serialization" or super().field_is_required(field, total)

    def field_title_should_be_set(self, schema: Any) -> bool:
        """`weight_g` says more than `Weight G`."""
        return False


def _schemas() -> Json:
    """The models by name."""
    asks = {action.asks for action in ACTIONS.values()}
    tells = (told.Refusal, told.JobList, told.Job, told.ChangedJob, told.Events)
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "validation") for model in sorted(asks, key=lambda model: model.__name__)),
        *((model, "serialization") for model in tells),
    ]
    _, made = models_json_schema(
        wanted, ref_template="#/components/schemas/{model}", schema_generator=_Plain
    )
    return dict(made["$defs"])


def _summary(described: Callable[..., Any]) -> str:
    """The first paragraph of a docstring, without what it raises: that is among the answers."""
    first = inspect.cleandoc(described.__doc__ or "").partition("\n\n")[0]
    return " ".join(first.partition("Raises:")[0].split())


def _more(described: Callable[..., Any]) -> str:
    """What follows the first paragraph."""
    return " ".join(inspect.cleandoc(described.__doc__ or "").partition("\n\n")[2].split())
