"""One profile of a credentials file is changed; every other byte stays."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xacct.cli.credentials_file import CredentialsFile, default_path
from xacct.errors import InputError
from xacct.keys import NewKey

KEY = NewKey(id="AKIANEW", secret="abc/def+ghi=%1")


def secret_of(path: Path, profile: str) -> str:
    parser = configparser.RawConfigParser()
    parser.read(path)
    return parser.get(profile, "aws_secret_access_key")


def test_a_file_that_is_not_there_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "aws" / "credentials"
    CredentialsFile(path, "dana").store(KEY)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert secret_of(path, "dana") == KEY.secret


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_other_profiles_and_comments_keep_their_bytes(tmp_path: Path, newline: str) -> None:
    path = tmp_path / "credentials"
    before = newline.join(
        ["# mine", "[one]", "aws_access_key_id=A", "  ; odd", "", "[dana]", "region = eu-west-1", ""]
    )
    after = newline.join(["", "[three]", "aws_secret_access_key=\xfc", ""])
    path.write_bytes((before + after).encode("latin-1"))
    path.chmod(0o644)
    CredentialsFile(path, "dana").store(KEY)
    data = path.read_bytes().decode("latin-1")
    assert data.startswith(before.partition("[dana]")[0])
    assert data.endswith(after)
    assert "region = eu-west-1" in data
    assert path.stat().st_mode & 0o777 == 0o600


def test_keys_are_replaced_and_a_stale_session_token_goes(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text(
        "[dana]\nAWS_ACCESS_KEY_ID: OLD\naws_secret_access_key = old\naws_session_token = t\nx = 1"
    )
    CredentialsFile(path, "dana").store(KEY)
    text = path.read_text()
    assert "OLD" not in text
    assert "session_token" not in text
    assert "x = 1" in text
    assert CredentialsFile(path, "dana").read() == KEY


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "real", tmp_path / "credentials"
    target.write_text("[one]\n")
    link.symlink_to(target)
    CredentialsFile(link, "dana").store(KEY)
    assert link.is_symlink()
    assert secret_of(target, "dana") == KEY.secret


def test_nothing_is_left_behind_where_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "credentials"
    path.write_text("[dana]\naws_access_key_id = OLD\naws_secret_access_key = old\n")

    def fail(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(KeyboardInterrupt):
        CredentialsFile(path, "dana").store(KEY)
    assert [one.name for one in tmp_path.iterdir() if "cred" in one.name] == ["credentials"]
    assert "OLD" in path.read_text()


@pytest.mark.parametrize("name", ["", "a b", "a]b", "a\nb", "#a", "x" * 129])
def test_a_name_that_no_profile_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        CredentialsFile(tmp_path / "credentials", name)


def test_a_profile_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text("[dana]\n[one]\n[dana]\n")
    with pytest.raises(InputError, match="twice"):
        CredentialsFile(path, "dana").store(KEY)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        CredentialsFile(tmp_path, "dana").read()


def test_the_file_is_found_where_aws_tools_look(tmp_path: Path) -> None:
    assert default_path({"AWS_SHARED_CREDENTIALS_FILE": "/x/y"}) == Path("/x/y")
    assert default_path({}) == Path.home() / ".aws" / "credentials"


LINES = st.lists(
    st.sampled_from(["[one]", "[two]", "aws_access_key_id = A", "# c", "", "  more", "x=1"]), max_size=8
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, LINES, st.booleans())
def test_what_is_stored_is_read_and_the_rest_is_whole(
    tmp_path: Path, before: list[str], after: list[str], end: bool
) -> None:
    path = tmp_path / "credentials"
    head = "".join(f"{line}\n" for line in before)
    tail = "\n".join(["[last]", *after]) + ("\n" if end else "")
    path.write_text(f"{head}[dana]\naws_secret_access_key = old\n{tail}")
    file = CredentialsFile(path, "dana")
    file.store(KEY)
    data = path.read_text()
    kept = file.read()
    assert kept is not None
    assert (kept.id, kept.secret) == (KEY.id, KEY.secret)
    assert data.startswith(head)
    assert data.endswith(tail)
