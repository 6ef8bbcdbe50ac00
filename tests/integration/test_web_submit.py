"""A student hands a model in over the web, on good days and on bad ones."""

import hashlib
import io
import json
import re
from collections.abc import Iterator

import pytest

from daemon.share import Share
from schemas.errors import ShareUnavailable
from schemas.events import EventType, Via
from schemas.naming import Role
from schemas.status import Status
from tests.integration.running import wait_for
from tests.integration.web import FORM, NOWHERE, Site, faults, only_job
from tests.lab import Lab, an_stl


@pytest.fixture
def site(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab, daemon=False) as opened:
        yield opened


@pytest.fixture
def site_without_database(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab, database=NOWHERE, daemon=False) as opened:
        yield opened


def test_a_submission_lies_in_uploaded_with_all_that_was_typed(site: Site, lab: Lab) -> None:
    data = an_stl()
    answer = site.submit(data, name="my vase.STL", student_name="  Zoë   Müller ")
    assert (answer.status_code, answer.location.split("/")[1]) == (303, "submitted")
    doc = lab.doc(only_job(lab))
    entry = doc.files[0]
    assert site.in_folder(Status.UPLOADED) == [
        "ZoeMuller_Filament_TrueRed_1.metadata.json",
        "ZoeMuller_Filament_TrueRed_1.stl",
    ]
    assert (lab.root / "Uploaded" / entry.name).read_bytes() == data
    assert (doc.student.name, doc.student.email) == ("Zoë Müller", "jane@example.edu")
    assert (doc.request.color, doc.request.minimum_charge) == ("True Red", True)
    assert (entry.role, entry.original_name, entry.size) == (Role.MODEL, "my vase.STL", len(data))
    assert entry.sha256 == hashlib.sha256(data).hexdigest()
    event = doc.history[0]
    assert (event.type, event.by, event.via) == (EventType.JOB_CREATED, "Zoë Müller", Via.WEB)
    assert event.data == {"to": "Uploaded", "original_name": "my vase.STL"}
    assert site.incoming() == []


def test_the_daemon_takes_a_submission_as_a_job_and_queues_the_receipt(
    site: Site, lab: Lab
) -> None:
    site.submit()
    lab.rest()
    job = only_job(lab)
    assert lab.status(job) is Status.UPLOADED
    assert lab.flags(job) == []
    assert lab.mail_states(job) == [("Uploaded", "queued")]


def test_the_page_after_it_says_the_number_and_links_to_the_job(site: Site, lab: Lab) -> None:
    page = site.browser.get(site.submit().location).text
    assert re.search(r'id="job-number">1<', page)
    assert site.job_page(only_job(lab)) in page


def test_a_submission_works_with_the_database_down(site_without_database: Site, lab: Lab) -> None:
    site = site_without_database
    answer = site.submit()
    assert answer.status_code == 303
    assert site.browser.get(answer.location).status_code == 200
    assert len(site.in_folder(Status.UPLOADED)) == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"student_name": "J"}, "student_name"),
        ({"student_name": "J" * 101}, "student_name"),
        ({"student_email": "jane at example.edu"}, "student_email"),
        ({"student_email": "j" * 95 + "@a.edu"}, "student_email"),
        ({"discipline": "Alchemy"}, "discipline"),
        ({"class_number": ""}, "class_number"),
        ({"class_number": "1" * 51}, "class_number"),
        ({"print_method": "Clay"}, "print_method"),
        ({"color": "Black"}, "color"),
        ({"printer": "Formlabs Form 3"}, "printer"),
        ({"minimum_charge": ""}, "minimum_charge"),
        ({"name": ""}, "file"),
        ({"name": "thing.txt"}, "file"),
        ({"name": "thing.gcode.3mf"}, "file"),
    ],
)
def test_what_does_not_fit_is_said_beside_the_field_and_nothing_is_kept(
    site: Site, fields: dict[str, str], field: str
) -> None:
    answer = site.submit(**fields)
    assert answer.status_code == 422
    assert list(faults(answer.text)) == [field]
    assert site.in_folder(Status.UPLOADED) == []
    assert site.incoming() == []


def test_a_color_that_both_methods_have_stays_chosen_under_its_own(site: Site) -> None:
    page = site.submit(color="Clear", student_name="").text
    assert page.count('<option value="Clear" selected>') == 1
    filament = page.partition('<optgroup label="Filament">')[2].partition("</optgroup>")[0]
    assert '<option value="Clear" selected>' in filament


def test_nothing_typed_is_lost_when_a_field_does_not_fit(site: Site) -> None:
    page = site.submit(student_name='Jane "J" <Doe>', color="Black").text
    assert 'value="Jane &#34;J&#34; &lt;Doe&gt;"' in page
    assert 'value="jane@example.edu"' in page
    assert '<option value="Art" selected>' in page
    assert 'value="Filament" required checked' in page
    assert '<option value="Prusa MK4S" selected>' in page


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>not a model</html>", an_stl(4)[:-20], b"solid x\nfacet"],
    ids=["empty", "a web page", "cut short", "text without an end"],
)
def test_an_unfit_file_is_refused_with_the_reason_and_leaves_nothing(
    site: Site, data: bytes
) -> None:
    answer = site.submit(data)
    assert answer.status_code == 422
    assert faults(answer.text)["file"].startswith("This file cannot be printed: ")
    assert site.incoming() == []


def test_a_file_over_the_limit_gives_the_form_back_with_413(lab: Lab) -> None:
    with Site.opened(lab, daemon=False, max_upload_mb=1) as site:
        answer = site.submit(an_stl(30_000))
        assert answer.status_code == 413
        assert "larger than 1 MB" in faults(answer.text)["file"]
        assert 'value="Jane Doe"' in answer.text
        assert site.incoming() == []


def test_a_body_beyond_all_measure_is_answered_in_plain_words(lab: Lab) -> None:
    with Site.opened(lab, daemon=False, max_upload_mb=1) as site:
        answer = site.submit(b"x" * 4_000_001)
        assert answer.status_code == 413
        assert "nothing was kept" in answer.text
        assert site.incoming() == []


def test_a_sidecar_that_cannot_be_written_leaves_nothing_and_says_not_now(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise ShareUnavailable("the share: the disk is full", possible="make room")

    monkeypatch.setattr(Share, "write_sidecar", full)
    answer = site.submit()
    assert answer.status_code == 503
    assert "try again" in answer.text
    assert 'value="Jane Doe"' in answer.text
    assert site.in_folder(Status.UPLOADED) == []
    assert site.incoming() == []


def test_a_share_that_goes_away_gives_the_form_back_with_not_now(site: Site, lab: Lab) -> None:
    token = site.csrf()
    lab.root.rename(lab.folder / "elsewhere")
    lab.root.mkdir()
    form = {**FORM, "csrf_token": token, "file": (io.BytesIO(an_stl()), "thing.stl")}
    answer = site.send(form)
    assert answer.status_code == 503
    assert 'value="Jane Doe"' in answer.text
    assert list(lab.root.iterdir()) == []
    assert site.browser.get("/submit").status_code == 503


def test_a_form_without_the_token_is_given_back_and_makes_no_job(site: Site) -> None:
    answer = site.browser.post("/submit", data=FORM)
    assert answer.status_code == 400
    assert 'value="Jane Doe"' in answer.text
    assert site.in_folder(Status.UPLOADED) == []


def test_more_than_thirty_submissions_an_hour_from_one_address_have_to_wait(site: Site) -> None:
    token = site.csrf()
    answers = [site.browser.post("/submit", data={"csrf_token": token}) for _ in range(31)]
    assert [answer.status_code for answer in answers[:30]] == [422] * 30
    assert answers[30].status_code == 429
    assert int(answers[30].headers["Retry-After"]) > 3000


def test_the_form_shows_prices_volumes_and_what_is_out_of_stock(site: Site, lab: Lab) -> None:
    catalog = lab.root / ".printsystem/catalog.toml"
    text = catalog.read_text()
    catalog.write_text(text.replace("out_of_stock = []", 'out_of_stock = ["Blue"]', 1))
    page = site.browser.get("/submit").text
    assert "$0.20" in page
    assert "Super fine detail" in page
    assert '<option value="Prusa XL">Prusa XL, 360 × 360 × 360 mm</option>' in page
    assert '<option value="Blue" disabled data-off>Blue (out of stock)</option>' in page
    found = re.search(r"data-volumes-mm='([^']+)'", page)
    assert found is not None
    assert json.loads(found[1])["Formlabs Form 3"] == [145, 145, 175]


def test_a_file_name_full_of_tricks_stays_a_name(site: Site, lab: Lab) -> None:
    site.submit(name="../../etc/pass\x07wd .stl")
    entry = lab.doc(only_job(lab)).files[0]
    assert entry.name == "JaneDoe_Filament_TrueRed_1.stl"
    assert entry.original_name == "passwd .stl"


def test_the_catalogue_is_used_as_it_lies_there_now(site: Site, lab: Lab) -> None:
    catalog = lab.root / ".printsystem/catalog.toml"
    text = catalog.read_text().replace("out_of_stock = []", 'out_of_stock = ["True Red"]', 1)
    catalog.write_text(text.replace('name = "3D Print Lab"', 'name = "The <Lab>"'))
    answer = site.submit()
    assert faults(answer.text)["color"].startswith("True Red is out of stock")
    assert "The &lt;Lab&gt;" in answer.text


def test_an_upload_is_written_once_straight_to_the_share(
    site: Site, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves: list[tuple[str, str]] = []
    move = Share.move_file

    def watched(share: Share, path: str, target: str) -> None:
        moves.append((path.rpartition("/")[0], target))
        move(share, path, target)

    monkeypatch.setattr(Share, "move_file", watched)
    site.submit()
    stem = "Uploaded/JaneDoe_Filament_TrueRed_1"
    assert moves == [
        (".printsystem/incoming", f"{stem}.stl"),
        (".printsystem/incoming", f"{stem}.metadata.json"),
    ]


def test_a_sidecar_that_cannot_come_takes_the_model_away_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = Share.move_file

    def refusing(share: Share, path: str, target: str) -> None:
        if target.endswith(".metadata.json"):
            raise ShareUnavailable("the share is gone", possible="check the share")
        move(share, path, target)

    monkeypatch.setattr(Share, "move_file", refusing)
    assert site.submit().status_code == 503
    assert site.in_folder(Status.UPLOADED) == []
    assert site.incoming() == []


def test_a_submission_made_during_an_outage_appears_when_the_database_is_back(lab: Lab) -> None:
    with Site.opened(lab, database=NOWHERE, daemon=False) as site:
        site.submit()
    with Site.opened(lab) as site:
        site.log_in()
        wait_for(lambda: site.browser.get("/api/v1/jobs").json["total"] == 1)  # type: ignore[index]
