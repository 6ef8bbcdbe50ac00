"""The key that signs, and the staff's password."""

import math
import stat
import string
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import patch

import pytest
from pydantic import SecretStr
from werkzeug.security import check_password_hash

from daemon import keys
from daemon.private_file import create_private, replace_private
from schemas.errors import BadSetting
from schemas.settings import Settings


def the_settings(data_dir: Path, *, secret_key: str = "", staff_password: str = "") -> Settings:
    return Settings(
        data_dir=data_dir,
        secret_key=SecretStr(secret_key),
        staff_password=SecretStr(staff_password),
    )


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_given_secret_key_is_used_and_nothing_is_kept(tmp_path: Path) -> None:
    assert keys.secret_key(the_settings(tmp_path, secret_key="from the lab")) == "from the lab"
    assert list(tmp_path.iterdir()) == []


def test_a_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = keys.secret_key(the_settings(tmp_path / "var"))

    assert len(first) >= 64
    assert keys.secret_key(the_settings(tmp_path / "var")) == first
    assert mode_of(tmp_path / "var" / "secret_key") == 0o600


def test_many_starts_at_once_share_one_secret_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: keys.secret_key(the_settings(tmp_path)), range(32)))

    assert len(made) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_an_empty_secret_key_is_refused_rather_than_signed_with(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()

    with pytest.raises(BadSetting, match=r"secret_key is empty; possible: delete it"):
        keys.secret_key(the_settings(tmp_path))


def test_a_new_staff_password_is_readable_and_cannot_be_guessed() -> None:
    password = keys.new_staff_password()
    groups = password.split("-")

    assert [len(group) for group in groups] == [4, 4, 4, 4]
    assert set("".join(groups)) <= set(string.ascii_lowercase + string.digits) - set("0o1li")
    assert 16 * math.log2(len(set(keys.READABLE))) >= 70
    assert keys.new_staff_password() != password


def test_the_staff_password_is_kept_as_a_hash_that_only_its_owner_reads(tmp_path: Path) -> None:
    keys.set_staff_password(tmp_path, "kiwi-7mmp")

    kept = tmp_path / "staff_password.hash"
    assert "kiwi-7mmp" not in kept.read_text()
    assert mode_of(kept) == 0o600
    assert check_password_hash(keys.staff_password_hash(the_settings(tmp_path)), "kiwi-7mmp")


def test_without_a_staff_password_the_error_says_how_to_get_one(tmp_path: Path) -> None:
    assert not keys.has_staff_password(the_settings(tmp_path))
    with pytest.raises(BadSetting, match=r"deploy/start\.py.*PRINTSYSTEM_STAFF_PASSWORD"):
        keys.staff_password_hash(the_settings(tmp_path))


def test_a_given_staff_password_is_hashed_once(tmp_path: Path) -> None:
    settings = the_settings(tmp_path, staff_password="from the lab")
    first = keys.staff_password_hash(settings)

    with patch.object(keys, "generate_password_hash", side_effect=AssertionError):
        assert keys.staff_password_hash(settings) == first
    assert keys.has_staff_password(settings)
    assert check_password_hash(first, "from the lab")


def test_a_given_staff_password_replaces_the_one_before(tmp_path: Path) -> None:
    keys.set_staff_password(tmp_path, "old")

    hashed = keys.staff_password_hash(the_settings(tmp_path, staff_password="new"))

    assert check_password_hash(hashed, "new")
    assert keys.staff_password_hash(the_settings(tmp_path)) == hashed


def test_a_private_file_is_never_created_over_another(tmp_path: Path) -> None:
    path = tmp_path / "kept"

    assert create_private(path, "first")
    assert not create_private(path, "second")
    assert path.read_text() == "first"


def test_replacing_a_private_file_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.touch(mode=0o644)

    replace_private(path, "new")

    assert path.read_text() == "new"
    assert mode_of(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]
