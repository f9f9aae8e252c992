"""SAML metadata is looked at before IAM gets it, and never trusted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.blueprint.saml import check_metadata, load_metadata
from xacct.errors import InputError

METADATA = (Path(__file__).parents[2] / "examples" / "metadata.xml").read_text()
PADDING = f"<!-- {'x' * 1000} -->"


def test_good_metadata_is_taken_as_a_path_and_as_xml(tmp_path: Path) -> None:
    (tmp_path / "idp.xml").write_text("\ufeff" + METADATA, encoding="utf-8")
    assert load_metadata("idp.xml", tmp_path) == METADATA
    assert load_metadata(METADATA, tmp_path) == METADATA


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<html><body>Sign in</body></html>" + PADDING, "root is not an EntityDescriptor"),
        ('<EntityDescriptor xmlns="urn:example"/>' + PADDING, "root is not an EntityDescriptor"),
        (METADATA.replace("IDPSSODescriptor", "SPSSODescriptor"), "describes no identity provider"),
        (METADATA.replace("</md:EntityDescriptor>", ""), "is not XML"),
        (METADATA + "<!-- -->" + "<x/>", "is not XML"),
        (METADATA[:900], "1,000 to 10,000,000"),
        (
            METADATA.replace("<md:Entity", '<!DOCTYPE x [<!ENTITY a "b">]><md:Entity', 1),
            "document type or entities",
        ),
        (
            METADATA.replace("<md:Entity", '<!DOCTYPE x SYSTEM "file:///etc/passwd"><md:Entity', 1),
            "document type",
        ),
        ("<" + "a" * 2000, "is not XML"),
        ("<a>" * 5000, "is not XML"),
    ],
)
def test_what_is_no_metadata_or_hostile_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_metadata(text, "the metadata")


def test_a_billion_laughs_are_not_laughed() -> None:
    entities = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    bomb = f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "lol">{entities}]><l>&l9;</l>{PADDING}'
    with pytest.raises(InputError, match="document type or entities"):
        check_metadata(bomb, "the metadata")


def test_an_encoding_does_not_hide_a_document_type() -> None:
    hidden = METADATA.replace('encoding="UTF-8"', 'encoding="UTF-7"').replace(
        "<md:Entity", "+ADwAIQ-DOCTYPE x+AD4-<md:Entity", 1
    )
    with pytest.raises(InputError):
        check_metadata(hidden, "the metadata")


@pytest.mark.parametrize("name", ["absent.xml", "folder", "\0", "x" * 2000])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError) as raised:
        load_metadata(name, tmp_path)
    assert raised.value.problems[0].code == "metadata"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
def test_a_device_is_never_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no ordinary file"):
        load_metadata("/dev/zero", tmp_path)


def test_another_files_content_is_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("the-password\n" * 200)
    with pytest.raises(InputError) as raised:
        load_metadata("secret.txt", tmp_path)
    assert "password" not in str(raised.value)
    assert os.sep not in raised.value.problems[0].message


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(codec="utf-8"), max_size=50), st.integers(0, len(METADATA)))
def test_no_xml_brings_a_traceback(text: str, place: int) -> None:
    try:
        check_metadata(METADATA[:place] + text + METADATA[place:], "the metadata")
    except InputError as error:
        assert error.problems
