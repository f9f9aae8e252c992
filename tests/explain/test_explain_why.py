"""Why an action is allowed or denied, and that the edits that are proposed do what they say."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
import yaml
from explain_builders import EXAMPLES, ROOT, example, from_text

from xacct.errors import InputError
from xacct.explain.case import Case
from xacct.explain.cases import case_of
from xacct.explain.edits import edits_for
from xacct.explain.model import Code, Explanation, Points
from xacct.explain.why import explain_action
from xacct.lightsail.catalog import load_catalog


def pieces(explanation: Explanation) -> list[str]:
    return [
        block.text
        for section in explanation.sections
        for block in section.blocks
        if isinstance(block, Code) and block.language == "yaml"
    ]


def warnings(explanation: Explanation) -> str:
    [section] = [one for one in explanation.sections if one.key == "change"]
    return " ".join(
        item.text for block in section.blocks if isinstance(block, Points) for item in block.items
    )


def edited(name: str, piece: str, folder: Path) -> Case:
    """The example's file with its permissions replaced by the piece, or with the piece added to them."""
    text = (ROOT / "examples" / f"{name}.yaml").read_text()
    grant = yaml.load(text, Loader=yaml.BaseLoader)
    new = yaml.load(piece, Loader=yaml.BaseLoader)["permissions"]
    kept = grant["permissions"] if piece.startswith("# beside") else []
    grant["permissions"] = [*kept, *new]
    return case_of(from_text(yaml.safe_dump(grant), folder))


def allows(case: Case, action: str) -> bool:
    return any(action in row.actions for row in case.rows)


DENIED = [
    ("third-party", "lightsail:GetInstanceAccessDetails"),
    ("third-party", "lightsail:EnableAddOn"),
    ("third-party", "lightsail:DeleteInstance"),
    ("owned-account", "lightsail:CreateInstances"),
    ("delegated-group", "lightsail:DeleteDomain"),
    ("github-actions", "lightsail:RebootInstance"),
]


@pytest.mark.parametrize(("name", "action"), DENIED)
def test_each_proposed_piece_allows_the_action_when_it_is_written_into_the_file(
    name: str, action: str, tmp_path: Path
) -> None:
    assert not allows(case_of(example(name)), action)
    proposed = pieces(explain_action(case_of(example(name)), action))
    assert proposed
    for piece in proposed:
        assert allows(edited(name, piece, tmp_path), action), piece


ALLOWED = [
    ("third-party", "lightsail:CreateDiskSnapshot"),
    ("owned-account", "lightsail:RebootInstance"),
    ("delegated-group", "lightsail:CreateDomainEntry"),
    ("google", "lightsail:GetInstances"),
]


@pytest.mark.parametrize(("name", "action"), ALLOWED)
def test_the_proposed_piece_takes_this_action_away_and_no_other(
    name: str, action: str, tmp_path: Path
) -> None:
    before = case_of(example(name))
    assert allows(before, action)
    [piece] = pieces(explain_action(before, action))
    after = edited(name, piece, tmp_path)
    assert {one.full_name for one in before.granted} - {one.full_name for one in after.granted} == {action}


@pytest.mark.parametrize("name", EXAMPLES)
def test_allowed_is_said_exactly_where_the_access_delta_has_it(name: str) -> None:
    case = case_of(example(name))
    actions = [action.full_name for action in load_catalog().actions.values()][::29]
    for action in actions:
        lead = explain_action(case, action).lead
        assert lead.startswith("Allowed" if allows(case, action) else "Denied"), (action, lead)


def test_a_hole_is_warned_of() -> None:
    said = warnings(explain_action(case_of(example("third-party")), "GetInstanceAccessDetails"))
    assert "returns a working login" in said
    assert "outlives the role" in said


def test_an_edit_that_reaches_the_whole_account_is_warned_of() -> None:
    assert "whole account" in warnings(explain_action(case_of(example("third-party")), "EnableAddOn"))


def test_tagging_under_a_limit_by_tag_is_warned_of() -> None:
    assert "tag any resource" in warnings(explain_action(case_of(example("third-party")), "TagResource"))


def test_what_was_left_out_is_told_with_its_reason() -> None:
    assert "left out" in explain_action(case_of(example("third-party")), "EnableAddOn").lead


def test_another_services_action_is_told_not_to_be_given_with_a_hint() -> None:
    found = explain_action(case_of(example("third-party")), "s3:GetObject")
    assert found.lead.startswith("Not given")
    assert not pieces(found)


def test_assuming_the_role_is_explained_by_its_path() -> None:
    case = case_of(example("third-party"))
    assert explain_action(case, "sts:AssumeRole").lead.startswith("Allowed")
    assert explain_action(case, "sts:AssumeRoleWithSAML").lead.startswith("Denied")
    assert explain_action(case_of(example("delegated-group")), "sts:AssumeRole").lead.startswith("Denied")


@pytest.mark.parametrize(
    "text", ["", "Nonsense", "lightsail:", "lightsail:Nope", "light sail:X", "a:*", "*", "::"]
)
def test_what_is_no_action_is_told_and_never_a_crash(text: str) -> None:
    with pytest.raises(InputError):
        explain_action(case_of(example("third-party")), text)


def test_an_edit_carries_the_grant_that_it_makes() -> None:
    case = case_of(example("third-party"))
    [first, *_] = edits_for(case, "lightsail:DeleteInstance", allowed=False)
    grant = case.expansion.grant
    assert first.grant != grant
    assert attrs.evolve(first.grant, permissions=grant.permissions) == grant
