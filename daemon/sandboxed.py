"""The child of `sandbox`: limits itself, then runs one module. See there.

    python -m daemon.sandboxed MEMORY_MB TIME_S OUTPUT_BYTES MODULE ARGUMENT…

Exit code 0: the answer is on the standard output; 2: refused, with the reason as the last line of
the standard error; 3: out of memory; 4: the answer is too long. On Windows the limit of memory is a
Job Object's, tested by nobody yet; how long it may take and answer is the parent's to watch there.
"""

import errno
import importlib
import os
import sys

REFUSED = 2
OUT_OF_MEMORY = 3
TOO_LONG = 4
_FILES = 128


class Refused(Exception):
    """What the child was given is not what it can work on; the text says why, for a person."""


def main(argv: list[str]) -> int:
    """Limit this process and run a module's `main`; the exit code."""
    memory_mb, time_s, output_bytes, module, *arguments = argv
    limit(int(memory_mb), float(time_s), int(output_bytes))
    try:
        importlib.import_module(module).main(arguments)
        sys.stdout.flush()
    except MemoryError:
        return OUT_OF_MEMORY
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        return TOO_LONG
    except Refused as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    return 0


def limit(memory_mb: int, time_s: float, output_bytes: int) -> None:
    """Take from this process, and whatever it starts, what it could do harm with."""
    if sys.platform == "win32":
        from daemon.job_object import limit_memory  # noqa: PLC0415 -- not to be had elsewhere

        limit_memory(memory_mb)
        return
    import resource  # noqa: PLC0415 -- not to be had on Windows

    os.nice(10)
    most = memory_mb << 20
    for what, value in (
        (resource.RLIMIT_AS, most),
        (resource.RLIMIT_CPU, int(time_s) + 1),
        (resource.RLIMIT_FSIZE, output_bytes),  # its standard output is a file
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _FILES),
    ):
        resource.setrlimit(what, (value, value))


if __name__ == "__main__":
    # By the name that the modules know it by: `Refused` of `__main__` would be another class.
    sys.exit(importlib.import_module("daemon.sandboxed").main(sys.argv[1:]))
