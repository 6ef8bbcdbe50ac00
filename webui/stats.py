"""The statistics: how the lab is doing over a period that staff pick, drawn, and as CSV."""

from contextlib import ExitStack
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from daemon import statistics
from daemon.exports import EXPORTS, export
from schemas.errors import BadInput, DatabaseUnavailable
from webui import charts, periods, spreadsheet
from webui.around import around
from webui.headlines import headlines
from webui.periods import Asked, Period
from webui.place import web
from webui.security import for_staff

blueprint = Blueprint("stats", __name__, url_prefix="/staff/stats")

RETRY_S = "10"


@blueprint.get("")
@for_staff
def page() -> ResponseReturnValue:
    """The figures of a period; while there is no index, a word on that."""
    asked, fault = _asked()
    try:
        with web().index.reading() as connection:
            statistics.be_quick(connection)
            period, fault = _resolved(connection, asked, fault)
            shown = _shown(connection, period)
    except DatabaseUnavailable:
        response = make_response(_rendered(period=None, fault=fault), 503)
        response.headers["Retry-After"] = RETRY_S
        return response
    return _rendered(period=period, fault=fault, **shown), 422 if fault else 200


@blueprint.get("/<any({}):table>.csv".format(", ".join(EXPORTS)))
@for_staff
def csv(table: str) -> ResponseReturnValue:
    """Everything of a period as a spreadsheet, sent as it is read. Raises: BadInput."""
    asked = periods.read(request.args)
    with ExitStack() as stack:
        connection = stack.enter_context(web().index.reading())
        period = _period(connection, asked)
        columns, partitions = export(connection, table, period.window)
        lines = spreadsheet.pieces(columns, partitions, web().settings.timezone)
        response = Response(lines, mimetype="text/csv")
        response.call_on_close(stack.pop_all().close)
    name = f"{table}-{period.first}-to-{period.last}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _asked() -> tuple[Asked, str]:
    """The period of the address; where that makes none, the usual one, and why."""
    try:
        return periods.read(request.args), ""
    except BadInput as error:
        return Asked(), error.message


def _resolved(connection: Connection, asked: Asked, fault: str) -> tuple[Period, str]:
    try:
        return _period(connection, asked), fault
    except BadInput as error:
        return _period(connection, Asked()), error.message


def _period(connection: Connection, asked: Asked) -> Period:
    """The days that are meant, seen from now. Raises: BadInput when they have not come yet."""
    return periods.resolve(
        asked,
        now=web().now(),
        zone=web().settings.timezone,
        oldest=statistics.oldest(connection),
    )


def _shown(connection: Connection, period: Period) -> dict[str, Any]:
    """All that the page shows of a period, as it reads and as it is drawn."""
    window = period.window
    figures = statistics.figures(connection, window)
    failures = statistics.failures(connection, window)
    cells, bars, unit = figures.cells, period.bars, period.unit
    found = headlines(figures, failures, compared=window.before is not None)
    steps = charts.ranges(statistics.steps(connection, window))
    return {
        "is_empty": not (cells or steps or any(not one.is_before for one in failures)),
        "headlines": found,
        "jobs": charts.jobs_over_time(figures, bars, unit),
        "revenue": charts.revenue_over_time(figures, bars, unit),
        "steps": steps,
        "grams": [
            ("Method", charts.material_used(cells, lambda cell: cell.method)),
            ("Material", charts.material_used(cells, lambda cell: cell.material)),
        ],
        "breakdowns": [
            ("Printer", charts.breakdown(cells, lambda cell: cell.printer)),
            ("Method", charts.breakdown(cells, lambda cell: cell.method)),
            ("Discipline", charts.breakdown(cells, lambda cell: cell.discipline)),
            ("Color", charts.breakdown(cells, charts.color_named(cells))),
        ],
        "rejections": charts.rejection_reasons(statistics.rejections(connection, window)),
        "failures": charts.failure_reasons(failures),
        "failing": charts.failing_printers(failures, cells),
    }


def _rendered(*, period: Period | None, fault: str, **shown: Any) -> str:
    return render_template(
        "pages/stats.html",
        period=period,
        fault=fault,
        typed=request.args,
        choices=periods.CHOICES,
        tables=tuple(EXPORTS),
        timezone=web().settings.timezone,
        **shown,
        **around(),
    )
