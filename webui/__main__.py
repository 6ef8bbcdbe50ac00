"""Serve the pages: `python -m webui`. PostgreSQL and the share may come and go meanwhile."""

import logging
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from flask import Flask
from waitress.server import create_server

from daemon.logs import set_up_logging
from schemas.errors import PrintSystemError
from schemas.settings import Settings
from webui import create_app, live
from webui.arrival import MEGABYTE, sweep
from webui.submission import DRINK_FACTOR

log = logging.getLogger(__name__)

THREADS = 32


def main() -> int:
    """Serve until told to stop; 0 for a stop in order, 1 when something was refused."""
    try:
        settings = Settings.load()
        set_up_logging(settings.log_format)
        _spool_in(settings.data_dir / "spool")
        sweep(settings.share / ".printsystem" / "incoming", time.time())
        serve(settings, create_app(settings))
    except (PrintSystemError, OSError) as error:
        print(f"{error}", file=sys.stderr)  # noqa: T201 - the command line's own voice
        return 1
    return 0


def _spool_in(folder: Path) -> None:
    """waitress writes each body to a temporary file before the page runs: not to a small /tmp."""
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(folder)


def serve(settings: Settings, app: Flask) -> None:
    """Answer on HOST and PORT until SIGTERM or Ctrl-C."""
    server = create_server(
        app,
        host=settings.host,
        port=settings.port,
        threads=THREADS,
        ident=None,
        channel_request_lookahead=1,  # or nobody sees that a listener has gone
        max_request_body_size=(DRINK_FACTOR + 1) * settings.max_upload_mb * MEGABYTE,
        trusted_proxy="127.0.0.1",
        trusted_proxy_count=1,
        trusted_proxy_headers={"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
        clear_untrusted_proxy_headers=True,
    )
    port = getattr(server, "effective_port", settings.port)
    log.info("serving", extra={"host": settings.host, "port": port})

    def stop(number: int, frame: FrameType | None) -> None:
        live.live_of(app).close()  # or waitress waits 5 s for their streams
        raise SystemExit(0)  # waitress ends its threads on this, and `run` returns

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server.run()


if __name__ == "__main__":
    sys.exit(main())
