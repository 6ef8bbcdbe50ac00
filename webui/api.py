"""The JSON for staff: the same questions and actions as the pages, under the same session."""

from dataclasses import asdict
from typing import Any

import orjson
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from daemon import queries
from daemon.handover import Found
from schemas.clock import iso
from schemas.errors import DatabaseUnavailable
from schemas.events import first_break
from schemas.flags import flags
from schemas.mails import mails
from schemas.naming import JobNumber
from webui import asked
from webui.decisions import ACTIONS, actions_in
from webui.listing import Row, from_index
from webui.place import web
from webui.security import for_staff, staff_name
from webui.staff import ACT, JOB, wanted

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

_GROUPS = {
    "student": {"student_name": "name", "class_number": "class_number"},
    "request": {"print_method": "print_method", "color": "color", "printer": "printer"},
    "print": {name: name for name in ("weight_g", "time_h", "material", "price_usd")},
}


@blueprint.get("/jobs")
@for_staff
def jobs() -> ResponseReturnValue:
    """A page of jobs, how many there are, and how many in each status."""
    found = from_index(web().index, wanted(request.args))
    listed = [_row(row) for row in found.rows]
    counts = {status.value: count for status, count in found.counts.items()}
    return _json({"jobs": listed, "total": found.total, "counts": counts})


@blueprint.get(JOB)
@for_staff
def job(number: int) -> ResponseReturnValue:
    """Everything about one job, as it lies on the share."""
    return _json(described(web().desk.find(JobNumber(number))))


@blueprint.get(f"{JOB}/events")
@for_staff
def events(number: int) -> ResponseReturnValue:
    """The job's log, and the first event that does not fit its hash chain, if any."""
    history = web().desk.find(JobNumber(number)).doc.history
    listed = [event.model_dump(mode="json") for event in history]
    return _json({"job": number, "events": listed, "broken_at": first_break(history)})


@blueprint.post(ACT)
@for_staff
def act(number: int, name: str) -> ResponseReturnValue:
    """Do one thing with a job; the job as it is then, and whether the index knows it yet."""
    given = asked.read(ACTIONS[name].asks, _body())
    done = web().desk.act(name, JobNumber(number), given, by=staff_name(given.by))
    step = "in step" if done.in_step else "catching up"
    return _json({**described(done.job), "index": step})


def described(found: Found) -> dict[str, Any]:
    """A job for programs: the sidecar's fields; `status` is the folder, which is the truth."""
    doc = found.doc
    return {
        **doc.model_dump(mode="json", by_alias=True, exclude={"seal", "claim"}),
        "status": found.status,
        "path": found.path,
        "flags": flags(doc),
        "emails": _emails(found),
        "actions": [*actions_in(found.status), "move"],
    }


def _emails(found: Found) -> list[dict[str, Any]]:
    """The job's mails: as the outbox has them, or as the history says while there is no index."""
    told = [
        {
            "for": mail.for_seq,
            "template": mail.template,
            "state": mail.state,
            "hold": mail.hold,
            "not_before": iso(mail.not_before) if mail.not_before else None,
            "sent_at": iso(mail.sent_at) if mail.sent_at else None,
            "error": mail.remark,
            "attempts": None,
        }
        for mail in mails(found.doc.history)
    ]
    try:
        with web().index.reading() as connection:
            rows = {row["seq"]: row for row in queries.emails_of(connection, found.doc.job)}
    except DatabaseUnavailable:
        return told
    for mail in told:
        row = rows.get(mail["for"])
        if row is not None:
            mail |= {name: row[name] for name in ("state", "error", "attempts")}
    return told


def _row(row: Row) -> dict[str, Any]:
    """A row of the list, in the same groups as one job."""
    flat = asdict(row)
    return {
        "job": row.number,
        "status": row.status,
        "file_name": row.file_name,
        **{
            group: {name: _plain(flat[column]) for column, name in columns.items()}
            for group, columns in _GROUPS.items()
        },
        "review": {"reviewed": row.reviewed},
        "since": iso(row.since) if row.since else None,
        "flags": row.flags,
        "actions": [*actions_in(row.status), "move"],
    }


def _plain(value: Any) -> str | None:
    return None if value is None else str(value)


def _body() -> dict[str, Any]:
    """The JSON of a request, a form's fields, or nothing."""
    if not request.get_data(cache=True):
        return {}
    found = request.get_json(force=True, silent=True)
    if not isinstance(found, dict):
        raise BadRequest("the body is not a JSON object")
    return found


def _json(value: Any) -> Response:
    """An answer that is not sent again while it is the same."""
    response = Response(orjson.dumps(value), mimetype="application/json")
    if request.method == "GET":
        response.headers["Cache-Control"] = "private, no-cache"
        response.add_etag()
        response.make_conditional(request)
    return response
