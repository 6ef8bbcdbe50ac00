"""Addresses of static files that change when the file does, so that browsers may keep them."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, current_app

YEAR_S = 365 * 24 * 3600


def set_up(app: Flask) -> None:
    """`asset('built/app.css')` in all templates."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR_S
    app.jinja_env.globals["asset"] = asset


def asset(name: str) -> str:
    """The address of a file below `static/`; a page asks for hundreds, one for each icon."""
    return f"{current_app.static_url_path}/{name}?v={_version(current_app.root_path, name)}"


@lru_cache
def _version(root: str, name: str) -> str:
    return hashlib.sha256(Path(root, "static", name).read_bytes()).hexdigest()[:10]
