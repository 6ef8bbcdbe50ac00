"""`GET /api/v1/changes`: the open dashboards hear at once what happens (server-sent events).

Each listener holds one of the server's threads for as long as it listens, so there are few of them,
and whoever is one too many asks now and then instead. One more thread, which lives only while
somebody listens, hears for all of them.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import orjson
from flask import Blueprint, Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from daemon.embedded import database_url
from schemas.clock import iso
from webui.feed import Feed, Health, News
from webui.health import banners
from webui.listening import Ear
from webui.place import web
from webui.security import for_staff

blueprint = Blueprint("live", __name__, url_prefix="/api/v1")

_KEY = "printsystem_live"


@dataclass(frozen=True, slots=True)
class Limits:
    """How many may listen, and for how long."""

    listeners: int = 12  # far below the server's threads: a page must always get one
    stream_s: float = 600.0  # then the browser comes again, with a session that is still good
    beat_s: float = 15.0  # proxies cut what is silent; a browser notices when it stays away
    pulse_s: float = 1.0  # within this a client that has gone frees its place
    gap_s: float = 0.1  # between two events at least: a mass of drags is one of them
    idle_s: float = 60.0  # nobody has listened for so long: hear no more


class Live:
    """Who listens, and the thread that hears for them."""

    def __init__(self, app: Flask, limits: Limits) -> None:
        self.limits = limits
        self._app = app
        self._lock = threading.Lock()
        self._count = 0
        self._left_s = 0.0  # when the last listener went
        self._feed: Feed | None = None
        self._stopped = False

    @property
    def listeners(self) -> int:
        """How many are listening now."""
        return self._count

    @property
    def is_hearing(self) -> bool:
        """Whether the thread is there."""
        return self._feed is not None

    def join(self) -> Feed:
        """A place to listen, to be given back with `leave`. Raises: ServiceUnavailable."""
        with self._lock:
            if self._stopped or self._count >= self.limits.listeners:
                raise ServiceUnavailable("as many pages listen already as can be served")
            self._count += 1
            if self._feed is None:
                self._feed = Feed()
                threading.Thread(
                    target=self._hear, args=(self._feed,), name="changes", daemon=True
                ).start()
            return self._feed

    def leave(self) -> None:
        """Give a place back."""
        with self._lock:
            self._count -= 1
            self._left_s = time.monotonic()

    def close(self) -> None:
        """End every stream, and the thread within a moment; nobody may join any more."""
        self._stopped = True  # no lock: a signal may have come while this thread held it
        feed = self._feed
        if feed is not None:
            feed.close()

    def _hear(self, feed: Feed) -> None:
        ear = Ear(feed, lambda: database_url(web().settings), banners)
        try:
            with self._app.app_context():
                while not self._is_over(feed):
                    ear.turn()
        finally:  # after a bug too: the browsers come again, and a new thread hears for them
            ear.close()
            self._forget(feed)

    def _is_over(self, feed: Feed) -> bool:
        with self._lock:
            is_idle = not self._count and time.monotonic() > self._left_s + self.limits.idle_s
            if is_idle and self._feed is feed:
                self._feed = None  # under the lock: who joins from now on gets a new one
        return is_idle or feed.is_closed

    def _forget(self, feed: Feed) -> None:
        with self._lock:
            if self._feed is feed:
                self._feed = None
        feed.close()


def set_up(app: Flask) -> None:
    """The address, and nothing running yet; `timezone` for the clocks of the pages' scripts."""
    app.extensions[_KEY] = Live(app, Limits())
    with app.app_context():
        app.jinja_env.globals["timezone"] = web().settings.timezone
    app.register_blueprint(blueprint)


def live_of(app: Flask) -> Live:
    """The listeners of an app."""
    return cast(Live, app.extensions[_KEY])


@blueprint.get("/changes")
@for_staff
def changes() -> ResponseReturnValue:
    """A stream of `hello`, `change`, `health` and `beat`; 503 when there is no place left.

    HEAD tells whether there is one, and keeps none.
    """
    live, hello, at = live_of(current_app), Health(tuple(banners()), hears=True), iso(web().now())
    feed = live.join()
    response = Response(
        _stream(feed, live.limits, hello, at, _gone()),
        mimetype="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
    response.call_on_close(live.leave)  # even if the client is gone before the first event
    return response


def _gone() -> Callable[[], bool]:
    """Asks the server whether the client has gone; without it that shows at the next write."""
    asked = request.environ.get("waitress.client_disconnected", lambda: False)
    return cast(Callable[[], bool], asked)


def _stream(
    feed: Feed, limits: Limits, told: Health, at: str, gone: Callable[[], bool]
) -> Iterator[bytes]:
    """Events until the time is up, the client has gone or the server stops."""
    upto = feed.upto  # before the greeting: whoever hears it looks at everything that was before
    end_s = time.monotonic() + limits.stream_s
    beat_at_s = time.monotonic() + limits.beat_s
    yield b"retry: 2000\n" + event("hello", now=at, **_health(told))
    while time.monotonic() < end_s and not feed.is_closed and not gone():
        news = feed.wait(upto, told, timeout_s=limits.pulse_s)
        if news is not None:
            upto, told = news.upto, news.health or told
            yield from _events(news)
            time.sleep(limits.gap_s)
        elif time.monotonic() >= beat_at_s:
            beat_at_s = time.monotonic() + limits.beat_s
            yield b": still here\n" + event("beat")


def _events(news: News) -> Iterator[bytes]:
    if news.health is not None:
        yield event("health", **_health(news.health))
    if news.jobs is not None:
        yield event("change", jobs=news.jobs)


def _health(health: Health) -> dict[str, Any]:
    return {"banners": health.banners, "hears": health.hears}


def event(name: str, **data: Any) -> bytes:
    """One event as it goes over the wire."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(data))
