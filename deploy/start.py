"""Set up and run the whole system: `python3 deploy/start.py`.

This file needs nothing but Python. It makes the virtual environment once and goes on in it, in
`deploy.run`, as the same process, so that whoever started it can stop it.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from deploy.prepare import ROOT, NotPrepared, prepare, say

EXPLANATION = """\
It stays in front until Ctrl-C or SIGTERM, prints `ready http://HOST:PORT share=PATH` once it
serves, and restarts what dies. Settings: PRINTSYSTEM_* in the environment or in .env (README).
"""


def main() -> None:
    """Prepare, then become `deploy.run`."""
    parser = argparse.ArgumentParser(
        prog="deploy/start.py",
        description="Set up and run the 3D print request system.",
        epilog=EXPLANATION,
    )
    parser.add_argument("--demo", action="store_true", help="fill an empty share with a few jobs")
    parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever types this may have an older one
        sys.exit(f"error: Python 3.11 or newer is needed; this is {sys.version.split()[0]}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # ends a pip or apt that is at work
    try:
        python = prepare()
    except NotPrepared as missing:
        say(f"error: {missing}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(0)
    os.chdir(ROOT)
    os.execv(python, [str(python), "-m", "deploy.run", *sys.argv[1:]])


if __name__ == "__main__":
    main()
