"""The trouble list: all that needs a person, each kind with its way out right there.

What a job's own actions can put right is a form for those. Here are the ways out that no action
has: gathering a job that lies in two folders, foreign files, sidecars that were set aside.
"""

from contextlib import suppress

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from daemon import ignored, regather, troubles
from daemon.handover import Found
from daemon.regather import Choice
from daemon.troubles import Kind
from schemas.errors import BadInput, DatabaseUnavailable, PrintSystemError, StaleState
from schemas.events import Via
from schemas.mails import Hold, MailState, mails
from schemas.naming import JobNumber, parse
from webui import answers, asked
from webui.around import around, wants_part
from webui.decisions import ACTIONS, Decision, Hand, actions_in, edit
from webui.kinds import KINDS
from webui.mail_decisions import send_now
from webui.place import web
from webui.security import for_staff, staff_name
from webui.strays import mark_of
from webui.troubled import Trouble, trouble

blueprint = Blueprint("trouble", __name__, url_prefix="/staff/trouble")


_NUMBER = "<int(max=999999999):number>"
_BULK = 200  # as many jobs as one post may name


@blueprint.get("")
@for_staff
def page() -> ResponseReturnValue:
    """The whole list, or a page of one kind."""
    return listed()


def listed(error: PrintSystemError | None = None) -> Response:
    """The list, with what was refused on top of it if anything was."""
    only = request.args.get("kind", "")
    number = request.args.get("page", "")
    found = trouble(
        web().index,
        web().share,
        web().now(),
        only=Kind(only) if only in set(Kind) else None,
        page=min(int(number), 100_000) if number.isdecimal() else 1,
    )
    shown = render_template(
        "pages/trouble.html",
        trouble=found,
        only=only if only in set(Kind) else "",
        held=_held(found),
        error=error,
        kinds=KINDS,
        possible=set(ACTIONS),
        actions_in=actions_in,
        days={"late": troubles.UNCOLLECTED_DAYS, "forgotten": troubles.FORGOTTEN_DAYS},
        now=web().now(),
        **around(),
    )
    return make_response(shown, answers.status_of(error) if error is not None else 200)


def _held(found: Trouble) -> list[str]:
    """Every job whose mail is held, as the form for many jobs names them, up to its limit."""
    if not found.counts.get(Kind.HELD):
        return []
    with suppress(DatabaseUnavailable), web().index.reading() as connection:
        return [f"{job}:{status}" for job, status in troubles.held(connection, _BULK)]
    return []


def refused(error: PrintSystemError) -> Response:
    """What was refused: on top of the list, or alone for a dialog."""
    if not wants_part():
        return listed(error)
    shown = render_template("pages/trouble_refused.html", error=error)
    return make_response(shown, answers.status_of(error))


def back_to(kind: Kind, said: str) -> ResponseReturnValue:
    """To the part of the list one came from, saying what was done."""
    told = {"text": said, "job": None, "undo": False, "mail_at": None}
    if wants_part():
        return render_template("pages/said.html", said=told)
    flash(told)  # type: ignore[arg-type]
    return redirect(url_for("trouble.page", _anchor=kind.value), 303)


# Two folders


@blueprint.post(f"/conflicts/{_NUMBER}")
@for_staff
def settle_conflict(number: int) -> ResponseReturnValue:
    """The person chose the folder that stays: all files go there, under the job's lock."""
    job = JobNumber(number)
    choice = Choice(request.form.get("folder", ""), staff_name(), Via.WEB, web().now())
    held = None
    try:
        held = web().index.lock(job)
        done = regather.gather(web().share, job, choice)
    except PrintSystemError as error:
        return refused(error)
    finally:
        web().index.release(held)
    said = [f"#{job} lies together in {choice.folder} now; that is noted in a few seconds."]
    if done.renamed:
        said.append(f"Kept beside it under another name: {', '.join(done.renamed)}.")
    if done.aside:
        said.append("The other sidecar says something else: it is listed below.")
    return back_to(Kind.CONFLICT, " ".join(said))


# Mails


@blueprint.post(f"/mails/{_NUMBER}")
@for_staff
def try_mail_again(number: int) -> ResponseReturnValue:
    """The address is corrected where another was typed, and the mail goes once more."""
    hand = Hand(staff_name(), Via.WEB, web().now())
    try:
        given = {"student_email": request.form.get("student_email", "")}
        wish = asked.read(asked.Edit, given)

        def decide(job: Found) -> Decision:
            edit(job.doc, wish, hand)
            open_mails = [mail for mail in mails(job.doc.history) if mail.state is MailState.HELD]
            if any(mail.hold is Hold.NO_ADDRESS for mail in open_mails):
                return _queued_by_daemon(job)
            return send_now(job.doc, asked.Nothing(), hand)

        done = web().desk.change(JobNumber(number), decide, hand)
    except PrintSystemError as error:
        return refused(error)
    return back_to(Kind.MAIL, f"#{number}: the mail goes to {done.job.doc.student.email}.")


def _queued_by_daemon(job: Found) -> Decision:
    """A mail that was held for want of an address goes as soon as there is one."""
    if not job.doc.student.email:
        raise BadInput("type the address the mail is to go to", field="student_email")
    return Decision()


# Foreign files


@blueprint.post("/strays/join")
@for_staff
def join_stray() -> ResponseReturnValue:
    """A foreign file becomes part of a job: it gets the job's name and lies beside it."""
    try:
        path = _stray_meant()
        number = _number_typed(request.form.get("job", ""))
        found = web().desk.find(number)
        target = regather.join(web().share, path, found)
    except PrintSystemError as error:
        return refused(error)
    told = f"{path} was made part of this job: {target}"
    with suppress(PrintSystemError):  # the file is where it belongs, with or without this word
        web().desk.act("note", number, asked.Remark(text=told), by=staff_name())
    return back_to(Kind.STRAY, f"{path} is {target} now.")


def _number_typed(text: str) -> JobNumber:
    digits = text.strip().removeprefix("#").strip()
    if not (digits.isascii() and digits.isdigit() and 0 < int(digits) < 10**9):
        raise BadInput("type the number of the job it belongs to", field="job")
    return JobNumber(int(digits))


@blueprint.post("/strays/ignore")
@for_staff
def ignore_stray() -> ResponseReturnValue:
    """Nobody is asked about a foreign file any more, as long as it stays as it is."""
    try:
        path = _stray_meant()
        sig = regather.signature_of(web().share, path)
        ignored.ignore(web().share, path, sig, by=staff_name(), at=web().now())
    except PrintSystemError as error:
        return refused(error)
    return back_to(Kind.STRAY, f"{path} is ignored until it changes.")


@blueprint.post("/strays/list-again")
@for_staff
def list_stray_again() -> ResponseReturnValue:
    """A foreign file that was ignored is shown again."""
    path = request.form.get("path", "")
    try:
        ignored.list_again(web().share, path)
    except PrintSystemError as error:
        return refused(error)
    return back_to(Kind.STRAY, f"{path} is listed again.")


def _stray_meant() -> str:
    """The path of the form, if a foreign file lies there just as it was seen.

    Raises: StaleState when it does not; ShareUnavailable.
    """
    path = request.form.get("path", "")
    if not (_is_stray(path) and regather.is_there(web().share, path)):
        raise StaleState(
            "this file is not listed as foreign any more", possible="look at the list again"
        )
    if request.form.get("mark") != mark_of(regather.signature_of(web().share, path)):
        raise StaleState(f"{path} has changed meanwhile", possible="look at it again, then choose")
    return path


def _is_stray(path: str) -> bool:
    try:
        with web().index.reading() as connection:
            return troubles.stray_at(connection, path)
    except DatabaseUnavailable:
        return parse(path.rpartition("/")[2]) is None
