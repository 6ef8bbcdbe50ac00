"""The JSON for staff: the same questions and actions as the pages, under the same session."""

from typing import Any

import orjson
from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from werkzeug.exceptions import BadRequest

from daemon import queries
from daemon.handover import Found
from schemas.errors import DatabaseUnavailable
from schemas.mails import Mail, mails
from schemas.naming import JobNumber
from webui import asked, openapi, told
from webui.acting import ACT, JOB
from webui.board import wanted
from webui.decisions import ACTIONS
from webui.listing import from_index
from webui.place import web
from webui.security import for_staff, staff_name

blueprint = Blueprint("api", __name__, url_prefix=openapi.PREFIX)


@blueprint.get("/openapi.json")
@for_staff
def description() -> ResponseReturnValue:
    """This description, as OpenAPI 3.1."""
    return _json(orjson.dumps(openapi.document(current_app)))


@blueprint.get("/jobs")
@for_staff
def jobs() -> ResponseReturnValue:
    """A page of jobs, how many there are, and how many in each status.

    A parameter that is unknown or makes no sense counts as not given.
    """
    return _answer(told.JobList.of(from_index(web().index, wanted(request.args))))


@blueprint.get(JOB)
@for_staff
def job(number: int) -> ResponseReturnValue:
    """Everything about one job, as it lies on the share."""
    found = web().desk.find(JobNumber(number))
    return _answer(told.Job.of(found, emails=_emails(found)))


@blueprint.get(f"{JOB}/events")
@for_staff
def events(number: int) -> ResponseReturnValue:
    """The job's log, and the first event that does not fit its hash chain, if any."""
    return _answer(told.Events.of(web().desk.find(JobNumber(number)).doc))


@blueprint.post(ACT)
@for_staff
def act(number: int, name: str) -> ResponseReturnValue:
    """Do one thing with a job; the job as it is then, and whether the index knows it yet."""
    given = asked.read(ACTIONS[name].asks, _body())
    done = web().desk.act(name, JobNumber(number), given, by=staff_name(given.by))
    step = "in step" if done.in_step else "catching up"
    return _answer(told.ChangedJob.of(done.job, emails=_emails(done.job), index=step))


def _emails(found: Found) -> list[told.Email]:
    """The job's mails: as the outbox has them, or as the history says while there is no index."""
    rows = _outbox(found.doc.job)
    return [_email(mail, rows.get(mail.for_seq)) for mail in mails(found.doc.history)]


def _outbox(number: JobNumber) -> dict[int, Any]:
    """The rows of a job's mails by the seq that they are for; none while there is no index."""
    try:
        with web().index.reading() as connection:
            return {row["seq"]: row for row in queries.emails_of(connection, number)}
    except DatabaseUnavailable:
        return {}


def _email(mail: Mail, row: Any) -> told.Email:
    return told.Email(
        for_seq=mail.for_seq,
        template=mail.template,
        state=mail.state if row is None else row["state"],
        hold=mail.hold,
        not_before=mail.not_before,
        sent_at=mail.sent_at,
        error=mail.remark if row is None else row["error"],
        attempts=None if row is None else row["attempts"],
        again=mail.again,
    )


def _body() -> dict[str, Any]:
    """The JSON object of a request; nothing at all is an empty one. Raises: BadRequest."""
    data = request.get_data()
    try:
        found = orjson.loads(data) if data else {}
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise BadRequest("the body is not a JSON object")
    return found


def _answer(model: BaseModel) -> Response:
    return _json(model.model_dump_json(by_alias=True))


def _json(data: str | bytes) -> Response:
    """An answer that is not sent again while it is the same."""
    response = Response(data, mimetype="application/json")
    if request.method == "GET":
        response.headers["Cache-Control"] = "private, no-cache"
        response.add_etag()
        response.make_conditional(request)
    return response
