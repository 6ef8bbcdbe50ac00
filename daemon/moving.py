"""Move a file without ever replacing another one, and replace one only if it is the one meant.

POSIX `rename` overwrites silently. Linux has `renameat2(RENAME_NOREPLACE)`; where the file system
does not know it, a hard link to the new name fails if that exists and the old name goes after;
where there are no hard links either, the name is checked first and then renamed. Windows refuses
by itself. `RENAME_EXCHANGE` makes a replacement a compare-and-swap: it fails when a person has just
dragged the old file away, and hands out what was replaced to be compared.
"""

import ctypes
import errno
import os
import sys
from pathlib import Path

from schemas.errors import FileBusy, FileInTheWay, ShareUnavailable

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_RENAME_EXCHANGE = 2
_NOT_SUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM}


def _find_renameat2() -> "ctypes._NamedFuncPointer | None":
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


_renameat2 = _find_renameat2()


def move(source: Path, target: Path) -> None:
    """Rename `source` to `target` on the same file system; the folder of `target` must be there.

    Repeating a move that was made is harmless: `source` gone and `target` there is success.

    Raises: FileInTheWay when both exist; FileBusy while a program holds the file; FileNotFoundError
    when neither does; ShareUnavailable for anything else that the file system refuses.
    """
    try:
        _rename(source, target)
    except FileExistsError:
        raise FileInTheWay(
            f"{target.parent.name}/{target.name} exists already",
            possible="rename or move one of the two; nothing was replaced",
        ) from None
    except FileNotFoundError:
        if source.exists() or not target.exists():
            raise
    except PermissionError as error:
        raise FileBusy(
            f"{source.name} cannot be moved ({error.strerror})",
            possible="close the program that has it open, or check the folder's permissions",
        ) from error
    except OSError as error:
        raise ShareUnavailable(
            f"{source.name} cannot be moved ({error.strerror})", possible="check the share"
        ) from error


def exchange(one: Path, other: Path) -> bool:
    """Swap two files in one step; False where the file system cannot.

    Raises: FileNotFoundError when either is gone; OSError.
    """
    return _call_renameat2(one, other, _RENAME_EXCHANGE)


def _call_renameat2(source: Path, target: Path, how: int) -> bool:
    if _renameat2 is None:
        return False
    done = _renameat2(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), how)
    code = ctypes.get_errno()
    if done != 0 and code not in _NOT_SUPPORTED:
        raise OSError(code, os.strerror(code), str(source), None, str(target))
    return bool(done == 0)


def _rename(source: Path, target: Path) -> None:
    if _call_renameat2(source, target, _RENAME_NOREPLACE):
        return
    if sys.platform == "win32":
        source.rename(target)
        return
    rename_by_link(source, target)


def rename_by_link(source: Path, target: Path) -> None:
    """The way without `renameat2`: link, then unlink; without hard links, check, then rename."""
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        if source.exists() and os.path.samefile(source, target):  # a crash between link and unlink
            source.unlink()
            return
        raise
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED | {errno.EMLINK, errno.EXDEV}:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "exists", str(target)) from None
        source.rename(target)
    else:
        source.unlink()
