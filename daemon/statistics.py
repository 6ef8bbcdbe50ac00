"""The index, asked how the lab is doing: `figures` says what is counted and how.

The figures of a page come from few statements that read each table once: over 100,000 jobs every
avoidable pass costs as much as everything else together.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, text

from daemon.figures import NOTHING, Cell, Failure, Figures, Step, Totals, Window
from schemas.status import Status
from schemas.tables import jobs

UNSAID = ""  # the reason of a rejection that was made without one, by a drag
OWN_WORDS = "*"  # and of one that staff put in words of their own alone

# Sorting by durations in memory takes half the time; compiling takes longer than the queries.
_MANNERS = text("SET LOCAL work_mem = '64MB'; SET LOCAL jit = off")

# Buckets as width_bucket counts them: the time before, a gap after it, then those of the window.
_BEFORE, _FIRST = 1, 3


def _values(window: Window) -> dict[str, Any]:
    """What the statements below ask for by name."""
    before = window.before or (window.edges[0], window.edges[0])
    return {
        "since": before[0],
        "before_end": before[1],
        "start": window.edges[0],
        "end": window.edges[-1],
        "thresholds": [*before, *window.edges],
        "last": len(window.edges) + 1,
    }


def oldest(connection: Connection) -> datetime | None:
    """When the first job was handed in; None without any."""
    found: datetime | None = connection.execute(select(func.min(jobs.c.created_at))).scalar_one()
    return found


def be_quick(connection: Connection) -> None:
    """Settings for the questions of this module, until the transaction ends."""
    connection.execute(_MANNERS)


_DONE = "('Completed', 'PaidPickedUp')"
_IS_DONE_NOW = (
    f"type IN ('JobCreated', 'StatusChanged') AND data->>'to' IN {_DONE} "
    f"AND coalesce(data->>'from', '') NOT IN {_DONE}"
)
_WEIGHT = "(data->>'weight_g') ~ '^[0-9]+([.][0-9]+)?$'"  # a forged one must not break the page


def _count(what: str, *, grams: str = "NULL", usd: str = "NULL", lacking: str = "false") -> str:
    """One row for each bucket in which `what` happened."""
    return f"""
    UNION ALL
    SELECT '{what}', {what}, NULL, NULL, NULL, NULL, NULL, count(*), NULL,
        count(*) FILTER (WHERE {lacking}), {grams}, {usd}, NULL
    FROM lives WHERE {what} = {_BEFORE} OR {what} BETWEEN {_FIRST} AND :last GROUP BY {what}"""


_FIGURES = text(
    f"""
    WITH told AS (
        SELECT job,
            max(at) FILTER (WHERE type <> 'PaymentRecorded') AS printed_at,
            max(at) FILTER (WHERE type = 'PaymentRecorded') AS paid_at,
            -- arrays are compared from the left: the weight of the last payment that has one
            (max(ARRAY[seq, (data->>'weight_g')::numeric])
                FILTER (WHERE type = 'PaymentRecorded' AND {_WEIGHT}))[2] AS actual_g
        FROM events
        WHERE at >= :since AND (type = 'PaymentRecorded' OR {_IS_DONE_NOW})
        GROUP BY job
    ), lives AS MATERIALIZED (
        SELECT print_method, printer, color, discipline, material, price_usd, paid_usd,
            coalesce(actual_g, weight_g) AS grams,
            CASE WHEN printed_at > created_at
                THEN date_part('epoch', printed_at - created_at) END AS took_s,
            width_bucket(created_at, t) AS handed_in,
            CASE WHEN status IN {_DONE} THEN width_bucket(printed_at, t) END AS printed,
            CASE WHEN paid_usd IS NOT NULL THEN width_bucket(paid_at, t) END AS paid,
            CASE status WHEN 'PaidPickedUp' THEN width_bucket(since, t) END AS collected,
            CASE status WHEN 'Rejected' THEN width_bucket(since, t) END AS rejected
        FROM jobs LEFT JOIN told ON job = number,
            (SELECT CAST(:thresholds AS timestamptz[]) AS t) AS given
        WHERE updated_at >= :since
    )
    SELECT 'cell' AS what, NULL::int AS bucket, print_method, printer, color, discipline, material,
        count(*) FILTER (WHERE handed_in BETWEEN {_FIRST} AND :last) AS n,
        count(*) FILTER (WHERE printed BETWEEN {_FIRST} AND :last) AS printed,
        0 AS lacking,
        sum(grams) FILTER (WHERE printed BETWEEN {_FIRST} AND :last) AS grams,
        sum(paid_usd) FILTER (WHERE paid BETWEEN {_FIRST} AND :last) AS usd,
        NULL::float8 AS took_s
    FROM lives GROUP BY print_method, printer, color, discipline, material
    {_count("handed_in")}
    {_count("printed", grams="sum(grams)", lacking="grams IS NULL")}
    {_count("paid", usd="sum(paid_usd)")}
    {
        _count(
            "collected",
            usd="sum(price_usd) FILTER (WHERE paid_usd IS NULL)",
            lacking="paid_usd IS NULL",
        )
    }
    {_count("rejected")}
    UNION ALL
    SELECT 'took', least(printed, {_FIRST}), NULL, NULL, NULL, NULL, NULL, count(*), NULL, 0, NULL,
        NULL, percentile_cont(0.5) WITHIN GROUP (ORDER BY took_s)
    FROM lives
    WHERE took_s IS NOT NULL AND (printed = {_BEFORE} OR printed BETWEEN {_FIRST} AND :last)
    GROUP BY least(printed, {_FIRST})
    """
)


def figures(connection: Connection, window: Window) -> Figures:
    """What happened in a window and in the time before it."""
    found = Figures([Totals() for _ in window.edges[1:]])
    for row in connection.execute(_FIGURES, _values(window)).mappings():
        if row["what"] == "cell":
            found.cells += _cells(row)
        elif row["what"] == "took":
            took = timedelta(seconds=row["took_s"])
            if row["bucket"] == _BEFORE:
                found.turnaround_before = took
            else:
                found.turnaround = took
        else:
            is_before = row["bucket"] == _BEFORE
            _add(found.before if is_before else found.buckets[row["bucket"] - _FIRST], row)
    return found


def _cells(row: Any) -> list[Cell]:
    """A cell, unless nothing of it lies in the window."""
    if not (row["n"] or row["printed"] or row["usd"] is not None):
        return []
    return [
        Cell(
            method=row["print_method"],
            printer=row["printer"],
            color=row["color"],
            discipline=row["discipline"],
            material=row["material"] or "",
            handed_in=row["n"],
            printed=row["printed"],
            printed_g=row["grams"] or NOTHING,
            paid_usd=row["usd"] or NOTHING,
        )
    ]


def _add(totals: Totals, row: Any) -> None:
    setattr(totals, row["what"], row["n"])
    match row["what"]:
        case "printed":
            totals.printed_g, totals.unweighed = row["grams"] or NOTHING, row["lacking"]
        case "paid":
            totals.paid_usd = row["usd"] or NOTHING
        case "collected":
            totals.unpaid, totals.unpaid_usd = row["lacking"], row["usd"] or NOTHING


# The arrival before the first one within the window is looked up; all others lie side by side.
_STEPS = text(
    """
    SELECT status, count(*), percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY took_s)
    FROM (
        SELECT (data->>'from') COLLATE "C" AS status, date_part('epoch', at - coalesce(came, (
            SELECT max(earlier.at) FROM events AS earlier
            WHERE earlier.job = stay.job AND earlier.seq < stay.seq
                AND earlier.type IN ('JobCreated', 'StatusChanged')
        ))) AS took_s
        FROM (
            SELECT job, seq, type, at, data, lag(at) OVER (PARTITION BY job ORDER BY seq) AS came
            FROM events
            WHERE type IN ('JobCreated', 'StatusChanged') AND at >= :start AND at < :end
        ) AS stay
        WHERE type = 'StatusChanged'
    ) AS stays
    WHERE took_s IS NOT NULL
    GROUP BY status
    """
)
STEPS = (
    Status.UPLOADED,
    Status.PENDING,
    Status.READY_TO_PRINT,
    Status.PRINTING,
    Status.COMPLETED,
)


def steps(connection: Connection, window: Window) -> list[Step]:
    """How long each status took, of the stays that ended in the window, in the order of a job's
    life. A stay lasts from one move to the next; final statuses have none."""
    rows = {row[0]: row for row in connection.execute(_STEPS, _values(window))}
    return [
        Step(status, count, timedelta(seconds=median), timedelta(seconds=p90))
        for status in STEPS
        if status in rows
        for _, count, (median, p90) in [rows[status]]
    ]


_REJECTIONS = text(
    """
    SELECT reason, count(*) FROM jobs
    LEFT JOIN LATERAL (
        SELECT data FROM events
        WHERE job = number AND type = 'StatusChanged' AND data->>'to' = 'Rejected'
        ORDER BY seq DESC LIMIT 1
    ) AS rejection ON true
    CROSS JOIN LATERAL (
        SELECT jsonb_array_elements_text(data->'reasons') AS reason
        WHERE jsonb_typeof(data->'reasons') = 'array'
        UNION ALL
        SELECT CASE WHEN coalesce(data->>'text', '') = '' THEN :unsaid ELSE :own_words END
        WHERE coalesce(data->'reasons', '[]') = '[]'
    ) AS one
    WHERE status = 'Rejected' AND since >= :start AND since < :end
    GROUP BY reason ORDER BY count(*) DESC, reason
    """
)


def rejections(connection: Connection, window: Window) -> list[tuple[str, int]]:
    """Reasons of the rejections in the window that stand, and how many jobs each concerned, the
    most frequent first; a job may have several."""
    values = {**_values(window), "unsaid": UNSAID, "own_words": OWN_WORDS}
    return [(reason, count) for reason, count in connection.execute(_REJECTIONS, values)]


_FAILURES = text(
    """
    SELECT printer, coalesce(data->>'reason', ''), at < :start, count(*)
    FROM events JOIN jobs ON number = job
    WHERE type = 'PrintFailed' AND at < :end AND (at >= :start OR at >= :since AND at < :before_end)
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """
)


def failures(connection: Connection, window: Window) -> list[Failure]:
    """Prints that staff recorded as failed, in the window and in the time before it."""
    return [Failure(*row) for row in connection.execute(_FAILURES, _values(window))]
