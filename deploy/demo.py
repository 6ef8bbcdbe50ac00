"""A few jobs for a newcomer to drag, handed in the way students do: through the web form.

Two of them are then moved on the way staff do: by renaming the model into another folder.
"""

import contextlib
import secrets
import unicodedata
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from pathlib import Path

from deploy import demo_models as models
from schemas.status import FOLDERS, Status

TIMEOUT_S = 5.0


class DemoRefused(Exception):
    """The form would not take a demo job; the message says what it answered."""


@dataclass(frozen=True)
class Request:
    """What one student fills in."""

    name: str
    discipline: str
    class_number: str
    color: str
    file_name: str
    model: bytes
    method: str = "Filament"
    printer: str = "Prusa MK4S"

    def fields(self) -> dict[str, str]:
        """The form's fields; example.com takes no mail, whoever sends it."""
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode()
        return {
            "student_name": self.name,
            "student_email": f"{plain.lower().replace(' ', '.')}@example.com",
            "discipline": self.discipline,
            "class_number": self.class_number,
            "print_method": self.method,
            "color": self.color,
            "printer": self.printer,
            "minimum_charge": "yes",
        }


def _requests() -> tuple[Request, ...]:
    vase = models.turned([(20, 0), (32, 18), (34, 34), (18, 62), (15, 70), (22, 82)], sides=48)
    pawn = models.turned(
        [(11, 0), (11, 4), (6, 9), (4.5, 22), (7, 24), (4, 26), (6.5, 31), (6, 36), (2, 39)],
        sides=32,
    )
    tower = models.turned([(30, 0), (22, 40), (24, 80), (8, 120)], sides=6)
    spinner = models.turned([(1, 0), (14, 16), (14, 20), (2, 22), (2, 34)], sides=36)
    return (
        Request("Ada Moreno", "Art", "ART 201", "True Red", "vase.stl", models.binary_stl(vase)),
        Request("Ben Okafor", "Engineering", "ME 310", "Gray", "block.STL",
                models.text_stl(models.box(40, 25, 12))),
        Request("Chloé Martin", "Architecture", "ARCH 4010", "True White", "tower.obj",
                models.obj(tower), printer="Prusa XL"),
        Request("Dana Lee", "Hobby/Personal", "N/A", "Black", "pawn.3mf", models.three_mf(pawn),
                method="Resin", printer="Formlabs Form 3"),
        Request("Elif Kaya", "Interior Design", "ID 120", "Copper", "spinner.stl",
                models.binary_stl(spinner)),
    )  # fmt: skip


MOVES = (("AdaMoreno", Status.PENDING), ("BenOkafor", Status.REJECTED))


def fill(share: Path, url: str) -> int:
    """Hand in a few jobs at `url` if `share` has none; how many.

    Raises: DemoRefused when the form does not take one.
    """
    if any(_files_of(share)):
        return 0
    requests = _requests()
    browser = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
    )
    for request in requests:
        _hand_in(browser, f"{url}/submit", request)
    for name, status in MOVES:
        _drag(share, name, status)
    return len(requests)


def _files_of(share: Path) -> list[Path]:
    return [path for folder in FOLDERS for path in (share / folder).rglob("*") if path.is_file()]


def _hand_in(browser: urllib.request.OpenerDirector, url: str, request: Request) -> None:
    try:
        with browser.open(url, timeout=TIMEOUT_S) as page:
            token = _csrf_token(page.read().decode())
        fields = {**request.fields(), "csrf_token": token}
        body, content_type = _multipart(fields, request.file_name, request.model)
        post = urllib.request.Request(url, body, {"Content-Type": content_type, "Referer": url})
        with browser.open(post, timeout=TIMEOUT_S) as answer:
            landed = answer.geturl()
    except urllib.error.HTTPError as error:
        with error:
            raise DemoRefused(f"{request.file_name}: {error.code} {error.reason}") from None
    except OSError as error:
        raise DemoRefused(f"{request.file_name}: {error}") from None
    if "/submitted/" not in landed:
        raise DemoRefused(f"{request.file_name}: the form came back")


def _csrf_token(page: str) -> str:
    finder = _TokenFinder()
    finder.feed(page)
    return finder.token


class _TokenFinder(HTMLParser):
    token = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("name") == "csrf_token":
            self.token = given.get("value") or ""


def _multipart(fields: Mapping[str, str], file_name: str, content: bytes) -> tuple[bytes, str]:
    """A form with one file, as a browser sends it: the body and its content type."""
    boundary = secrets.token_hex(16)
    opening = f'--{boundary}\r\nContent-Disposition: form-data; name="'
    parts = [f'{opening}{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    kind = "Content-Type: application/octet-stream"
    parts += [f'{opening}file"; filename="{file_name}"\r\n{kind}\r\n\r\n'.encode(), content]
    parts += [f"\r\n--{boundary}--\r\n".encode()]
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"


def _drag(share: Path, name: str, status: Status) -> None:
    """Rename a model into another folder; the daemon brings the rest of the job after it."""
    for path in (share / Status.UPLOADED).glob(f"{name}_*.[sS][tT][lL]"):
        with contextlib.suppress(FileNotFoundError):
            path.rename(share / status / path.name)
