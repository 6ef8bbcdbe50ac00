"""The form as the page's own script sends it: what is wrong comes back as JSON."""

import html
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.integration.web import FORM, Site, faults, only_job
from tests.lab import Lab, an_stl


@pytest.fixture
def site(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab, daemon=False) as opened:
        yield opened


def by_script(site: Site, **fields: Any) -> TestResponse:
    """The form as the page's own script sends it."""
    token = fields.pop("csrf_token") if "csrf_token" in fields else site.csrf()
    form = {"csrf_token": token, **FORM, **fields}
    answer = site.browser.post("/submit", data=form, headers={"X-Fragment": "1"})
    answer.request.environ["wsgi.input"].close()
    return answer


def test_the_script_is_told_where_to_go_on(site: Site, lab: Lab) -> None:
    answer = by_script(site, file=(io.BytesIO(an_stl()), "thing.stl"))
    assert answer.status_code == 200
    assert answer.json == {"location": f"/submitted/{site.job_page(only_job(lab)).split('/')[2]}"}


def test_the_script_gets_the_faults_of_the_fields_and_a_fresh_token(site: Site) -> None:
    answer = by_script(site, class_number="", file=(io.BytesIO(b"solid x"), "thing.stl"))
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["problem"] == ""
    assert answer.json["faults"] == {
        "class_number": "Enter your class number, or N/A.",
        "file": "This file cannot be printed: the text STL has no end.",
    }
    token = answer.json["csrf_token"]
    again = by_script(site, csrf_token=token, file=(io.BytesIO(an_stl()), "thing.stl"))
    assert again.status_code == 200


def test_the_script_hears_of_a_form_that_is_too_old_and_can_send_it_again(site: Site) -> None:
    answer = by_script(site, csrf_token="stale", file=(io.BytesIO(an_stl()), "thing.stl"))
    assert answer.status_code == 400
    assert answer.json is not None
    assert "open too long" in answer.json["problem"]
    token = answer.json["csrf_token"]
    again = by_script(site, csrf_token=token, file=(io.BytesIO(an_stl()), "thing.stl"))
    assert again.status_code == 200


def test_the_script_hears_of_a_file_over_the_limit(lab: Lab) -> None:
    with Site.opened(lab, daemon=False, max_upload_mb=1) as site:
        answer = by_script(site, file=(io.BytesIO(an_stl(30_000)), "thing.stl"))
        assert answer.status_code == 413
        assert answer.json is not None
        assert list(answer.json["faults"]) == ["file"]


def test_the_script_hears_that_the_share_is_away(site: Site, lab: Lab) -> None:
    token = site.csrf()
    lab.root.rename(lab.folder / "elsewhere")
    lab.root.mkdir()
    answer = by_script(site, csrf_token=token, file=(io.BytesIO(an_stl()), "thing.stl"))
    assert answer.status_code == 503
    assert answer.json is not None
    assert "try again" in answer.json["problem"]


def test_the_script_hears_how_long_to_wait_after_too_many(site: Site) -> None:
    token = site.csrf()
    for _ in range(30):
        site.browser.post("/submit", data={"csrf_token": token})
    answer = by_script(site, csrf_token=token)
    assert answer.status_code == 429
    assert answer.json is not None
    assert answer.json["problem"].endswith("Try again in 60 minutes.")


def test_the_script_checks_by_the_same_words_as_the_server(site: Site) -> None:
    page = site.browser.get("/submit").text
    found = re.search(r"data-rules='([^']+)'", page)
    assert found is not None
    rules = json.loads(html.unescape(found[1]))
    empty = {name: "" for name in FORM} | {"print_method": "Filament", "name": ""}
    said = faults(site.submit(**empty).text)
    assert said == {name: rules[name]["empty"] for name in rules if name != "print_method"}
    long = faults(site.submit(student_name="J" * 101, student_email="no", name="a.txt").text)
    assert long == {
        "student_name": rules["student_name"]["too_long"],
        "student_email": rules["student_email"]["wrong"],
        "file": rules["file"]["kind"],
    }
    assert rules["file"]["limit"] == 50_000_000
