"""Policies as accounts have them: no access may be told away, and none told that no request gets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from explain_builders import ROOT, from_text

from xacct.evaluate.engine import compile_policies
from xacct.evaluate.model import Policies, Request
from xacct.explain import explain_grant
from xacct.explain.case import Case
from xacct.explain.cases import case_of
from xacct.explain.matching import allowing
from xacct.explain.places import answering_region, asked_types
from xacct.explain.why import explain_action
from xacct.lightsail.catalog import Action, account_arn, load_catalog

CASES = json.loads((ROOT / "tests" / "cases" / "explain" / "odd.json").read_text())
ACCOUNT = "111122223333"
REGIONS = ("eu-west-1", "us-east-1", "us-east-2", "eu-central-1", "ap-south-1")
IDS = (
    "00000000-0000-4000-8000-000000000000",
    "f9e8d7c6-b5a4-4321-8fed-cba987654321",
    "5a5a5a5a-1b1b-4c4c-8d8d-9e9e9e9e9e95",
    "example",
)
TAGS: tuple[dict[str, str], ...] = ({}, {"Team": "web"}, {"Team": "example"})


TAGGING = ["sts:AssumeRole", "sts:TagSession"]


def raw(folder: Path, statements: list[dict[str, Any]], trust: list[dict[str, Any]] | None = None) -> Case:
    named = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": TAGGING}
    documents = {
        "trust": {"Version": "2012-10-17", "Statement": trust or [named]},
        "policies": {"main": {"Version": "2012-10-17", "Statement": statements}},
    }
    grant = {"blueprint": "raw", "name": "odd", "account": ACCOUNT, "parameters": documents}
    return case_of(from_text(json.dumps(grant), folder))


def requests(case: Case, action: Action, kind: str | None, region: str) -> Iterator[Request]:
    """Requests of a session for the action, as AWS makes them: about one resource, or about none."""
    tagging = bool(allowing(case.access.trust, "sts:TagSession")) if case.access is not None else False
    for identity, tags, own in product(IDS, TAGS, TAGS if tagging else TAGS[:1]):
        arn = named(case, kind, region, identity)
        asked = answering_region(action, "*" if kind == "Distribution" else arn) or region
        context: dict[str, str | tuple[str, ...]] = {
            "aws:RequestedRegion": asked,
            "aws:PrincipalArn": case.role_arn,
            "aws:PrincipalAccount": ACCOUNT,
            "aws:ResourceAccount": ACCOUNT,
        }
        context |= {f"aws:PrincipalTag/{key}": value for key, value in own.items()}
        if tagging:
            context["aws:PrincipalTag/instance"] = "example"
        if action.supports_resource_tags:
            context |= {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
        yield Request(
            principal=case.session_arn,
            action=action.full_name,
            resource=arn,
            resource_account=ACCOUNT,
            context=context,
        )


def named(case: Case, kind: str | None, region: str, identity: str) -> str:
    """Which Region the ARN of a distribution has is not known; where there is no resource AWS names two."""
    if kind is None:
        return "*" if identity == IDS[0] else account_arn("aws", region, ACCOUNT)
    if kind == "Distribution":
        return f"arn:aws:lightsail:{region}:{ACCOUNT}:{kind}/{identity}"
    return case.arn_of(kind, region, tail=identity)


def reached(case: Case) -> set[str]:
    """The actions that pass in some request, each about all the types that it needs."""
    policies = compile_policies(Policies(identity=case.documents))
    out = set()
    for action in load_catalog().actions.values():
        if action.required_types or not action.resource_types:
            kinds: list[tuple[str | None, ...]] = [asked_types(action) or (None,)]
        else:
            kinds = [(use.type,) for use in action.resource_types]
        calls = product(REGIONS, kinds)
        if any(all(passes(policies, case, action, kind, region) for kind in one) for region, one in calls):
            out.add(action.name)
    return out


def passes(policies: Any, case: Case, action: Action, kind: str | None, region: str) -> bool:
    return any(policies.decide(request).allowed for request in requests(case, action, kind, region))


ASKING = [row for row in CASES if "PrincipalTag" in json.dumps(row)]


@pytest.mark.parametrize(
    ("row", "tagging"),
    [
        *(pytest.param(row, True, id=row["why"]) for row in CASES),
        *(pytest.param(row, False, id=f"{row['why']}, without session tags") for row in ASKING),
    ],
)
def test_what_passes_is_told_to_be_granted_and_nothing_else(
    row: dict[str, Any], *, tagging: bool, tmp_path: Path
) -> None:
    named = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}}
    case = raw(tmp_path, row["statements"], [{**named, "Action": TAGGING if tagging else TAGGING[0]}])
    found = reached(case)
    assert {action.name for action in case.granted} == found
    said = explain_grant(case.expansion).lead
    assert said.startswith("Callers of account" if found else "Nobody gets anything"), said
    for name in ("StopInstance", "GetInstances", "DeleteDomain"):
        expected = "Allowed" if name in found else "Denied"
        assert explain_action(case, name).lead.startswith(expected), name


HUB = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::999988887777:role/next"}


def test_a_role_that_only_goes_on_to_other_roles_is_told_to_do_so(tmp_path: Path) -> None:
    case = raw(tmp_path, [HUB])
    assert case.request is not None
    assert (case.request.action, case.request.resource) == ("sts:AssumeRole", HUB["Resource"])
    assert "1 action of other services" in explain_grant(case.expansion).lead


@pytest.mark.parametrize(
    ("statement", "action", "resource"),
    [
        ({"NotAction": "s3:DeleteBucket", "Resource": "arn:aws:s3:::b/*"}, "s3:GetObject", "arn:aws:s3:::b/"),
        (
            {"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/Hub"},
            "sts:AssumeRole",
            f"arn:aws:iam::{ACCOUNT}:role/Hub",
        ),
        (
            {
                "Action": "dynamodb:GetItem",
                "Resource": "arn:aws:dynamodb:*:*:table/T",
                "Condition": {
                    "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:PrincipalTag/Tenant}"},
                    "Null": {"dynamodb:LeadingKeys": "false"},
                },
            },
            "dynamodb:GetItem",
            f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/T",
        ),
    ],
)
def test_other_services_requests_are_found_and_named_in_full(
    statement: dict[str, Any], action: str, resource: str, tmp_path: Path
) -> None:
    case = raw(tmp_path, [{"Effect": "Allow", **statement}])
    assert case.request is not None
    assert case.request.action.lower() == action.lower()
    assert case.request.resource.startswith(resource)
    assert case.decide(case.request).allowed


def test_all_but_one_action_is_no_single_action_of_other_services(tmp_path: Path) -> None:
    case = raw(tmp_path, [{"Effect": "Allow", "NotAction": "lightsail:DeleteInstance", "Resource": "*"}])
    lead = explain_grant(case.expansion).lead
    assert "and actions of other services" in lead


# -- trust of several kinds ----------------------------------------------------------------------------------

STOP = {"Effect": "Allow", "Action": "lightsail:StopInstance", "Resource": "*"}
JANE = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::444455556666:user/jane"},
    "Action": "sts:AssumeRole",
}
CORP = {
    "Effect": "Allow",
    "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"},
    "Action": "sts:AssumeRoleWithSAML",
}
EC2 = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.mark.parametrize("trust", [[JANE, CORP], [CORP, JANE], [EC2, CORP, JANE]])
def test_each_way_into_a_role_is_told_as_one(trust: list[dict[str, Any]], tmp_path: Path) -> None:
    case = raw(tmp_path, [STOP], trust)
    assert explain_action(case, "sts:AssumeRole").lead.startswith("Allowed")
    assert explain_action(case, "sts:AssumeRoleWithSAML").lead.startswith("Allowed")
    assert explain_action(case, "sts:AssumeRoleWithWebIdentity").lead.startswith("Denied")
    said = explain_grant(case.expansion)
    assert said.lead.startswith("Whoever the trust policy lets in (")
    assert "several kinds" in str(said.sections[0])


@pytest.mark.parametrize("trust", [[EC2, JANE], [JANE, EC2]])
def test_a_service_is_no_account(trust: list[dict[str, Any]], tmp_path: Path) -> None:
    said = str(explain_grant(raw(tmp_path, [STOP], trust).expansion))
    assert "accounts ec2.amazonaws.com" not in said
    assert "with none it is allowed" not in said


def test_a_federated_user_can_assume_no_role(tmp_path: Path) -> None:
    session = {**JANE, "Principal": {"AWS": "arn:aws:sts::444455556666:federated-user/jane"}}
    assert explain_grant(raw(tmp_path, [STOP], [session]).expansion).lead.startswith("Nobody gets anything")


def test_that_a_session_goes_on_to_other_roles_is_told_wherever_it_matters(tmp_path: Path) -> None:
    case = raw(tmp_path, [HUB])
    assert "may become further roles" in str(explain_grant(case.expansion))
    assert "may become further roles" in str(explain_action(case, "sts:AssumeRole"))
    assert "may become further roles" not in str(explain_grant(raw(tmp_path, [STOP]).expansion))


# -- times, tags of the role, policies that are not at hand --------------------------------------------------


def test_a_time_is_found_at_which_the_session_is_had_and_used(tmp_path: Path) -> None:
    until = {"DateGreaterThan": {"aws:CurrentTime": "2028-01-01T00:00:00Z"}}
    trust = {**JANE, "Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}}
    case = raw(
        tmp_path, [STOP, {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": until}], [trust]
    )
    assert [action.name for action in case.granted] == ["StopInstance"]
    assert case.request is not None
    assert str(case.request.context["aws:CurrentTime"]) <= "2028-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("since", "passes"), [("2027-01-01", True), ("2027-01-01T11:00:00Z", True), ("2028-01-01", False)]
)
def test_a_call_follows_the_session_by_hours_at_most(since: str, passes: bool, tmp_path: Path) -> None:
    trust = {**JANE, "Condition": {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}}
    later = {**STOP, "Condition": {"DateGreaterThan": {"aws:CurrentTime": since}}}
    case = raw(tmp_path, [later], [trust])
    assert [action.name for action in case.granted] == (["StopInstance"] if passes else [])
    said = explain_grant(case.expansion).lead
    assert said.startswith("Callers of account" if passes else "Nobody gets anything")


def test_the_roles_own_tags_decide_where_callers_can_bring_none(tmp_path: Path) -> None:
    asked = {**STOP, "Condition": {"StringEquals": {"aws:PrincipalTag/Team": "web"}}}
    tagging = {**JANE, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    assert raw(tmp_path, [asked], [JANE]).granted == ()
    assert [action.name for action in raw(tmp_path, [asked], [tagging]).granted] == ["StopInstance"]
    own = {**STOP, "Condition": {"StringEquals": {"aws:PrincipalTag/xacct:grant": "odd"}}}
    found = raw(tmp_path, [own], [JANE])
    assert found.request is not None
    assert found.request.context["aws:PrincipalTag/xacct:grant"] == "odd"


UNDECIDED = "Whether anybody gets anything by this grant is undecided."


def test_what_an_attached_policy_gives_is_left_open(tmp_path: Path) -> None:
    deny = {"Effect": "Deny", "Action": "lightsail:*", "Resource": "*"}
    documents = {
        "trust": {"Version": "2012-10-17", "Statement": [JANE]},
        "policies": {"main": {"Version": "2012-10-17", "Statement": [deny]}},
        "attached": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
    }
    grant = {"blueprint": "raw", "name": "odd", "account": ACCOUNT, "parameters": documents}
    case = case_of(from_text(json.dumps(grant), tmp_path))
    lead = explain_grant(case.expansion).lead
    assert lead.startswith(
        "Whether anybody gets anything by this grant is undecided. What arn:aws:iam::aws:policy"
    )


def test_services_whose_actions_are_not_known_by_name_are_left_open(tmp_path: Path) -> None:
    case = raw(tmp_path, [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}])
    assert explain_grant(case.expansion).lead.startswith(
        "Whether anybody gets anything by this grant is undecided"
    )


def test_an_action_of_another_service_is_found_beside_one_of_lightsail(tmp_path: Path) -> None:
    mixed = {"Action": ["lightsail:StopInstance", "s3:GetObject"], "Resource": "arn:aws:s3:::b/*"}
    case = raw(tmp_path, [{"Effect": "Allow", **mixed}])
    assert case.request is not None
    assert case.request.action == "s3:GetObject"
    assert explain_action(case, "s3:GetObject").lead.startswith("Allowed")


WEB = {"StringEquals": {"aws:RequestTag/Team": "web"}}
MAKE = {"Effect": "Allow", "Action": "lightsail:CreateInstances", "Resource": "*", "Condition": WEB}


@pytest.mark.parametrize(
    ("tagging", "passes"),
    [
        ({"Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/Stage": "dev"}}}, True),
        ({"Resource": "arn:aws:lightsail:us-east-2:*:Instance/*"}, True),
        ({"Resource": "arn:aws:lightsail:*:*:Instance/f*"}, True),
        ({"Resource": "arn:aws:lightsail:*:*:Disk/*"}, False),
        ({"Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/Team": "db"}}}, False),
    ],
)
def test_what_is_made_with_tags_needs_a_way_to_tag_it(
    tagging: dict[str, Any], passes: bool, tmp_path: Path
) -> None:
    case = raw(tmp_path, [MAKE, {"Effect": "Allow", "Action": "lightsail:TagResource", **tagging}])
    assert ("CreateInstances" in {action.name for action in case.granted}) is passes
    assert explain_action(case, "CreateInstances").lead.startswith("Allowed" if passes else "Denied")


def test_a_deny_that_asks_for_tags_needs_them_tagged_as_well(tmp_path: Path) -> None:
    make = {"Effect": "Allow", "Action": "lightsail:CreateInstances", "Resource": "*"}
    deny = {**make, "Effect": "Deny", "Condition": {"Null": {"aws:RequestTag/Team": "true"}}}
    tag = {"Effect": "Allow", "Action": "lightsail:TagResource", "Resource": "*"}
    assert raw(tmp_path, [make, deny]).granted == ()
    assert {action.name for action in raw(tmp_path, [make, deny, tag]).granted} == {
        "CreateInstances",
        "TagResource",
    }


def test_of_a_group_one_user_may_do_what_another_may_not(tmp_path: Path) -> None:
    deny = {"StringEquals": {"aws:username": "jane"}}
    grant = {
        "blueprint": "delegated",
        "name": "ops",
        "account": ACCOUNT,
        "parameters": {"via": "group", "users": ["jane", "raj"]},
        "permissions": [{"statements": [STOP, {**STOP, "Effect": "Deny", "Condition": deny}]}],
    }
    case = case_of(from_text(json.dumps(grant), tmp_path))
    assert [action.name for action in case.granted] == ["StopInstance"]
    assert case.witness is not None
    assert case.witness.principal.endswith("user/raj")


def test_the_picture_shows_every_call_that_gets_a_session(tmp_path: Path) -> None:
    with_mfa = {**JANE, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    found = explain_grant(raw(tmp_path, [STOP], [with_mfa, CORP]).expansion).picture
    assert found is not None
    assert found.edges[0].label == "sts:AssumeRole or sts:AssumeRoleWithSAML"
    assert "some of them only with MFA" in found.edges[0].checks
