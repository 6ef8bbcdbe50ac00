"""The JSON for staff: the same as the pages can do, with codes that programs understand."""

from collections.abc import Iterator

import pytest

from schemas.events import EventType, Via
from schemas.naming import JobNumber
from schemas.status import Status
from tests.integration.web import NOWHERE, Site, waiting_for_word
from tests.lab import Lab


@pytest.fixture
def site(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab, daemon=False) as opened:
        yield opened.log_in()


@pytest.fixture
def live(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab) as opened:
        yield opened.log_in()


# Asking


def test_the_list_holds_jobs_total_and_counts(site: Site, lab: Lab) -> None:
    lab.a_job(name="Ada Moreno")
    lab.a_job(Status.PENDING, name="Ben Okafor")
    said = site.browser.get("/api/v1/jobs?status=Uploaded").get_json()
    assert said["total"] == 1
    assert said["counts"]["Uploaded"] == said["counts"]["Pending"] == 1
    row = said["jobs"][0]
    assert (row["job"], row["student"]["name"], row["file_name"]) == (1, "Ada Moreno", "thing.stl")


@pytest.mark.parametrize(
    "query", ["page=99999999999999999999", "page=-1", "status=None", "q=%00", "page=x"]
)
def test_a_question_without_sense_is_answered_all_the_same(site: Site, query: str) -> None:
    assert site.browser.get(f"/api/v1/jobs?{query}").status_code == 200


def test_an_unchanged_list_is_not_sent_again(site: Site, lab: Lab) -> None:
    lab.a_job()
    tag = site.browser.get("/api/v1/jobs").headers["ETag"]
    again = site.browser.get("/api/v1/jobs", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    lab.a_job()
    changed = site.browser.get("/api/v1/jobs", headers={"If-None-Match": tag})
    assert changed.status_code == 200


def test_one_job_answers_with_its_sidecar_its_flags_and_its_mails(site: Site, lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    said = site.browser.get(f"/api/v1/jobs/{job}").get_json()
    assert (said["job"], said["status"], said["flags"]) == (job, "Pending", ["needs_weight"])
    assert said["student"]["email"] == "jane@example.edu"
    assert [(m["template"], m["state"]) for m in said["emails"]] == [
        ("Uploaded", "cancelled"),
        ("Pending", "held"),
    ]


def test_the_events_come_in_order_with_a_sound_chain(site: Site, lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    said = site.browser.get(f"/api/v1/jobs/{job}/events").get_json()
    assert said["broken_at"] is None
    assert [event["seq"] for event in said["events"]] == list(range(1, len(said["events"]) + 1))
    assert said["events"][0]["type"] == "JobCreated"


# Doing


def test_an_approval_answers_with_the_new_state_in_step_and_priced(live: Site) -> None:
    live.submit()
    answer = live.ask(
        JobNumber(1), "approve", seen="Uploaded", weight_g=42.5, time_h=2.01, material="PLA", by="A"
    )
    said = answer.get_json()
    assert (answer.status_code, said["status"], said["index"]) == (200, "Pending", "in step")
    assert said["print"]["price_usd"] == "4.25"
    assert said["print"]["time_h"] == "2.5"
    assert said["confirmation"]["nonce"]
    assert [m["state"] for m in said["emails"]][-1] == "queued"


def test_one_action_right_after_the_other_needs_no_waiting_between(live: Site, lab: Lab) -> None:
    live.submit()
    job = JobNumber(1)
    for name, given in (("approve", {"weight_g": 1}), ("confirm", {}), ("start", {})):
        assert live.ask(job, name, **given).status_code == 200  # type: ignore[arg-type]
    assert lab.moves(job) == [
        ("Uploaded", "Pending"),
        ("Pending", "ReadyToPrint"),
        ("ReadyToPrint", "Printing"),
    ]


def test_without_a_daemon_the_move_is_made_and_the_index_said_to_be_behind(
    site: Site, lab: Lab
) -> None:
    job = lab.a_job()
    said = site.ask(job, "approve", seen="Uploaded", weight_g="5").get_json()
    assert (said["status"], said["index"]) == ("Pending", "catching up")
    assert {path.parent.name for path in lab.paths(job)} == {"Pending"}
    again = site.ask(job, "confirm", seen="Pending")
    assert again.status_code == 409
    assert "has not noted it yet" in again.get_json()["message"]


def test_the_file_to_print_can_be_chosen(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    sliced = lab.slice(job)
    lab.rest()
    said = site.ask(job, "approve", file=sliced.name).get_json()
    assert {f["name"]: f["authoritative"] for f in said["files"]}[sliced.name] is True
    assert [f["authoritative"] for f in said["files"]].count(True) == 1
    assert said["print"]["weight_source"].startswith("sliced file")


@pytest.mark.parametrize(
    ("action", "given", "code"),
    [
        ("approve", {}, 422),
        ("approve", {"weight_g": "-1"}, 422),
        ("approve", {"weight_g": "NaN"}, 422),
        ("approve", {"weight_g": 1, "wieght": 2}, 422),
        ("approve", {"weight_g": 1, "file": "x.stl"}, 422),
        ("reject", {}, 422),
        ("reject", {"reasons": "no list"}, 422),
        ("move", {"to": "Nowhere"}, 422),
        ("move", {"to": "Uploaded"}, 422),
        ("note", {"text": " "}, 422),
        ("edit", {"student_email": "nobody"}, 422),
        ("edit", {"color": "Plaid"}, 422),
        ("collect", {"amount_usd": "5"}, 409),
        ("start", {}, 409),
        ("start", {"seen": "ReadyToPrint"}, 409),
        ("send-now", {"seen": "Pending"}, 409),
        ("undo", {}, 409),
        ("resend", {}, 409),
        ("renew", {}, 409),
        ("frobnicate", {}, 404),
    ],
)
def test_what_cannot_be_done_is_refused_in_words_and_changes_nothing(
    site: Site, lab: Lab, action: str, given: dict[str, object], code: int
) -> None:
    job = lab.a_job()
    before = {path: path.read_bytes() for path in lab.paths(job)}
    answer = site.ask(job, action, **given)
    said = answer.get_json()
    assert answer.status_code == code
    assert set(said) == {"error", "message", "possible"}
    assert said["message"]
    assert {path: path.read_bytes() for path in lab.paths(job)} == before


def test_a_conflict_names_the_present_status_and_the_possible_moves(site: Site, lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    said = site.ask(job, "approve", seen="Uploaded", weight_g=1).get_json()
    assert said["error"] == "stale_state"
    assert "is in Pending now" in said["message"]
    assert "ReadyToPrint, Rejected, Uploaded" in said["possible"]


def test_whoever_is_not_logged_in_gets_401_and_whoever_lacks_the_token_400(lab: Lab) -> None:
    job = lab.a_job()
    with Site.opened(lab, daemon=False) as site:
        assert site.browser.get("/api/v1/jobs").status_code == 401
        assert site.browser.get(f"/api/v1/jobs/{job}").get_json()["error"] == "not_logged_in"
        site.log_in()
        answer = site.browser.post(f"/api/v1/jobs/{job}/review", json={})
        assert answer.status_code == 400
        assert answer.get_json()["error"] == "bad_token"


def test_a_body_that_is_no_object_is_refused(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    headers = {"X-CSRFToken": site.meta_token()}
    for body in (b"{", b"[]", b"\xff"):
        answer = site.browser.post(f"/api/v1/jobs/{job}/review", data=body, headers=headers)
        assert answer.status_code == 400


def test_the_list_says_that_the_database_is_down_but_a_job_still_answers(lab: Lab) -> None:
    job = lab.a_job()
    with Site.opened(lab, database=NOWHERE, daemon=False) as site:
        answer = site.log_in().browser.get("/api/v1/jobs")
        assert (answer.status_code, answer.get_json()["error"]) == (503, "database_unavailable")
        one = site.browser.get(f"/api/v1/jobs/{job}").get_json()
        assert one["status"] == "Uploaded"
        assert one["emails"][0]["state"] == "queued"


# What moves nothing


def test_reviewing_is_noted_once_and_taken_back_once(live: Site, lab: Lab) -> None:
    live.submit()
    job = JobNumber(1)
    for action in ("review", "review", "unreview"):
        assert live.ask(job, action, by="Ann").get_json()["index"] == "in step"
    kinds = [row["type"] for row in lab.events(job)]
    assert kinds.count(EventType.REVIEWED) == kinds.count(EventType.UNREVIEWED) == 1


def test_a_note_carries_who_wrote_it(live: Site, lab: Lab) -> None:
    live.submit()
    live.ask(JobNumber(1), "note", text="thin\x00 walls", by="Ann")
    note = lab.doc(JobNumber(1)).notes[0]
    assert (note.text, note.by) == ("thin walls", "Ann")
    assert lab.events(JobNumber(1), EventType.NOTE_ADDED)[0]["via"] is Via.WEB


def test_an_edit_names_what_changed_and_quotes_anew(live: Site, lab: Lab) -> None:
    live.submit()
    job = JobNumber(1)
    live.ask(job, "approve", weight_g=10)
    said = live.ask(job, "edit", weight_g=80, student_name="Jane Roe").get_json()
    assert said["print"]["price_usd"] == "8.00"
    edited = lab.events(job, EventType.DETAILS_EDITED)[0]["data"]["changed"]
    assert edited == {"student_name": ["Jane Doe", "Jane Roe"], "weight_g": ["10", "80"]}


def test_a_walk_in_gets_its_details_and_loses_the_flag(live: Site, lab: Lab) -> None:
    (lab.root / "Uploaded/vase.stl").write_bytes(
        lab.model(lab.submit()).read_bytes()[:80] + b"\1\0\0\0" + b"\2" * 50
    )
    from tests.integration.running import wait_for

    found = wait_for(lambda: [p for p in (lab.root / "Uploaded").glob("Vase_*.json")])
    job = JobNumber(int(found[0].name.split("_")[3].split(".")[0]))
    live.ask(job, "edit", student_name="Walt In", student_email="walt@example.edu")
    assert lab.doc(job).details_missing is False
    wait_for(lambda: lab.flags(job) == [])


def test_a_mail_that_waits_goes_now_or_not_at_all(site: Site, lab: Lab) -> None:
    now, never = lab.a_job(), lab.a_job(email="joe@example.edu")
    site.ask(now, "send-now", by="Ann")
    site.ask(never, "cancel-email", by="Ann")
    lab.rest()
    lab.post()
    assert lab.mail_states(now) == [("Uploaded", "sent")]
    assert lab.mail_states(never) == [("Uploaded", "cancelled")]
    assert [m["To"].addresses[0].addr_spec for m in lab.mailbox.sent] == ["jane@example.edu"]


def test_a_mail_held_for_its_weight_cannot_be_sent_without(site: Site, lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    answer = site.ask(job, "send-now")
    assert answer.status_code == 409
    assert "without the weight" in answer.get_json()["message"]


# Health


def test_health_is_green_when_all_is_well_and_names_what_is_not(lab: Lab) -> None:
    with Site.opened(lab, daemon=False) as site:
        silent = site.browser.get("/healthz")
        assert (silent.status_code, list(silent.get_json()["faults"])) == (503, ["daemon"])
        from daemon import index

        with lab.engine.begin() as connection:
            index.say(connection, "health", {**lab.loop.report(), "share": "", "last_look": 4e9})
        well = site.browser.get("/healthz")
        assert (well.status_code, well.get_json()) == (200, {"ok": True, "faults": {}})
    with Site.opened(lab, database=NOWHERE, daemon=False) as site:
        assert "database" in site.browser.get("/healthz").get_json()["faults"]


def test_health_is_red_when_the_share_is_gone(lab: Lab) -> None:
    with Site.opened(lab, daemon=False) as site:
        lab.root.rename(lab.folder / "elsewhere")
        lab.root.mkdir()
        said = site.browser.get("/healthz")
        assert said.status_code == 503
        assert "marker" in said.get_json()["faults"]["share"]


def test_the_price_a_student_confirms_is_in_the_log(site: Site, lab: Lab) -> None:
    job = waiting_for_word(lab)
    site.ask(job, "confirm", by="Ann")
    lab.rest()
    assert lab.events(job, EventType.CONFIRMED)[0]["data"] == {"price_usd": "3.00"}
