"""The description of the JSON, and that the JSON keeps to it whatever it is sent."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from flask import Response, request
from waitress.server import create_server

from daemon.queries import Filter
from schemas.naming import JobNumber
from schemas.status import Status
from tests.integration.web import Site, told_another_price, waiting_for_word
from tests.lab import Lab
from webui.decisions import ACTIONS

NO_JOB = 4711
SECONDS = 150  # it takes 20; a machine may be busy

Json = dict[str, Any]


@pytest.fixture
def site(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab, daemon=False) as opened:
        yield opened.log_in()


@pytest.fixture
def document(site: Site) -> Json:
    """The description as it is served."""
    found: Json = site.browser.get("/api/v1/openapi.json").get_json()
    return found


# What is described


def test_the_description_names_every_route_and_no_other(site: Site, document: Json) -> None:
    routes = set()
    for rule in site.app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            path = re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule.rule)
            names = list(ACTIONS) if "{name}" in path else [""]
            methods = {method.lower() for method in rule.methods or ()} & {"get", "post"}
            routes |= {(path.replace("{name}", name), way) for name in names for way in methods}
    described = {(path, method) for path, ways in document["paths"].items() for method in ways}
    assert described == routes
    assert ("/api/v1/jobs/{number}/approve", "post") in described


def test_each_operation_says_what_it_does_under_a_name_of_its_own(document: Json) -> None:
    operations = [operation for ways in document["paths"].values() for operation in ways.values()]
    assert [operation for operation in operations if not operation["summary"]] == []
    names = [operation["operationId"] for operation in operations]
    assert sorted(set(names)) == sorted(names)
    assert set(ACTIONS) <= set(names)


def test_whatever_a_list_can_be_asked_is_described(document: Json) -> None:
    parameters = document["paths"]["/api/v1/jobs"]["get"]["parameters"]
    named = [parameter["name"] for parameter in parameters if parameter["in"] == "query"]
    assert named == [field.name for field in fields(Filter)]


def test_every_reference_leads_somewhere(document: Json) -> None:
    for path in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)):
        found: Any = document
        for part in path.split("/"):
            found = found[part]
        assert found["description"], path


def test_the_description_is_for_staff(lab: Lab) -> None:
    with Site.opened(lab, daemon=False) as site:
        answer = site.browser.get("/api/v1/openapi.json")
        assert (answer.status_code, answer.get_json()["error"]) == (401, "not_logged_in")


# What is answered


def test_a_job_keeps_fields_that_only_a_later_version_knows(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    path = lab.sidecar(job)
    text = path.read_text(encoding="utf-8").replace('"student": {', '"owed": [1], "student": {', 1)
    path.write_text(text, encoding="utf-8")
    told = site.browser.get(f"/api/v1/jobs/{job}").get_json()
    assert told["owed"] == [1]
    assert "seal" not in told
    assert "claim" not in told


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 50)
def test_everything_that_is_asked_or_said_is_answered_as_described(
    lab: Lab, tmp_path: Path
) -> None:
    jobs = jobs_to_act_on(lab)
    with (
        Site.opened(lab, daemon=False) as site,
        heard(site.log_in()) as answered,
        served(site) as url,
    ):
        site.app.extensions["printsystem"].index.patience_s = 0.0  # no daemon to wait for
        document = site.browser.get("/api/v1/openapi.json").get_json()
        for ways in document["paths"].values():
            for operation in ways.values():
                _choose_job(operation, [jobs.get(operation["operationId"], 1), NO_JOB])
        (tmp_path / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
        tried = _try_out(site, url, tmp_path)
    assert tried.returncode == 0, tried.stdout
    assert [name for name in ACTIONS if (name, 200) not in answered] == []


def jobs_to_act_on(lab: Lab) -> dict[str, JobNumber]:
    """For each action a job of its own with which it can be done."""
    told = waiting_for_word(lab)
    lab.post(after_s=120)
    jobs = {"resend": told}
    jobs |= {name: told_another_price(lab) for name in ("requote", "keep-price")}
    for name, action in ACTIONS.items():
        if name in ("send-now", "cancel-email", "renew"):
            jobs[name] = waiting_for_word(lab)
        elif name not in jobs:
            jobs[name] = lab.a_job((*action.sources, Status.PENDING)[0])
    return jobs


def _choose_job(operation: Json, numbers: list[int]) -> None:
    """Chance would hardly hit on a job that there is, and in a status that allows the action."""
    for parameter in operation["parameters"]:
        if parameter["name"] == "number":
            parameter["schema"] = {"enum": numbers}


def _try_out(site: Site, url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Let schemathesis loose on the server, logged in; what it finds is on its stdout."""
    token = site.meta_token()
    session = site.browser.get_cookie("session")  # which knows of the token only now
    assert session is not None
    return subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            f"--config-file={Path(__file__).with_name('schemathesis.toml')}",
            "run",
            "openapi.json",
            f"--url={url}",
            f"--header=Cookie: session={session.value}",
            f"--header=X-CSRFToken: {token}",
            "--no-color",
        ],
        cwd=folder,
        timeout=SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def served(site: Site) -> Iterator[str]:
    """The address of the pages on a real server."""
    server = create_server(site.app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.trigger.pull_trigger(server.close)  # in its own thread, which may be at a select
        thread.join()
        server.task_dispatcher.shutdown()


@contextmanager
def heard(site: Site) -> Iterator[set[tuple[str, int]]]:
    """The actions that were asked for, each with the codes of its answers."""
    answered: set[tuple[str, int]] = set()

    def note(response: Response) -> Response:
        answered.add(((request.view_args or {}).get("name", ""), response.status_code))
        return response

    after = site.app.after_request_funcs.setdefault(None, [])
    after.append(note)
    yield answered
    after.remove(note)
