"""Blueprints of one's own: where they are found, and what is told about a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.blueprint.blueprint_nodes import parse_blueprint
from xacct.blueprint.catalogue import blueprint_names, list_blueprints, load_blueprint, shipped_folder
from xacct.blueprint.expand import expand
from xacct.blueprint.settings import grant_from_settings
from xacct.blueprint.starter import starter_blueprint
from xacct.errors import InputError

OWN = """\
name: own
title: Our partners
summary: The way we let partners in.
intent: vendor
parameters:
  partner:
    type: choice
    prompt: Which partner?
    choices: {north: the one in the north, south: the one in the south}
    required: true
  night:
    type: bool
    prompt: At night as well?
    default: false
derived:
  partner_account:
    - {value: "222233334444", when: {partner: north}}
    - {value: "555566667777", when: {partner: south}}
trust:
  - Sid: PartnerAssumesRole
    why: Only partners.
    Principal: {AWS: "arn:{{partition}}:iam::{{partner_account}}:root"}
    Action: sts:AssumeRole
    conditions:
      - {operator: StringEquals, key: "aws:PrincipalTag/partner", values: "${aws:username}", why: Tagged.}
      - {operator: IpAddress, key: "aws:SourceIp", values: 192.0.2.0/24, when: {night: false}, why: By day.}
"""


def made(text: str, *given: tuple[str, str]):
    blueprint = parse_blueprint(text, "own.yaml")
    always = [("account", "111122223333"), ("permissions", "read-only")]
    return expand(grant_from_settings(blueprint, [*always, *given]), blueprint)


def test_choices_derived_values_and_conditions_work_together() -> None:
    (statement,) = made(OWN, ("partner", "south")).role.trust.statements
    assert statement.principals[0].value == "arn:aws:iam::555566667777:root"
    assert [condition.key for condition in statement.conditions] == [
        "aws:PrincipalTag/partner",
        "aws:SourceIp",
    ]
    (statement,) = made(OWN, ("partner", "north"), ("night", "yes")).role.trust.statements
    assert [condition.key for condition in statement.conditions] == ["aws:PrincipalTag/partner"]


def test_the_variables_of_iam_pass_through() -> None:
    (statement,) = made(OWN, ("partner", "south")).role.trust.statements
    assert statement.conditions[0].values == ("${aws:username}",)


def test_a_value_brings_in_no_placeholder_of_its_own() -> None:
    text = OWN.replace('values: "${aws:username}"', 'values: "{{word}}"').replace(
        "  night:", "  word: {type: text, prompt: Word, required: true}\n  night:"
    )
    (statement,) = made(text, ("partner", "south"), ("word", "{{account}} {{nothing}}")).role.trust.statements
    assert statement.conditions[0].values == ("{{account}} {{nothing}}",)


def test_a_condition_never_goes_away_because_a_value_is_missing() -> None:
    text = OWN.replace('values: "${aws:username}"', 'values: "{{word}}"').replace(
        "  night:", "  word: {type: text, prompt: Word}\n  night:"
    )
    with pytest.raises(InputError, match="comes out empty") as raised:
        made(text, ("partner", "south"))
    assert raised.value.problems[0].where == "own.yaml:21"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("{{partner_account}}", "{{partner_acount}}", 22, "did you mean 'partner_account'"),
        ("{{partner_account}}", "{{partner_account", 22, "not closed"),
        ("when: {partner: north}", "when: {partnr: north}", 17, "did you mean 'partner'"),
        ("when: {partner: north}", "when: {partner: nort}", 17, "did you mean 'north'"),
        ("when: {night: false}", "when: {night: perhaps}", 26, "neither yes nor no"),
        ("type: choice", "type: choise", 7, "did you mean 'choice'"),
        ("intent: vendor", "intent: vender", 4, "did you mean 'vendor'"),
        ("prompt: Which", "promt: Which", 8, "did you mean 'prompt'"),
        ("Sid: Partner", "Sid: Partner ", 20, "letters and digits only"),
        ("Action: sts:AssumeRole", "Resource: '*'", 20, "has no place in this policy"),
        ("default: false", "default: perhaps", 14, "neither yes nor no"),
        ("default: false", "pattern: '['", 14, "no regular expression"),
        ("Principal: {AWS:", "Principal: {Aws:", 22, "did you mean 'AWS'"),
        ("operator: IpAddress, ", "", 26, "has no operator"),
        ("  partner_account:\n", "  partner:\n", 16, "a parameter already"),
        ("  night:\n", "  account:\n", 11, "a key of every grant"),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, line: int, words: str) -> None:
    assert old in OWN
    with pytest.raises(InputError) as raised:
        parse_blueprint(OWN.replace(old, new, 1), "own.yaml")
    assert words in str(raised.value)
    assert f"own.yaml:{line}" in str(raised.value)


def test_all_mistakes_are_told_at_once() -> None:
    text = (
        OWN.replace("type: choice", "type: choise")
        .replace("intent: vendor", "intent: x")
        .replace("Sid: ", "Sd: ")
    )
    with pytest.raises(InputError) as raised:
        parse_blueprint(text, "own.yaml")
    assert len(raised.value.problems) >= 3


def test_own_blueprints_come_before_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN)
    (tmp_path / "third-party.yaml").write_text(OWN.replace("name: own", "name: third-party"))
    assert load_blueprint("own", [tmp_path]).source == str(tmp_path / "own.yaml")
    assert load_blueprint("third-party", [tmp_path]).title == "Our partners"
    assert load_blueprint("third-party").source == "shipped"
    assert {"own", "delegated"} <= {blueprint.name for blueprint in list_blueprints([tmp_path])}


@pytest.mark.parametrize("name", ["../own", "/etc/passwd", "own/../own", "", ".", "a\0b", "OWN", "own.yaml"])
def test_a_name_never_leads_out_of_the_folders(tmp_path: Path, name: str) -> None:
    (tmp_path / "own.yaml").write_text(OWN)
    (tmp_path / "inside").mkdir()
    with pytest.raises(InputError, match="there is no blueprint"):
        load_blueprint(name, [tmp_path / "inside"])


def test_a_file_and_its_blueprint_have_one_name(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(OWN)
    with pytest.raises(InputError, match="is named 'own'"):
        load_blueprint("other", [tmp_path])


def test_folders_that_are_absent_are_passed_over(tmp_path: Path) -> None:
    assert blueprint_names([tmp_path / "absent"]) == blueprint_names()
    assert shipped_folder().is_dir()


LINES = OWN.splitlines(keepends=True)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.sampled_from([*LINES, "    when: [x]\n", "  - a\n", "{\n", "    conditions: {a: b}\n"]),
        max_size=12,
    )
)
def test_no_blueprint_brings_a_traceback(lines: list[str]) -> None:
    try:
        parse_blueprint("".join(lines), "own.yaml")
    except InputError as error:
        assert error.problems


@settings(deadline=None, max_examples=200)
@given(st.integers(0, len(LINES)), st.integers(0, len(LINES)))
def test_a_blueprint_with_lines_cut_out_brings_no_traceback(start: int, end: int) -> None:
    try:
        made("".join(LINES[:start] + LINES[end:]), ("partner", "south"))
    except InputError as error:
        assert error.problems


def test_the_starter_is_a_blueprint_that_works(tmp_path: Path) -> None:
    (tmp_path / "partner.yaml").write_text(starter_blueprint("partner"))
    blueprint = load_blueprint("partner", [tmp_path])
    given = {"account": "111122223333", "trusted_account": "444455556666", "external_id": "an-external-id"}
    grant = grant_from_settings(blueprint, [*given.items(), ("permissions", "read-only")])
    expansion = expand(grant, blueprint)
    assert [condition.key for condition in expansion.role.trust.statements[0].conditions] == [
        "sts:ExternalId"
    ]
    with pytest.raises(InputError, match="no name for a blueprint"):
        starter_blueprint("../partner")
