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
from xacct.explain.places import answering_region, asked_types
from xacct.explain.why import explain_action
from xacct.lightsail.catalog import Action, account_arn, load_catalog

CASES = json.loads((ROOT / "tests" / "cases" / "explain" / "odd.json").read_text())
ACCOUNT = "111122223333"
REGIONS = ("eu-west-1", "us-east-1", "us-east-2", "eu-central-1", "ap-south-1")
IDS = ("00000000-0000-4000-8000-000000000000", "f9e8d7c6-b5a4-4321-8fed-cba987654321", "example")
TAGS: tuple[dict[str, str], ...] = ({}, {"Team": "web"}, {"Team": "example"})


def raw(folder: Path, statements: list[dict[str, Any]], trust: list[dict[str, Any]] | None = None) -> Case:
    named = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}
    documents = {
        "trust": {"Version": "2012-10-17", "Statement": trust or [named]},
        "policies": {"main": {"Version": "2012-10-17", "Statement": statements}},
    }
    grant = {"blueprint": "raw", "name": "odd", "account": ACCOUNT, "parameters": documents}
    return case_of(from_text(json.dumps(grant), folder))


def requests(case: Case, action: Action, kind: str | None) -> Iterator[Request]:
    """Requests of a session for the action, as AWS makes them: about one resource, or about none."""
    for region, identity, tags, own in product(REGIONS, IDS, TAGS, TAGS):
        arn = named(case, kind, region, identity)
        asked = answering_region(action, "*" if kind == "Distribution" else arn) or region
        context: dict[str, str | tuple[str, ...]] = {
            "aws:RequestedRegion": asked,
            "aws:PrincipalArn": case.role_arn,
            "aws:PrincipalAccount": ACCOUNT,
            "aws:ResourceAccount": ACCOUNT,
        }
        context |= {f"aws:PrincipalTag/{key}": value for key, value in own.items()}
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
        if any(all(passes(policies, case, action, kind) for kind in one) for one in kinds):
            out.add(action.name)
    return out


def passes(policies: Any, case: Case, action: Action, kind: str | None) -> bool:
    return any(policies.decide(request).allowed for request in requests(case, action, kind))


@pytest.mark.parametrize("row", CASES, ids=lambda row: row["why"])
def test_what_passes_is_told_to_be_granted_and_nothing_else(row: dict[str, Any], tmp_path: Path) -> None:
    case = raw(tmp_path, row["statements"])
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
