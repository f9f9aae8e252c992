"""A grant that is written, edited or told as settings is the same grant."""

from __future__ import annotations

import difflib
from datetime import date
from pathlib import Path

import attrs
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xacct.blueprint.catalogue import load_blueprint
from xacct.blueprint.edit import set_values
from xacct.blueprint.expand import expand
from xacct.blueprint.load import load_grants, parse_grant
from xacct.blueprint.model import Acceptance, Grant
from xacct.blueprint.settings import grant_from_settings, parse_setting, settings_of
from xacct.blueprint.write import grant_to_yaml, quote, to_flow
from xacct.errors import InputError
from xacct.iam.policy import Effect, Statement
from xacct.lightsail.writing import PermissionEntry

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
TEXT = """\
# Why this grant is here.
blueprint: third-party
name: acme-backup      # the vendor's name

parameters:
  # From the vendor's setup page.
  trusted_account: '444455556666'
  external_id: "old-id"  # given on the phone
permissions:
  - set: read-only
    tags: {Environment: prod, Team: web}   # both
  - set: monitoring
max_session: 1h
"""


def changed_lines(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


# Edits


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"parameters.external_id": "new-id"},
            [
                '-  external_id: "old-id"  # given on the phone',
                '+  external_id: "new-id"  # given on the phone',
            ],
        ),
        (
            {"parameters.trusted_account": "000055556666"},
            ["-  trusted_account: '444455556666'", "+  trusted_account: '000055556666'"],
        ),
        ({"parameters.previous_external_id": "old-id"}, ["+  previous_external_id: old-id"]),
        ({"expires": "2027-01-31"}, ["+expires: 2027-01-31"]),
        ({"max_session": None}, ["-max_session: 1h"]),
        ({"max_session": "2h"}, ["-max_session: 1h", "+max_session: 2h"]),
        (
            {"permissions.0.tags.Team": None},
            [
                "-    tags: {Environment: prod, Team: web}   # both",
                "+    tags: {Environment: prod}   # both",
            ],
        ),
        (
            {"permissions.0.tags.Environment": None},
            ["-    tags: {Environment: prod, Team: web}   # both", "+    tags: {Team: web}   # both"],
        ),
        ({"permissions.1.regions": ["eu-west-1"]}, ["+    regions: [eu-west-1]"]),
        ({"tags.Owner": "a: b"}, ['+tags: {Owner: "a: b"}']),
        ({"account": "012345678901"}, ['+account: "012345678901"']),
    ],
)
def test_an_edit_changes_its_own_line_and_nothing_else(
    values: dict[str, object], expected: list[str]
) -> None:
    edited = set_values(TEXT, values)  # type: ignore[arg-type]
    assert changed_lines(TEXT, edited) == expected
    parse_grant(edited, "grant.yaml")


def test_line_ends_and_the_byte_order_mark_are_kept() -> None:
    text = "\ufeff" + TEXT.replace("\n", "\r\n")
    edited = set_values(text, {"parameters.previous_external_id": "old-id", "max_session": "2h"})
    assert edited.startswith("\ufeff#")
    assert "\n" not in edited.replace("\r\n", "")


def test_one_of_several_grants_is_edited() -> None:
    text = TEXT + "---\n" + TEXT.replace("acme-backup", "other")
    edited = set_values(text, {"max_session": "3h"}, grant="other")
    assert [grant.max_session for grant in parse_grant(edited, "grant.yaml")] == [3600, 10800]
    with pytest.raises(InputError, match="holds no grant 'third'"):
        set_values(text, {"max_session": "3h"}, grant="third")


def test_an_edit_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be changed"):
        set_values(TEXT, {"permissions.7.set": "read-only"})


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(EXAMPLES),
    st.sampled_from(
        ["parameters.external_id", "parameters.new", "name", "tags.A", "permissions.0.set", "expires"]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=20),
)
def test_an_edit_is_read_back_as_it_was_meant(file: Path, path: str, value: str) -> None:
    text = file.read_text()
    edited = set_values(text, {path: value})
    # The comments before and behind all other lines are as they were.
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        line for line in edited.splitlines() if line.startswith("#")
    ]
    found = yaml.load(edited, Loader=yaml.BaseLoader)
    for key in path.split("."):
        found = found[int(key) if key.isdigit() else key]
    assert found == value


# Writing


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=15)
TEXTS = st.lists(NAMES, min_size=1, max_size=3).map(tuple)
ENTRIES = st.builds(
    PermissionEntry,
    set=NAMES,
    add=TEXTS | st.just(()),
    regions=TEXTS | st.just(()),
    tags=st.dictionaries(NAMES, TEXTS, max_size=2),
    unscoped=st.booleans(),
    statements=st.just(())
    | st.builds(
        Statement, effect=st.sampled_from(Effect), actions=TEXTS, resources=TEXTS, sid=st.none() | NAMES
    ).map(lambda one: (one,)),
)
GRANTS = st.builds(
    Grant,
    name=st.from_regex(r"[A-Za-z0-9_+=.@-]{1,20}", fullmatch=True),
    blueprint=NAMES,
    account=st.none() | st.from_regex(r"[0-9]{12}", fullmatch=True).filter(str.isascii),
    parameters=st.dictionaries(
        NAMES, NAMES | TEXTS | st.dictionaries(NAMES, TEXTS, min_size=1, max_size=2), max_size=3
    ),
    permissions=st.lists(ENTRIES, max_size=2).map(tuple),
    max_session=st.integers(3600, 43200),
    expires=st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    accept=st.lists(st.builds(Acceptance, NAMES, NAMES.map(str.strip).filter(bool)), max_size=1).map(tuple),
)


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(GRANTS, st.booleans())
def test_a_written_grant_reads_as_the_same_grant(grant: Grant, comments: bool) -> None:
    (read,) = parse_grant(grant_to_yaml(grant, comments), "grant.yaml")
    assert read == grant
    assert read.digest == grant.digest


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_a_quoted_text_is_that_text_to_any_reader(text: str) -> None:
    assert yaml.safe_load(quote(text)) == text or quote(text) == text
    assert yaml.load(f"[{to_flow((text,))}]", Loader=yaml.BaseLoader) == [[text]]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_is_written_with_comments_and_means_the_same(file: Path) -> None:
    for grant in load_grants([file]):
        blueprint = load_blueprint(grant.blueprint)
        text = grant_to_yaml(grant, True, blueprint)
        (read,) = parse_grant(text, str(file))
        assert read == grant
        assert text.count("#") >= len(grant.parameters)
        assert max(map(len, text.splitlines())) < 160


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_is_told_as_settings_and_means_the_same(file: Path) -> None:
    for grant in load_grants([file]):
        blueprint = load_blueprint(grant.blueprint)
        given = [parse_setting(f"{key}={value}") for key, value in settings_of(grant)]
        again = attrs.evolve(grant_from_settings(blueprint, given), file=str(file))
        assert expand(again, blueprint).things == expand(grant, blueprint).things
        assert again.expect == grant.expect
        assert again.accept == grant.accept


# Settings


@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        ([("name", "a"), ("name", "b")], "name is given twice"),
        ([("permissions", "read-only"), ("permissions.0.set", "monitoring")], "given twice"),
        ([("trusted_account.x", "1")], "has nothing named 'x' inside"),
        ([("tags", "a")], "no key=value"),
        ([("expect", "[")], "not YAML"),
        ([("nonsense", "1")], "neither a key of a grant nor a parameter"),
        ([("max_session", "9h"), ("max_sesion", "9h")], "did you mean 'max_session'"),
    ],
)
def test_a_wrong_setting_names_its_option(settings_: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(InputError, match=words) as raised:
        grant_from_settings(load_blueprint("third-party"), settings_)
    assert raised.value.problems[0].where.startswith("--set ")


@pytest.mark.parametrize("text", ["", "=", "name", "=x", " =x"])
def test_what_is_no_key_and_value_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="key=value"):
        parse_setting(text)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["name", "tags", "tags.a", "permissions", "permissions.0", "permissions.x", "expect.allow"]
            )
            | st.sampled_from(
                ["permissions.1.set", "permissions.tags", "accept", "parameters", "session_tags", "a.b"]
            )
            | st.text(max_size=5),
            st.text(st.characters(codec="utf-8"), max_size=8)
            | st.sampled_from(["{a: [", "[a, b]", "a=b,c=d", "{}"]),
        ),
        max_size=4,
    )
)
def test_no_setting_brings_a_traceback(given: list[tuple[str, str]]) -> None:
    blueprint = load_blueprint("third-party")
    try:
        expand(grant_from_settings(blueprint, given), blueprint)
    except InputError as error:
        assert error.problems
