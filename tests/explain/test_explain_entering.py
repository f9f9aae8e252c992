"""Laws about who gets in: nobody who does is told away, and the example's caller can ask as it is shown."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from explain_builders import from_text
from hypothesis import example, given, settings
from hypothesis import strategies as st

from xacct.evaluate.engine import compile_policies
from xacct.evaluate.model import Policies, Request
from xacct.explain import explain_grant
from xacct.explain.case import ALLOW_ALL, Case
from xacct.explain.cases import case_of
from xacct.iam.arn import Arn

OWN = "111122223333"
ACCOUNTS = ("444455556666", "777788889999", OWN, "123123123123")
PRINCIPALS = (
    "arn:aws:iam::444455556666:root",
    "777788889999",
    f"arn:aws:iam::{OWN}:root",
    "arn:aws:iam::444455556666:user/ops-al",
    "arn:aws:iam::444455556666:user/bob",
    "arn:aws:iam::444455556666:role/audit-x",
    "*",
)
ALLOWING: tuple[dict[str, Any], ...] = (
    {},
    {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    {"StringEquals": {"aws:PrincipalType": "AssumedRole"}},
    {"StringNotEquals": {"aws:PrincipalType": ["User", "Account"]}},
    {"StringLike": {"aws:username": "ops-*"}},
    {"StringEquals": {"aws:username": "bob"}},
    {"Null": {"aws:username": "true"}},
    {"StringLike": {"sts:RoleSessionName": "${aws:username}"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/audit-*"}},
    {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}},
    {"StringNotEquals": {"aws:PrincipalAccount": ["444455556666", OWN]}},
    {"StringEquals": {"aws:PrincipalAccount": "777788889999"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"StringEquals": {"sts:ExternalId": "c-11"}},
)
DENYING: tuple[dict[str, Any], ...] = (
    {"StringEquals": {"aws:PrincipalAccount": "444455556666"}},
    {"StringNotEquals": {"aws:PrincipalAccount": "777788889999"}},
    {"StringEquals": {"aws:PrincipalType": "User"}},
    {"StringNotEquals": {"aws:PrincipalType": "AssumedRole"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}},
    {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/*"}},
    {"Null": {"aws:username": "false"}},
    {"StringNotLike": {"aws:username": "ops-*"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    {"Null": {"aws:MultiFactorAuthAge": "true"}},
    {"StringNotEquals": {"sts:ExternalId": "c-11"}},
    {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    {"Bool": {"aws:PrincipalIsAWSService": "true"}},
)


def statement(effect: str, principals: list[str], condition: dict[str, Any]) -> dict[str, Any]:
    named = {"AWS": "*" if "*" in principals else principals}
    return {"Effect": effect, "Principal": named, "Action": "sts:AssumeRole", "Condition": condition}


def allowing() -> st.SearchStrategy[dict[str, Any]]:
    who = st.lists(st.sampled_from(PRINCIPALS), min_size=1, max_size=3, unique=True)
    return st.builds(statement, st.just("Allow"), who, st.sampled_from(ALLOWING))


def denying() -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(statement, st.just("Deny"), st.just(["*"]), st.sampled_from(DENYING))


TRUSTS = st.builds(
    lambda allows, denies: [*allows, *denies],
    st.lists(allowing(), min_size=1, max_size=2),
    st.lists(denying(), max_size=2),
)


def case_with(trust: list[dict[str, Any]]) -> Case:
    version = "2012-10-17"
    stop = {"Effect": "Allow", "Action": "lightsail:StopInstance", "Resource": "*"}
    documents = {
        "trust": {"Version": version, "Statement": trust},
        "policies": {"main": {"Version": version, "Statement": [stop]}},
    }
    grant = {"blueprint": "raw", "name": "odd", "account": OWN, "parameters": documents}
    with tempfile.TemporaryDirectory() as folder:
        return case_of(from_text(json.dumps(grant), Path(folder)))


def requests(case: Case) -> Iterator[Request]:
    """Calls of users and roles of some accounts, each with all that AWS puts into it."""
    names = ("user/example", "user/ops-al", "user/bob", "role/example", "role/audit-x")
    for account, name, org, external in product(ACCOUNTS, names, (True, False), (True, False)):
        is_user = name.startswith("user/")
        for mfa, session in product((True, False) if is_user else (False,), ("example", name[5:])):
            arn = f"arn:aws:iam::{account}:{name}"
            context = {
                "aws:PrincipalArn": arn,
                "aws:PrincipalAccount": account,
                "aws:PrincipalType": "User" if is_user else "AssumedRole",
                "aws:PrincipalIsAWSService": "false",
                "sts:RoleSessionName": session,
                **({"aws:username": name[5:]} if is_user else {}),
                **({"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "60"} if mfa else {}),
                **({"aws:PrincipalOrgID": "o-a1b2c3d4e5"} if org else {}),
                **({"sts:ExternalId": "c-11"} if external else {}),
            }
            yield Request(
                principal=arn,
                action="sts:AssumeRole",
                resource=case.role_arn,
                resource_account=OWN,
                context=context,
            )


ROLES_BUT_NOT_OF = [
    statement(
        "Allow", list(PRINCIPALS[:2]), {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/audit-*"}}
    ),
    statement("Deny", ["*"], {"StringEquals": {"aws:PrincipalAccount": "444455556666"}}),
]
ROLES_ALONE = [statement("Allow", [PRINCIPALS[0]], {"StringEquals": {"aws:PrincipalType": "AssumedRole"}})]
ONE_NAME = [statement("Allow", [PRINCIPALS[0]], {"StringEquals": {"aws:username": "bob"}})]


@given(TRUSTS)
@example(ROLES_BUT_NOT_OF)
@example(ROLES_ALONE)
@example(ONE_NAME)
@settings(deadline=None)
def test_nobody_who_gets_in_is_told_away(trust: list[dict[str, Any]]) -> None:
    case = case_with(trust)
    assert case.access is not None
    compiled = compile_policies(Policies(identity=(ALLOW_ALL,), resource=case.access.trust))
    entering = [one.principal for one in requests(case) if compiled.decide(one).allowed]
    if entering:
        lead = explain_grant(case.expansion).lead
        assert not lead.startswith("Nobody"), entering[0]


@given(TRUSTS)
@settings(deadline=None)
def test_the_caller_of_the_example_can_ask_as_it_does(trust: list[dict[str, Any]]) -> None:
    case = case_with(trust)
    assume = case.assume_request
    if assume is None:
        return
    assert case.decide_assume(assume).allowed
    told = {key.lower(): value for key, value in assume.context.items()}
    parsed = Arn.parse(assume.principal)
    is_user = parsed.resource_type == "user"
    assert told.get("aws:username", parsed.name) == parsed.name
    assert is_user or not {"aws:username", "aws:multifactorauthage"} & set(told)
    assert is_user or told.get("aws:multifactorauthpresent", "false") == "false"
    assert told.get("aws:principalaccount", parsed.account) == parsed.account
    kind = "User" if is_user else "AssumedRole"
    assert told.get("aws:principaltype", kind) == kind
