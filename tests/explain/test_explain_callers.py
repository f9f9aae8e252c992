"""Roles that let in callers of several kinds, and callers that cannot have what a policy asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from explain_builders import ROOT, from_text

from xacct.explain import explain_grant
from xacct.explain.case import Case, Party
from xacct.explain.cases import case_of
from xacct.explain.contrast import contrast_section
from xacct.explain.ending import ending_section, logs_section
from xacct.explain.lasting import console_session, longest_session
from xacct.explain.model import Grid, Points
from xacct.explain.party import Kind, kind_of
from xacct.explain.probes import probes
from xacct.explain.reach import reach_section
from xacct.explain.why import explain_action

ACCOUNT, OTHER = "111122223333", "444455556666"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"
WEB = {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
READ = {"Effect": "Allow", "Action": ["lightsail:GetInstances", "lightsail:StopInstance"], "Resource": "*"}
EC2 = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
STAFF = {
    "Effect": "Allow",
    "Principal": {"Federated": SAML},
    "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
    "Condition": WEB,
}
OPS = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{OTHER}:role/ops"},
    "Action": "sts:AssumeRole",
}
OWN = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/base"},
    "Action": "sts:AssumeRole",
}


def raw(
    folder: Path, trust: list[dict[str, Any]], *statements: dict[str, Any], expires: str | None = None
) -> Case:
    version = "2012-10-17"
    documents = {
        "trust": {"Version": version, "Statement": trust},
        "policies": {"main": {"Version": version, "Statement": list(statements or (READ,))}},
    }
    grant: dict[str, Any] = {
        "blueprint": "raw",
        "name": "odd",
        "account": ACCOUNT,
        "parameters": documents,
        **({"expires": expires} if expires else {}),
    }
    return case_of(from_text(json.dumps(grant), folder))


@pytest.mark.parametrize(
    ("principal", "kind"),
    [
        (ACCOUNT, Kind.OWN),
        (f"arn:aws:iam::{ACCOUNT}:role/x", Kind.OWN),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/x/y", Kind.OWN),
        (OTHER, Kind.OTHERS),
        (f"arn:aws:iam::{OTHER}:root", Kind.OTHERS),
        ("*", Kind.OTHERS),
        (SAML, Kind.SAML),
        (f"arn:aws:iam::{ACCOUNT}:oidc-provider/app.terraform.io", Kind.WEB),
        ("cognito-identity.amazonaws.com", Kind.WEB),
        ("accounts.google.com", Kind.WEB),
        ("ec2.amazonaws.com", Kind.SERVICE),
        ("AROAEXAMPLEEXAMPLE123", Kind.UNKNOWN),
    ],
)
def test_each_principal_is_of_a_kind(principal: str, kind: Kind) -> None:
    assert kind_of(principal, ACCOUNT) is kind


TAGGED = {
    "Effect": "Allow",
    "Action": "lightsail:StopInstance",
    "Resource": "*",
    "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
}


def table(case: Case) -> list[tuple[str, str]]:
    [grid] = [block for block in reach_section(case).blocks if isinstance(block, Grid)][:1]
    return [(row.cells[0], row.cells[1]) for row in grid.rows]


def test_access_by_session_tags_is_told_of_those_who_may_bring_them(tmp_path: Path) -> None:
    case = raw(tmp_path, [EC2, STAFF], TAGGED)
    assert case.party is Party.SAML
    assert table(case) == [(SAML, "StopInstance"), (SAML, "sts:TagSession")]
    assert case.witness is not None
    assert case.witness.assume_action == "sts:AssumeRoleWithSAML"


def test_sessions_of_services_are_told_beside_those_of_others(tmp_path: Path) -> None:
    case = raw(tmp_path, [EC2, STAFF])
    said = "Sessions of AWS services last as long as the service makes them."
    assert said in explain_grant(case.expansion).lead
    assert said in str(contrast_section(case))
    assert said in str(ending_section(case))
    alone = raw(tmp_path, [EC2])
    assert "for at most" not in explain_grant(alone.expansion).lead
    assert said not in str(contrast_section(alone))


def test_roles_beside_a_provider_do_not_shorten_its_sessions(tmp_path: Path) -> None:
    grant = raw(tmp_path, [OPS]).expansion
    assert grant.role is not None
    assert console_session(raw(tmp_path, [OPS])) == ""
    assert console_session(raw(tmp_path, [OPS, STAFF])) == "12 hours"
    assert longest_session(raw(tmp_path, [OPS, STAFF])) == grant.role.max_session


def test_a_whole_account_of_which_only_roles_get_in_has_chained_sessions_alone(tmp_path: Path) -> None:
    whole = {**OPS, "Principal": {"AWS": OTHER}}
    roles = {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/*"}}
    deny = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Condition": roles}
    assert console_session(raw(tmp_path, [whole])) == "12 hours"
    assert console_session(raw(tmp_path, [whole, deny])) == ""


def test_a_caller_of_the_account_itself_is_not_told_to_cross_accounts(tmp_path: Path) -> None:
    case = raw(tmp_path, [OWN, {**OPS, "Principal": {"AWS": OTHER}}])
    assert case.kinds == (Kind.OWN, Kind.OTHERS)
    assert case.witness is not None
    assert case.party is (Party.SAME if f":{ACCOUNT}:" in case.witness.principal else Party.OWNED)
    assert "recorded in both accounts" not in str(logs_section(raw(tmp_path, [OWN])))
    questions = [row.cells[0] for block in contrast_section(case).blocks[1:] for row in block.rows]  # type: ignore[union-attr]
    assert "Within one account" in questions


def test_an_external_id_that_some_send_makes_no_vendor_of_the_others(tmp_path: Path) -> None:
    asked = {"StringEquals": {"sts:ExternalId": "abc-123-def"}}
    vendor = {**OPS, "Principal": {"AWS": "999988887777"}, "Condition": asked}
    assert raw(tmp_path, [vendor]).party is Party.VENDOR
    assert raw(tmp_path, [OPS, vendor]).party is Party.OWNED


def test_anyone_is_shown_by_somebody_from_outside(tmp_path: Path) -> None:
    org = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    case = raw(tmp_path, [{**OPS, "Principal": {"AWS": "*"}, "Condition": org}])
    assert case.caller_account != ACCOUNT
    assert not any("which the trust does not name" in one.label for one in probes(case))


NAMED = {"StringLike": {"sts:RoleSessionName": "${aws:username}*"}}


def test_a_users_name_is_the_callers_own_and_roles_have_none(tmp_path: Path) -> None:
    both = {"AWS": [f"arn:aws:iam::{OTHER}:role/ops", f"arn:aws:iam::{OTHER}:user/ci"]}
    case = raw(tmp_path, [{**OPS, "Principal": both, "Condition": NAMED}])
    assert case.witness is not None
    assert case.witness.principal == f"arn:aws:iam::{OTHER}:user/ci"
    assert case.witness.assume_context == {"aws:username": "ci", "sts:RoleSessionName": "ci"}
    assert raw(tmp_path, [{**OPS, "Condition": NAMED}]).witness is None


FENCE = {
    "Effect": "Deny",
    "NotAction": "lightsail:*",
    "Resource": "*",
    "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
}


def test_what_only_mfa_in_a_session_would_open_is_not_told_of_a_role(tmp_path: Path) -> None:
    everything = {"Effect": "Allow", "Action": ["lightsail:*", "sts:AssumeRole", "s3:*"], "Resource": "*"}
    case = raw(tmp_path, [OPS], everything, FENCE)
    assert [may for _, may in table(case)] == ["* (167 actions)"]
    points = [block for block in reach_section(case).blocks if isinstance(block, Points)]
    assert "become further roles" not in str(points)
    open_to_all = raw(tmp_path, [OPS], everything)
    assert "become further roles" in str(reach_section(open_to_all))


def test_what_takes_no_resource_is_not_told_of_a_statement_that_names_some(tmp_path: Path) -> None:
    instance = f"arn:aws:lightsail:eu-west-1:{ACCOUNT}:Instance/i"
    named = {**READ, "Resource": instance}
    there = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    listing = {"Effect": "Allow", "Action": "lightsail:GetInstances", "Resource": "*", "Condition": there}
    told = [may for _, may in table(raw(tmp_path, [OPS], named, listing))]
    assert sorted(told) == ["GetInstances", "StopInstance"]


VAIN = json.loads((ROOT / "tests" / "cases" / "explain" / "vain.json").read_text())


@pytest.mark.parametrize("row", VAIN, ids=lambda row: row["why"])
def test_who_is_named_in_vain_is_told_and_has_no_access(row: dict[str, Any], tmp_path: Path) -> None:
    trust = [
        {"Effect": "Allow", "Principal": one["who"], "Action": one["do"], "Condition": one.get("if", {})}
        for one in row["allow"]
    ]
    case = raw(tmp_path, trust)
    assert list(case.in_vain) == row["vain"]
    lead = explain_grant(case.expansion).lead
    assert lead.startswith("Nobody gets anything") is bool(row["vain"]), lead


def denied(*conditions: dict[str, Any]) -> list[dict[str, Any]]:
    whole = {**OPS, "Principal": {"AWS": [OTHER, "777788889999"]}}
    deny = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    return [whole, *({**deny, "Condition": one} for one in conditions)]


def test_a_caller_of_the_denied_account_is_no_example(tmp_path: Path) -> None:
    case = raw(tmp_path, denied({"StringEquals": {"aws:PrincipalAccount": OTHER}}))
    assert case.witness is not None
    assert case.caller_account == "777788889999"


def test_an_account_that_no_caller_lacks_is_never_left_out_of_a_request(tmp_path: Path) -> None:
    own = {**READ, "Effect": "Deny", "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}}
    assert raw(tmp_path, [OPS], READ, own).witness is None
    other = {**own, "Condition": {"StringEquals": {"aws:PrincipalAccount": OTHER}}}
    assert raw(tmp_path, [OPS], READ, other).witness is not None


def test_a_guard_for_services_is_told_as_it_holds(tmp_path: Path) -> None:
    config = {**EC2, "Principal": {"Service": "config.amazonaws.com"}}
    guard = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringNotEquals": {"aws:SourceAccount": ACCOUNT},
            "Bool": {"aws:PrincipalIsAWSService": "true"},
        },
    }
    found = {one.label: one.decision.allowed for one in probes(raw(tmp_path, [config, guard]))}
    assert found["without aws:SourceAccount"] is False
    assert not any("PrincipalIsAWSService" in label for label in found)


def here(case: Case, question: str) -> str:
    [grid] = [block for block in contrast_section(case).blocks if isinstance(block, Grid)]
    return next(row.cells[-1] for row in grid.rows if row.cells[0] == question)


def test_what_a_deny_asks_of_every_caller_is_told_as_asked(tmp_path: Path) -> None:
    mfa = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    vendor = {"StringNotEquals": {"sts:ExternalId": "abc-99-xyz"}}
    case = raw(tmp_path, denied(mfa, vendor))
    assert here(case, "MFA") == "Asked for, when the role is assumed."
    assert here(case, "External ID, against the confused deputy") == "Asked for."
    assert here(case, "The console") == "No Switch Role: it cannot send an external ID."
    assert here(raw(tmp_path, denied()), "MFA") == "Not asked for."


def test_a_grant_that_gives_nothing_tells_of_no_access(tmp_path: Path) -> None:
    case = raw(tmp_path, denied({"StringLike": {"aws:PrincipalArn": "*"}}))
    found = explain_grant(case.expansion)
    assert found.lead.startswith("Nobody gets anything")
    assert [section.key for section in found.sections] == ["path", "lines"]
    assert found.picture is not None
    assert "nothing" in [node.title for box in found.picture.boxes for node in box.nodes]


def test_attached_policies_that_are_not_at_hand_leave_the_answer_open(tmp_path: Path) -> None:
    grant = {
        "blueprint": "raw",
        "name": "odd",
        "account": ACCOUNT,
        "parameters": {
            "trust": {"Version": "2012-10-17", "Statement": [OPS]},
            "policies": {"main": {"Version": "2012-10-17", "Statement": [READ]}},
            "attached": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        },
    }
    case = case_of(from_text(json.dumps(grant), tmp_path))
    assert explain_action(case, "lightsail:GetDisks").lead.startswith("Undecided")
    assert explain_action(case, "lightsail:StopInstance").lead.startswith("Allowed")
    assert "whatever the request holds" not in str(reach_section(case))


def test_default_values_of_tags_count_for_a_role_without_the_tag(tmp_path: Path) -> None:
    value = "${aws:PrincipalTag/team, 'ops'}"
    tagged = {**TAGGED, "Condition": {"StringEquals": {"aws:ResourceTag/team": value}}}
    assert table(raw(tmp_path, [OPS], tagged)) == [(OPS["Principal"]["AWS"], "StopInstance")]  # type: ignore[index]
    files = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::b/{value}/*"}
    case = raw(tmp_path, [OPS], files)
    assert case.request is not None
    assert case.request.resource.startswith("arn:aws:s3:::b/ops/")


def test_everything_on_resources_of_one_service_is_shown_by_a_call_of_that_service(tmp_path: Path) -> None:
    case = raw(tmp_path, [OPS], {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::data/*"})
    assert case.request is not None
    assert case.request.action.startswith("s3:")
    assert [may for _, may in table(case)] == ["*"]


def test_many_statements_are_told_one_by_one(tmp_path: Path) -> None:
    head = f"arn:aws:lightsail:eu-west-1:{ACCOUNT}:Instance"
    names = ("Stop", "Start", "Reboot", "Delete")
    each = [{**READ, "Action": f"lightsail:{name}Instance", "Resource": f"{head}/{name}"} for name in names]
    more = [{**READ, "Action": f"s3:Get{n}", "Resource": f"arn:aws:s3:::b/{n}"} for n in range(4)]
    assert len(table(raw(tmp_path, [OPS], *each, *more))) == 8


def test_what_aws_asks_beside_an_action_and_a_deny_refuses_takes_the_action_out(tmp_path: Path) -> None:
    stack = {"Effect": "Allow", "Action": ["lightsail:CreateCloudFormationStack"], "Resource": "*"}
    everywhere = {"Effect": "Deny", "NotAction": "lightsail:*", "Resource": "*"}
    there = {**everywhere, "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}
    assert raw(tmp_path, [OPS], stack).hindered == ()
    assert raw(tmp_path, [OPS], stack, there).hindered == ()
    case = raw(tmp_path, [OPS], stack, everywhere)
    assert case.hindered == ("CreateCloudFormationStack",)
    assert "It comes to nothing" in str(reach_section(case))
    assert "yes, by CreateCloudFormationStack" not in str(reach_section(case))
    assert "the EC2 stack" not in str(ending_section(case))


def test_a_tag_that_is_sent_is_the_one_that_the_session_has(tmp_path: Path) -> None:
    action = ["sts:AssumeRole", "sts:TagSession"]
    gold = {**READ, "Condition": {"StringEquals": {"aws:PrincipalTag/tenant": "gold"}}}
    silver = {**OPS, "Action": action, "Condition": {"StringEquals": {"aws:RequestTag/tenant": "silver"}}}
    anything = {**OPS, "Action": action, "Condition": {"StringLike": {"aws:RequestTag/tenant": "*"}}}
    assert raw(tmp_path, [silver], gold).witness is None
    case = raw(tmp_path, [anything], gold)
    assert case.witness is not None
    assert case.witness.assume_context["aws:RequestTag/tenant"] == "gold"
