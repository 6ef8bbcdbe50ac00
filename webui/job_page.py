"""Everything about one job: what is known, its files to keep, its mails to read, its whole log."""

from flask import Response, render_template, request, send_file
from flask.typing import ResponseReturnValue

from daemon.handover import Found, names_below
from daemon.mail.kept import read
from daemon.snapshot import name_of
from schemas.errors import NoSuchJob
from schemas.events import first_break
from schemas.flags import flags
from schemas.mails import OPEN, mails
from schemas.naming import JobNumber, key, parse
from webui.acting import JOB, asking
from webui.around import around
from webui.decisions import actions_in
from webui.inspected import inspected
from webui.place import web
from webui.security import for_staff
from webui.staff import blueprint


@blueprint.get(JOB)
@for_staff
def job(number: int) -> ResponseReturnValue:
    """The page of one job."""
    found = web().desk.find(JobNumber(number))
    told = mails(found.doc.history)
    return render_template(
        "pages/staff_job.html",
        doc=found.doc,
        status=found.status,
        path=found.path,
        sizes=_files(found),
        ask=asking(found),
        found=inspected(found.doc, web().catalog()),
        flags=flags(found.doc),
        mails=told,
        waiting=[mail for mail in told if mail.state in OPEN],
        broken_at=first_break(found.doc.history),
        actions=actions_in(found.status),
        **around(),
    )


def _files(found: Found) -> dict[str, str]:
    """The job's files on the share by name: their paths, relative to the root."""
    stem = key(found.stem)
    return {
        name_of(path): path
        for path in names_below(web().share, found.status)
        if (name := parse(name_of(path))) is not None and key(name.stem) == stem
    }


@blueprint.get(f"{JOB}/mails/<int(max=999999999):seq>")
@for_staff
def mail(number: int, seq: int) -> ResponseReturnValue:
    """A mail as the student got it; `again` in the query counts its repeats."""
    again = request.args.get("again", "0")
    kept = read(web().share, JobNumber(number), seq, int(again) if again.isdecimal() else 0)
    return render_template("pages/mail.html", number=number, kept=kept, **around())


@blueprint.get(f"{JOB}/files/<name>")
@for_staff
def file(number: int, name: str) -> ResponseReturnValue:
    """One of the job's files, as a download."""
    found = web().desk.find(JobNumber(number))
    path = _files(found).get(name)
    if path is None:
        raise NoSuchJob(
            f"job {number} has no file {name} in {found.status}", possible="load its page again"
        )
    response: Response = send_file(
        web().share.root / path,
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=name,
    )
    response.headers["Cache-Control"] = "private, no-cache"
    return response
