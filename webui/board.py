"""The dashboard: a tab for each status, a row for each job, found, narrowed, sorted, paged."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import Response, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from daemon.queries import SORTS, Filter
from schemas.status import Status
from webui.around import around
from webui.decisions import ACTIONS, actions_in
from webui.listing import Row, listing
from webui.place import web
from webui.security import for_staff
from webui.shown import BULK, age
from webui.staff import blueprint


def wanted(args: Mapping[str, str]) -> Filter:
    """What a list's address asks for; what makes no sense is not asked for."""
    text = {name: args.get(name, "").replace("\0", "")[:100] for name in Filter.__slots__}
    status = text["status"] if text["status"] in set(Status) else None
    page = int(text["page"]) if text["page"].isdecimal() else 1
    return Filter(
        status=Status(status) if status else None,
        q=text["q"].strip(),
        printer=text["printer"],
        method=text["method"],
        color=text["color"],
        flag=text["flag"],
        age=text["age"],
        sort=text["sort"] if text["sort"] in SORTS else "",
        page=min(max(page, 1), 100_000),
    )


@blueprint.get("/")
@for_staff
def jobs() -> ResponseReturnValue:
    """The whole page."""
    shown = _list()
    status = shown["wanted"].status
    bulk = [
        name
        for name in BULK
        if status is None or not ACTIONS[name].sources or status in ACTIONS[name].sources
    ]
    return render_template("pages/jobs.html", **shown, **around(), bulk=bulk)


@blueprint.get("/list")
@for_staff
def job_list() -> ResponseReturnValue:
    """Tabs and rows alone, not sent again while they are the same: what a live page fetches."""
    page = render_template("pages/list.html", catalog=web().catalog(), **_list())
    return unless_known(make_response(page))


def unless_known(response: Response) -> Response:
    """304 where the browser has it already."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]


def _list() -> dict[str, Any]:
    """What the list shows; without a status or a search, the jobs that are new."""
    asked_for = wanted(request.args)
    if asked_for.status is None and not (asked_for.q or asked_for.flag):
        asked_for = wanted({**request.args, "status": Status.UPLOADED})
    return {
        "listing": listing(web().index, web().share, asked_for),
        "wanted": asked_for,
        "address": _address,
        "row_html": row_html,
    }


def row_html(row: Row, *, with_status: bool) -> Markup:
    """A row of the list; when one has changed most others are as they were a moment ago."""
    return _drawn(row, age(row.since), with_status)


@lru_cache(maxsize=2000)
def _drawn(row: Row, age_shown: str, with_status: bool) -> Markup:
    """Kept by everything that shows in it; only within a request, since it holds addresses."""
    macros: Any = current_app.jinja_env.get_template("components/job_row.html").module
    return Markup(macros.job_row(row, actions_in(row.status), with_status))


def _address(wanted: Filter, **changed: Any) -> dict[str, Any]:
    """The query of the same list with something changed; a change but of the page shows page 1."""
    fields = {name: getattr(wanted, name) for name in Filter.__slots__} | {"page": 1} | changed
    if fields["page"] == 1:
        del fields["page"]
    return {
        name: value.value if isinstance(value, Status) else value
        for name, value in fields.items()
        if value
    }
