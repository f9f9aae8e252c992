"""What the trusted party can do: questions of reviewers, other services, counts, and the picture."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest
from explain_builders import EXAMPLES, ROOT, example, from_text

from xacct.explain import explain_grant
from xacct.explain.calls import is_allowed
from xacct.explain.case import Case
from xacct.explain.cases import case_of
from xacct.explain.lasting import longest_session
from xacct.explain.model import Grid, Points
from xacct.explain.party import Party
from xacct.explain.powers import OUTSIDE, POWERS
from xacct.explain.reach import reach_section, refused_actions
from xacct.explain.text import duration
from xacct.lightsail.catalog import load_catalog

ANSWERS = json.loads((ROOT / "tests" / "cases" / "explain" / "powers.json").read_text())
TRUSTED = {
    "an account": "arn:aws:iam::444455556666:root",
    "a role": "arn:aws:iam::444455556666:role/ops",
}


def granting(permissions: str, folder: Path, trusted: str = "an account") -> Case:
    grant = {
        "blueprint": "raw",
        "name": "odd",
        "account": "111122223333",
        "max_session": "12h",
        "parameters": {
            "trust": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"AWS": TRUSTED[trusted]}, "Action": "sts:AssumeRole"}
                ],
            }
        },
    }
    text = json.dumps(grant)[:-1] + f', "permissions": {permissions}}}'
    return case_of(from_text(text, folder))


def grids(case: Case) -> list[Grid]:
    return [block for block in reach_section(case).blocks if isinstance(block, Grid)]


def point(case: Case, label: str) -> str:
    blocks = [block for block in reach_section(case).blocks if isinstance(block, Points)]
    return next((item.text for block in blocks for item in block.items if item.label == label), "")


# -- questions of reviewers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ANSWERS, ids=lambda row: f"{row['question']}: {row['action']}")
def test_an_action_is_told_under_each_question_that_it_answers(row: dict[str, str], tmp_path: Path) -> None:
    case = granting(f"[{{add: [{row['action']}]}}]", tmp_path)
    answers = {found.cells[0]: found.cells[1] for found in grids(case)[1].rows}
    [answer] = [answer for question, answer in answers.items() if question.startswith(row["question"])]
    assert answer == row["answer"]


def test_every_action_that_is_named_exists() -> None:
    named = {name for power in POWERS for name in (*power.through, *power.also)} | set(OUTSIDE)
    assert {name for name in named if load_catalog().action(name) is None} == set()


# -- other services ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(OUTSIDE))
def test_an_action_of_lightsail_that_leads_elsewhere_is_told_of(name: str, tmp_path: Path) -> None:
    said = point(granting(f"[{{add: [{name}]}}]", tmp_path), "Outside Lightsail")
    assert f"lead to other services: {name} ({OUTSIDE[name]})." in said


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_is_never_told_that_nothing_reaches_outside(name: str) -> None:
    case = case_of(example(name))
    said = point(case, "Outside Lightsail")
    assert "Policies of resources elsewhere" in said
    assert ("No Allow of the permissions names" in said) is (not case.others)
    assert ("lead to other services" in said) is any(one.name in OUTSIDE for one in case.granted)


# -- tags on what is made ------------------------------------------------------------------------------------

TAGGED = "[{set: bucket-manager, add: [UpdateBucket], tags: {Team: web}}]"
TAGGING = "[{set: bucket-manager, add: [UpdateBucket], tags: {Team: web}}, {add: [TagResource]}]"


@pytest.mark.parametrize(("permissions", "passes"), [(TAGGED, False), (TAGGING, True)])
def test_what_is_refused_for_its_tags_is_counted_as_refused(
    permissions: str, passes: bool, tmp_path: Path
) -> None:
    case = granting(permissions, tmp_path)
    assert is_allowed(case, "lightsail:CreateBucket") is passes
    assert ("CreateBucket" in {one.name for one in case.granted}) is passes
    assert ("CreateBucket" in {one.name for one in refused_actions(case)}) is not passes
    allowed = ", ".join(row.cells[1] for row in grids(case)[0].rows).split(", ")
    assert ("CreateBucket" in allowed) is passes
    found = explain_grant(case.expansion)
    changes = sum(not one.is_read for one in case.granted)
    assert f"{len(case.granted)} actions of Lightsail ({changes} of them change something)" in found.lead
    assert found.picture is not None
    counted = f"{len(case.granted)} actions of Lightsail, {changes} changes among them"
    assert any(counted in edge.checks for edge in found.picture.edges)
    tagged = "some of them only with tag Team=web in the request"
    assert any(tagged in edge.checks for edge in found.picture.edges) is passes


def test_a_grant_of_nothing_but_what_is_refused_for_tags_lets_nobody_do_anything(tmp_path: Path) -> None:
    case = granting("[{add: [CreateBucket], tags: {Team: web}}]", tmp_path)
    assert case.granted == ()
    assert case.witness is None


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_action_that_is_counted_passes(name: str) -> None:
    case = case_of(example(name))
    assert all(is_allowed(case, action.full_name) for action in case.granted[::5])


# -- the picture ---------------------------------------------------------------------------------------------


def shown(case: Case) -> str:
    return json.dumps(attrs.asdict(explain_grant(case.expansion).picture), default=str)  # type: ignore[arg-type]


@pytest.mark.parametrize(("trusted", "longest"), [("an account", "12 hours"), ("a role", "1 hour")])
def test_the_picture_tells_the_longest_session_that_a_caller_gets(
    trusted: str, longest: str, tmp_path: Path
) -> None:
    case = granting("[{set: monitoring}]", tmp_path, trusted)
    assert f"sessions of at most {longest}" in shown(case)
    assert ("(the role's own maximum is 12 hours)" in shown(case)) is (longest != "12 hours")


@pytest.mark.parametrize("name", EXAMPLES)
def test_picture_and_lead_tell_the_same_length(name: str) -> None:
    case = case_of(example(name))
    if case.party in (Party.GROUP, Party.SERVICE):
        assert "sessions of at most" not in shown(case)
        return
    longest = duration(longest_session(case))
    assert f'"sessions of at most {longest}"' in shown(case)
    assert f"for at most {longest} at a time" in explain_grant(case.expansion).lead


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_identity_provider_is_not_told_to_be_outside_aws(name: str) -> None:
    assert "utside AWS" not in shown(case_of(example(name)))


def test_a_role_of_identity_center_is_named_as_it_names_them() -> None:
    request = case_of(example("owned-account-sso")).assume_request
    assert request is not None
    assert request.principal.endswith("/eu-west-1/AWSReservedSSO_Operators_0123456789abcdef")
    assert request.context["aws:PrincipalArn"] == request.principal
