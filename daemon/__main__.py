"""`python -m daemon VERB`."""

import sys

from daemon.cli import main

if __name__ == "__main__":  # worker processes of a rebuild import this module too
    sys.exit(main())
