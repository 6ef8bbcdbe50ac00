"""The index as long lists, for spreadsheets: read through a cursor on the server, a piece at a
time, so that 600,000 events take no more memory than a thousand."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, TextClause, text

from daemon.figures import Window

PIECE = 1000  # rows fetched at a time

_JOBS = text(
    """
    SELECT number AS job, status::text, created_at AS handed_in, since AS in_this_status_since,
        student_name, student_email, discipline, class_number, print_method, color, printer,
        material, weight_g, actual_weight_g, time_h, price_usd, paid_usd, printed, paid,
        array_to_string(flags, ' ') AS flags, stem AS file_name
    FROM jobs CROSS JOIN LATERAL (
        SELECT
            max(at) FILTER (
                WHERE type IN ('JobCreated', 'StatusChanged')
                    AND data->>'to' IN ('Completed', 'PaidPickedUp')
                    AND coalesce(data->>'from', '') NOT IN ('Completed', 'PaidPickedUp')
                    AND status IN ('Completed', 'PaidPickedUp')
            ) AS printed,
            max(at) FILTER (WHERE type = 'PaymentRecorded') AS paid,
            (array_agg(data->>'weight_g' ORDER BY seq DESC)
                FILTER (WHERE type = 'PaymentRecorded' AND data->>'weight_g' IS NOT NULL)
            )[1] AS actual_weight_g
        FROM events WHERE job = number
    ) AS told
    WHERE created_at >= :start AND created_at < :end
    ORDER BY number
    """
)
_EVENTS = text(
    """
    SELECT at, job, seq, type::text AS event, "by", via::text, data::text AS details
    FROM events WHERE at >= :start AND at < :end ORDER BY at, job, seq
    """
)
_PAYMENTS = text(
    """
    SELECT payment.at AS paid, number AS job, student_name, data->>'payer' AS payer,
        data->>'transaction' AS transaction, paid_usd, price_usd AS quoted_usd,
        weight_g AS quoted_weight_g, data->>'weight_g' AS actual_weight_g, print_method, printer,
        discipline, class_number, payment.by AS taken_by
    FROM events AS payment JOIN jobs ON number = payment.job
    WHERE payment.type = 'PaymentRecorded' AND payment.at >= :start AND payment.at < :end
        AND paid_usd IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM events AS later
            WHERE later.job = number AND later.type = 'PaymentRecorded' AND later.seq > payment.seq
        )
    ORDER BY payment.at, number
    """
)
EXPORTS: dict[str, TextClause] = {
    "jobs": _JOBS,  # that were handed in in the time
    "events": _EVENTS,
    "payments": _PAYMENTS,  # the last of each job: their sum is the revenue of the time
}


def export(
    connection: Connection, name: str, window: Window
) -> tuple[list[str], Iterator[Sequence[Sequence[Any]]]]:
    """The columns of one of EXPORTS, and its rows within a window, a piece at a time.

    The connection stays in use until the last piece was taken.
    """
    values = {"start": window.edges[0], "end": window.edges[-1]}
    options = {"yield_per": PIECE}
    result = connection.execute(EXPORTS[name], values, execution_options=options)
    return list(result.keys()), result.partitions(PIECE)  # a text does not heed `yield_per` here
