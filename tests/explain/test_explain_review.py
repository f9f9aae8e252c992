"""Sentences that a hostile reader of grants written by hand would catch."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from explain_builders import BUCKET_GRANT, example, from_text

from xacct.explain import explain_grant, search
from xacct.explain.cases import case_of
from xacct.explain.contrast import contrast_section
from xacct.explain.lasting import longest_session
from xacct.explain.model import Grid, Steps
from xacct.explain.path import path_section
from xacct.explain.powers import POWERS
from xacct.explain.reach import reach_section
from xacct.explain.why import explain_action
from xacct.lightsail.catalog import load_catalog

TRUST = """
blueprint: raw
name: odd
account: "111122223333"
max_session: 12h
parameters:
  trust: {{Version: "2012-10-17", Statement: [{trust}]}}
permissions:
  - statements: [{{Effect: Allow, Action: {actions}, Resource: "{resource}"}}]
"""
ROLE = "arn:aws:iam::444455556666:role/svc"
USER = "arn:aws:iam::444455556666:user/bob"
INSTANCES = "arn:aws:lightsail:eu-west-1:111122223333:Instance/*"


def trusting(principals: str, condition: str = "", *, key: str = "AWS") -> str:
    said = f", Condition: {condition}" if condition else ""
    return f'{{Effect: Allow, Principal: {{{key}: {principals}}}, Action: "sts:AssumeRole"{said}}}'


def odd(trust: str, folder: Path, *, actions: str = "[lightsail:RebootInstance]", resource: str = "*"):  # type: ignore[no-untyped-def]
    return case_of(from_text(TRUST.format(trust=trust, actions=actions, resource=resource), folder))


def here(case, question: str) -> str:  # type: ignore[no-untyped-def]
    [grid] = [block for block in contrast_section(case).blocks if isinstance(block, Grid)]
    return next(row.cells[-1] for row in grid.rows if row.cells[0] == question)


@pytest.mark.parametrize(
    ("principals", "condition", "seconds"),
    [
        (f'["{ROLE}"]', "", 3600),
        (f'["{ROLE}", "{USER}"]', "", 43200),
        (f'["{USER}"]', "", 43200),
        ('"444455556666"', "", 43200),
        ('"444455556666"', f'{{ArnLike: {{"aws:PrincipalArn": "{ROLE}"}}}}', 3600),
        ('"444455556666"', f'{{ArnNotLike: {{"aws:PrincipalArn": "{ROLE}"}}}}', 43200),
    ],
)
def test_the_hour_of_chained_sessions_is_told_only_where_roles_alone_are_trusted(
    principals: str, condition: str, seconds: int, tmp_path: Path
) -> None:
    assert longest_session(odd(trusting(principals, condition), tmp_path)) == seconds


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ('{Bool: {"aws:MultiFactorAuthPresent": "true"}}', "Asked for, when the role is assumed."),
        ('{NumericLessThan: {"aws:MultiFactorAuthAge": "3600"}}', "Asked for, when the role is assumed."),
        ('{BoolIfExists: {"aws:MultiFactorAuthPresent": "true"}}', "Not asked for."),
        ("", "Not asked for."),
    ],
)
def test_mfa_is_told_to_be_asked_for_only_where_nobody_gets_in_without(
    condition: str, said: str, tmp_path: Path
) -> None:
    assert here(odd(trusting(f'"{USER}"', condition), tmp_path), "MFA") == said


def test_mfa_in_one_of_two_statements_is_not_told_of_all(tmp_path: Path) -> None:
    mfa = '{Bool: {"aws:MultiFactorAuthPresent": "true"}}'
    both = f"{trusting(repr(USER), mfa)}, {trusting(repr(ROLE))}"
    assert here(odd(both, tmp_path), "MFA").startswith("Asked for by a part")


def test_one_owner_is_not_told_of_a_policy_written_by_hand(tmp_path: Path) -> None:
    case = odd(trusting(f'"{USER}"'), tmp_path)
    assert here(case, "External ID, against the confused deputy") == "Not asked for."


def test_a_services_session_is_not_told_to_end_by_the_roles_maximum(tmp_path: Path) -> None:
    case = odd(trusting("ec2.amazonaws.com", key="Service"), tmp_path)
    found = explain_grant(case.expansion)
    assert "12 hours at" not in found.lead
    [steps] = [block for block in path_section(case).blocks if isinstance(block, Steps)]
    assert any("service's choice" in step.why for step in steps.steps)


def test_an_action_that_takes_no_arn_is_not_told_to_be_allowed_on_one(tmp_path: Path) -> None:
    actions = "[lightsail:GetInstances, lightsail:RebootInstance]"
    case = odd(trusting(f'"{USER}"'), tmp_path, actions=actions, resource=INSTANCES)
    grid = next(block for block in reach_section(case).blocks if isinstance(block, Grid))
    assert [row.cells[1] for row in grid.rows] == ["RebootInstance"]


def test_a_call_to_another_service_is_not_told_to_have_no_policy_on_the_resource(tmp_path: Path) -> None:
    case = case_of(from_text(BUCKET_GRANT, tmp_path))
    assert case.request is not None
    assert case.request.action == "s3:GetObject"
    assert case.request.context["aws:RequestedRegion"]
    [steps] = [block for block in path_section(case).blocks if isinstance(block, Steps)]
    last = steps.steps[-1]
    assert "no resource-based policies" not in last.why
    assert last.statements, "a statement without a Sid is shown as well"


def test_objects_are_asked_for_as_objects(tmp_path: Path) -> None:
    listed = 'Resource: ["arn:aws:s3:::acme-reports", "arn:aws:s3:::acme-reports/*"]'
    text = BUCKET_GRANT.replace('Resource: "arn:aws:s3:::acme-reports/*"', listed)
    found = search.example(case_of(from_text(text, tmp_path)), "s3:GetObject")
    assert found is not None
    assert found.resource.startswith("arn:aws:s3:::acme-reports/")


def test_an_expired_grant_is_not_told_to_let_anybody_in() -> None:
    grant = attrs.evolve(example("third-party"), expired=True)
    assert explain_grant(grant).lead.startswith("The grant expired")


@pytest.mark.parametrize(
    ("start", "names"),
    [
        ("Copy", {"CreateInstancesFromSnapshot", "CreateRelationalDatabaseFromSnapshot", "ExportSnapshot"}),
        ("Open", {"UpdateRelationalDatabase", "CreateContainerServiceDeployment", "UpdateBucket"}),
        ("Start", {"StartInstance", "StopInstance", "RebootInstance", "RebootRelationalDatabase"}),
        ("Change DNS", {"DeleteDomain", "CreateDomainEntry"}),
    ],
)
def test_no_question_of_reviewers_is_answered_no_while_such_an_action_is_allowed(
    start: str, names: set[str]
) -> None:
    [power] = [one for one in POWERS if one.title.startswith(start)]
    assert names <= {action.name for action in load_catalog().actions.values() if power.does(action)}


@pytest.mark.parametrize(
    ("name", "action", "start"),
    [
        ("federated-saml", "sts:TagSession", "Allowed"),
        ("federated-saml", "sts:SetSourceIdentity", "Denied"),
        ("third-party", "sts:TagSession", "Denied"),
    ],
)
def test_what_comes_with_the_session_is_asked_of_the_trust_policy(name: str, action: str, start: str) -> None:
    found = explain_action(case_of(example(name)), action)
    assert found.lead.startswith(start)
    assert "change" not in {section.key for section in found.sections}


def test_every_trusted_account_is_told_of(tmp_path: Path) -> None:
    case = odd(trusting(f'["{USER}", "arn:aws:iam::777788889999:root"]'), tmp_path)
    lead = explain_grant(case.expansion).lead
    assert "444455556666" in lead
    assert "777788889999" in lead


def test_a_token_is_never_told_to_call_assume_role(tmp_path: Path) -> None:
    provider = "arn:aws:iam::111122223333:oidc-provider/x.example"
    actions = '["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"]'
    trust = f'{{Effect: Allow, Principal: {{Federated: "{provider}"}}, Action: {actions}}}'
    request = odd(trust, tmp_path).assume_request
    assert request is not None
    assert request.action == "sts:AssumeRoleWithWebIdentity"
