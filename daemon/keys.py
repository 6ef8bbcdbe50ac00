"""The two secrets of an installation: what signs links and sessions, and the staff's password.

A newcomer sets neither: both are made at the first start and kept in DATA_DIR.
"""

import secrets
from pathlib import Path

from werkzeug.security import check_password_hash, generate_password_hash

from daemon.private_file import create_private, replace_private
from schemas.errors import BadSetting
from schemas.settings import Settings

# No letter or digit that is taken for another when it is read from paper: no 0 o, 1 l i.
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LENGTH = 4, 4  # 16 of 31 signs: 79 bits


def secret_key(settings: Settings) -> str:
    """The key that signs links and sessions: the setting, or one made once for this DATA_DIR.

    Two processes at once get the same one.

    Raises: BadSetting when the kept key cannot be read.
    """
    given = settings.secret_key.get_secret_value()
    if given:
        return given
    path = settings.data_dir / "secret_key"
    if not path.exists():
        create_private(path, secrets.token_urlsafe(48) + "\n")
    return _kept(path, remedy="PRINTSYSTEM_SECRET_KEY")


def new_staff_password() -> str:
    """A password that can be read aloud and typed, of 79 bits."""
    groups = ("".join(secrets.choice(READABLE) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)


def has_staff_password(settings: Settings) -> bool:
    """Whether the staff can log in; if not, `set_staff_password` has to come first."""
    return bool(settings.staff_password.get_secret_value()) or _hash_in(settings.data_dir).exists()


def set_staff_password(data_dir: Path, password: str) -> str:
    """Make this the staff's password from now on; its hash, which is all that is kept."""
    hashed = generate_password_hash(password)
    replace_private(_hash_in(data_dir), hashed + "\n")
    return hashed


def staff_password_hash(settings: Settings) -> str:
    """What a typed password is checked against, with werkzeug's `check_password_hash`.

    The setting wins and replaces what was kept; hashing anew is spared when it has not changed.

    Raises: BadSetting when there is no staff password yet.
    """
    path = _hash_in(settings.data_dir)
    given = settings.staff_password.get_secret_value()
    if not given:
        return _kept(path, remedy="PRINTSYSTEM_STAFF_PASSWORD")
    if path.exists():
        kept = _kept(path, remedy="PRINTSYSTEM_STAFF_PASSWORD")
        if check_password_hash(kept, given):
            return kept
    return set_staff_password(settings.data_dir, given)


def _hash_in(data_dir: Path) -> Path:
    return data_dir / "staff_password.hash"


def _kept(path: Path, *, remedy: str) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadSetting(
            f"{path.absolute()} cannot be read ({error.strerror})",
            possible=f"start once as the same user with `python3 deploy/start.py`, or set {remedy}",
        ) from None
    if not text:
        raise BadSetting(
            f"{path.absolute()} is empty",
            possible=f"delete it, so that a new one is made at the next start, or set {remedy}",
        )
    return text
