"""
The verdict against the evaluator, over random pairs of policies and random requests made of their words.

XACCT_ACCESS_PAIRS sets how many pairs are tried (the suite takes few, for time); each gets 25 requests.
"""

from __future__ import annotations

import copy
import os
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.errors import InputError
from xacct.evaluate.engine import CompiledPolicies, compile_policies
from xacct.evaluate.model import Policies, Request
from xacct.iam.policy import PolicyDocument
from xacct.lint.keys import is_single
from xacct.plan.access import RoleAccess
from xacct.plan.access.delta import access_delta, ask_permissions, ask_trust
from xacct.plan.model import Effect, Verdict

PAIRS = int(os.environ.get("XACCT_ACCESS_PAIRS", "360"))
PAIRS_AT_ONCE = 6
REQUESTS = 25

OWN, OTHER = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{OWN}:role/xacct/r"
LIGHTSAIL = "arn:aws:lightsail"
ALL = PolicyDocument.from_json(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)

ACTIONS = (
    "lightsail:GetInstances",
    "lightsail:Get*",
    "lightsail:*",
    "*",
    "lightsail:DeleteInstance",
    "LIGHTSAIL:getinstance?",
    "lightsail:*Instance",
    "s3:Get?bject",
    "*:Get*",
)
RESOURCES = (
    "*",
    f"{LIGHTSAIL}:eu-west-1:{OWN}:Instance/*",
    f"{LIGHTSAIL}:*:{OWN}:Instance/*",
    f"{LIGHTSAIL}:*:*:*",
    f"{LIGHTSAIL}:eu-west-1:{OWN}:Instance/abc",
    f"{LIGHTSAIL}:eu-west-?:{OWN}:Disk/a*",
    "arn:aws:*:eu-west-1:1*:Instance/x",
    f"{LIGHTSAIL}:eu-west-1:{OWN}:Instance/${{aws:username}}",
    "arn:*",
    f"{LIGHTSAIL}:eu*",
    f"{LIGHTSAIL}:e*t-1:{OWN}:Instance/*",
    f"{LIGHTSAIL}:eu-west-1:{OWN}:Instance/a${{*}}c",
    "**",
    "a?*",
)
VALUES = {
    "sts:ExternalId": ("a", "b", "A", "a*", "?b", "${aws:username}", "a${*}", "*"),
    "aws:SourceIp": ("10.0.0.0/8", "10.1.0.0/16", "192.0.2.7", "2001:db8::/32", "10.0.0.0/33"),
    "aws:CurrentTime": ("2027-01-31T00:00:00Z", "2027-02-28", "2027-01-31", "1800000000"),
    "aws:MultiFactorAuthAge": ("3600", "7200", "3600.0", "-1"),
    "aws:MultiFactorAuthPresent": ("true", "false", "True"),
    "aws:TagKeys": ("team", "env", "Team", "te*"),
    "aws:PrincipalArn": (
        f"arn:aws:iam::{OTHER}:role/*",
        "arn:aws:iam::*:role/a",
        f"arn:aws:iam::{OTHER}:role/a",
        "arn:aws:iam::4444*:user/?",
        "*",
    ),
}
OPERATORS = {
    "sts:ExternalId": (
        "StringEquals",
        "StringLike",
        "StringNotEquals",
        "StringNotLike",
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
    ),
    "aws:SourceIp": ("IpAddress", "NotIpAddress", "StringEquals", "StringLike"),
    "aws:CurrentTime": (
        "DateLessThan",
        "DateLessThanEquals",
        "DateGreaterThan",
        "DateGreaterThanEquals",
        "DateEquals",
        "DateNotEquals",
        "StringLike",
    ),
    "aws:MultiFactorAuthAge": (
        "NumericLessThan",
        "NumericGreaterThanEquals",
        "NumericEquals",
        "NumericNotEquals",
        "NumericLessThanEquals",
    ),
    "aws:MultiFactorAuthPresent": ("Bool", "StringEquals"),
    "aws:TagKeys": ("StringEquals", "StringLike", "StringNotEquals"),
    "aws:PrincipalArn": ("ArnLike", "ArnEquals", "ArnNotLike", "StringLike", "StringEquals"),
}
PRINCIPALS = (
    ("AWS", OWN),
    ("AWS", OTHER),
    ("AWS", f"arn:aws:iam::{OTHER}:root"),
    ("AWS", f"arn:aws:iam::{OTHER}:role/p/a"),
    ("AWS", f"arn:aws:iam::{OTHER}:role/a"),
    ("AWS", f"arn:aws:iam::{OWN}:role/a"),
    ("AWS", f"arn:aws:iam::{OWN}:user/u"),
    ("AWS", f"arn:aws:sts::{OTHER}:assumed-role/a/s"),
    ("AWS", f"arn:aws:sts::{OWN}:assumed-role/a/s"),
    ("AWS", "*"),
    ("Federated", f"arn:aws:iam::{OWN}:saml-provider/s"),
    ("Federated", "accounts.google.com"),
    ("Service", "lightsail.amazonaws.com"),
    ("AWS", "AIDAEXAMPLE"),
    ("AWS", "arn:aws:iam::123456789012:user/x"),
)
TRUST_ACTIONS = (
    "sts:AssumeRole",
    "sts:AssumeRole*",
    "sts:*",
    "sts:TagSession",
    "sts:AssumeRoleWithSAML",
    "*",
)
ASKED_VALUES = {
    "sts:ExternalId": ("", "x", "ab", "abc", "Ab", "cb", "a*", "ALICE", "alice"),
    "aws:SourceIp": ("10.1.2.3", "10.200.0.1", "192.0.2.8", "::1", "2001:db8::5", "x"),
    "aws:CurrentTime": ("2027-01-30T12:00:00Z", "2027-02-15T00:00:00.5Z", "2028-01-01", "x"),
    "aws:MultiFactorAuthAge": ("0", "5000", "9999", "3600.5", "x"),
    "aws:MultiFactorAuthPresent": ("x", "TRUE"),
    "aws:TagKeys": ("", "a", "teams"),
    "aws:PrincipalArn": (
        f"arn:aws:iam::{OTHER}:user/a",
        f"arn:aws:iam::{OTHER}:role/p/a",
        "arn:aws:iam::1:role/a",
        "a:b",
    ),
}
ASKED_RESOURCES = (
    "*",
    f"{LIGHTSAIL}:eu-west-1:{OWN}:Instance/abc",
    f"{LIGHTSAIL}:eu-west-1:{OWN}:Instance/x",
    f"{LIGHTSAIL}:us-east-1:{OWN}:Instance/alice",
    f"{LIGHTSAIL}:eu-west-1:{OWN}:Instance/alice",
    f"{LIGHTSAIL}:eu-west-2:{OWN}:Disk/abc",
    f"{LIGHTSAIL}:eu-west-1:999:Disk/q",
    "arn:aws:s3:::b/k",
    f"{LIGHTSAIL}:ea:st-1:{OWN}:Instance/zz",
    f"{LIGHTSAIL}:eu-west-1:{OWN}:Instance/a*c",
    "zz",
)
ASKED_ACTIONS = (
    "lightsail:GetInstances",
    "lightsail:GetInstanceX",
    "lightsail:GetInstance",
    "lightsail:DeleteInstance",
    "s3:GetObject",
    "s3:PutObject",
    "ec2:GetThing",
    "lightsail:CreateInstance",
)
ASKED_TRUST_ACTIONS = (
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:TagSession",
    "sts:SetSourceIdentity",
)
CALLERS = (
    f"arn:aws:iam::{OTHER}:user/q",
    f"arn:aws:iam::{OTHER}:role/p/a",
    f"arn:aws:iam::{OTHER}:role/a",
    f"arn:aws:sts::{OTHER}:assumed-role/a/s",
    f"arn:aws:sts::{OTHER}:assumed-role/a/t",
    f"arn:aws:sts::{OWN}:assumed-role/a/s",
    f"arn:aws:sts::{OWN}:assumed-role/a/t",
    f"arn:aws:iam::{OWN}:user/u",
    f"arn:aws:iam::{OWN}:user/v",
    f"arn:aws:iam::{OWN}:role/a",
    f"arn:aws:iam::{OWN}:root",
    f"arn:aws:sts::{OWN}:federated-user/f",
    "arn:aws:iam::777788889999:user/k",
    "arn:aws:iam::123456789012:user/x",
    f"arn:aws:iam::{OWN}:saml-provider/s",
    f"arn:aws:iam::{OWN}:saml-provider/t",
    "accounts.google.com",
    "lightsail.amazonaws.com",
    "ec2.amazonaws.com",
)

Json = dict[str, Any]


def some(random: Random, values: tuple[str, ...], most: int = 2) -> list[str]:
    return random.sample(values, random.randint(1, most))


def conditions(random: Random) -> Json:
    out: Json = {}
    for _ in range(random.choice((0, 0, 1, 1, 1, 2))):
        key = random.choice(list(VALUES)) if random.random() < 0.7 else "sts:ExternalId"
        if random.random() < 0.1:
            operator, values = "Null", [random.choice(("true", "false"))]
        else:
            operator, values = random.choice(OPERATORS[key]), some(random, VALUES[key], 3)
            if random.random() < 0.25:
                operator = random.choice(("ForAllValues:", "ForAnyValue:")) + operator
            if random.random() < 0.2:
                operator += "IfExists"
        written = key.lower() if random.random() < 0.2 else key
        keys = out.setdefault(operator, {})
        if written.lower() not in map(str.lower, keys):
            keys[written] = values
    return out


def statement(random: Random, *, trust: bool) -> Json:
    out: Json = {"Effect": "Deny" if random.random() < 0.25 else "Allow"}
    name = "NotAction" if random.random() < 0.1 else "Action"
    out[name] = some(random, TRUST_ACTIONS if trust else ACTIONS)
    if trust:
        principals: dict[str, list[str]] = {}
        for kind, value in random.sample(PRINCIPALS, random.randint(1, 3)):
            principals.setdefault(kind, []).append(value)
        out["NotPrincipal" if random.random() < 0.07 else "Principal"] = principals
    else:
        out["NotResource" if random.random() < 0.12 else "Resource"] = some(random, RESOURCES)
    block = conditions(random)
    if block:
        out["Condition"] = block
    return out


def document(random: Random, *, trust: bool) -> Json:
    version = "2012-10-17" if random.random() < 0.93 else "2008-10-17"
    count = random.randint(1, 3)
    return {"Version": version, "Statement": [statement(random, trust=trust) for _ in range(count)]}


def changed(random: Random, before: Json, *, trust: bool) -> Json:
    """A document near to another one: what people do to policies, and splits that change nothing."""
    after = copy.deepcopy(before)
    statements = after["Statement"]
    for _ in range(random.choice((1, 1, 2))):
        _change(random, statements, random.randrange(len(statements)), trust=trust)
    random.shuffle(statements)
    return after


def _change(random: Random, statements: list[Json], index: int, *, trust: bool) -> None:
    one = statements[index]
    match random.randrange(6):
        case 0:
            statements.append(statement(random, trust=trust))
        case 1 if len(statements) > 1:
            statements.pop(index)
        case 2:
            one.pop("Condition", None)
            one.update({"Condition": block} if (block := conditions(random)) else {})
        case 3:
            for name in ("Action", "Resource"):
                if len(one.get(name, ())) > 1:
                    statements[index] = {**one, name: one[name][:1]}
                    statements.append({**one, name: one[name][1:]})
                    return
        case 4 if "Action" in one:
            one["Action"] = some(random, TRUST_ACTIONS if trust else ACTIONS)
        case _:
            for operator, keys in one.get("Condition", {}).items():
                for key in keys:
                    names = {name.lower(): values for name, values in VALUES.items()}
                    if operator != "Null":
                        keys[key] = some(random, names[key.lower()], 3)


def context(random: Random) -> dict[str, str | tuple[str, ...]]:
    out: dict[str, str | tuple[str, ...]] = {}
    for key in random.sample(list(VALUES), random.randint(0, 4)):
        values = (*VALUES[key], *ASKED_VALUES[key])
        several = random.random() < 0.25 and not is_single(key.lower())
        out[key] = tuple(random.sample(values, random.randint(0, 3))) if several else random.choice(values)
    if random.random() < 0.5:
        out["aws:username"] = random.choice(("alice", "a", "x", "b"))
    if random.random() < 0.2:
        out["aws:userid"] = "AIDAEXAMPLE"
    return out


def role(trust: Json | None, policy: Json | None, boundary: Json | None) -> RoleAccess:
    return RoleAccess(
        account=OWN,
        role_arn=ROLE,
        trust=PolicyDocument.from_json(trust) if trust else PolicyDocument.of(),
        policies=(PolicyDocument.from_json(policy),) if policy else (),
        boundary=PolicyDocument.from_json(boundary) if boundary else None,
    )


def pair(random: Random, *, trust: bool) -> tuple[RoleAccess, RoleAccess]:
    before = document(random, trust=trust)
    near = random.random() < 0.7
    after = changed(random, before, trust=trust) if near else document(random, trust=trust)
    if trust:
        return role(before, None, None), role(after, None, None)
    limit = document(random, trust=False) if random.random() < 0.2 else None
    first = limit if random.random() < 0.5 else None
    return role(None, before, first), role(None, after, limit)


def callers_side(access: RoleAccess, index: int) -> Policies:
    """The trust policy with callers whose own policies leave more and more open."""
    identity, boundary, session = (
        ((ALL,), None, None),
        ((), None, None),
        ((), (), None),
        ((), (), ()),
        ((ALL,), (ALL,), (ALL,)),
    )[index]
    return Policies(identity=identity, resource=access.trust, boundary=boundary, session=session)


def own_side(access: RoleAccess) -> Policies:
    return Policies(
        identity=access.policies, boundary=None if access.boundary is None else (access.boundary,)
    )


def trust_request(random: Random) -> tuple[Request, int]:
    caller = random.choice(CALLERS)
    has_own_policies = ":" in caller and "provider" not in caller
    request = Request(
        principal=caller,
        action=random.choice(ASKED_TRUST_ACTIONS),
        resource=ROLE,
        resource_account=OWN,
        context=context(random),
    )
    return request, random.randrange(5) if has_own_policies else 0


def own_request(random: Random) -> Request:
    """A request of the role's session, which tells of the role in ``aws:PrincipalArn``."""
    action, resource = random.choice(ASKED_ACTIONS), random.choice(ASKED_RESOURCES)
    told = {key: value for key, value in context(random).items() if key.lower() != "aws:principalarn"}
    return Request(
        principal=f"arn:aws:sts::{OWN}:assumed-role/r/session",
        action=action,
        resource=resource,
        resource_account=OWN,
        context={**told, "aws:PrincipalArn": ROLE},
    )


def check(
    verdict: Verdict, on_before: CompiledPolicies, on_after: CompiledPolicies, request: Request
) -> None:
    before, after = on_before.decide(request).allowed, on_after.decide(request).allowed
    if after and not before:
        assert verdict not in (Verdict.EQUAL, Verdict.NARROWER), request
    if before and not after:
        assert verdict not in (Verdict.EQUAL, Verdict.WIDER), request


@settings(max_examples=max(1, PAIRS // PAIRS_AT_ONCE), deadline=None)
@given(seed=st.integers(0, 2**48))
def test_nothing_newly_allowed_is_ever_called_equal_or_narrower(seed: int) -> None:
    random = Random(seed)
    for number in range(PAIRS_AT_ONCE):
        trust = number % 2 == 0
        before, after = pair(random, trust=trust)
        try:
            if trust:
                sides = [
                    [compile_policies(callers_side(one, i)) for i in range(5)] for one in (before, after)
                ]
            else:
                sides = [[compile_policies(own_side(one))] for one in (before, after)]
        except InputError:
            continue  # a document that IAM would refuse
        verdict = (ask_trust if trust else ask_permissions)(before, after).verdict
        for _ in range(REQUESTS):
            request, index = trust_request(random) if trust else (own_request(random), 0)
            check(verdict, sides[0][index], sides[1][index], request)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**48))
def test_rows_tell_the_effects_that_the_verdict_tells(seed: int) -> None:
    random = Random(seed)
    trust = random.random() < 0.5
    before, after = pair(random, trust=trust)
    delta = access_delta(before, after)
    shown = {row.effect for row in delta.rows if row.witness is not None}
    expected = {
        Verdict.EQUAL: set(),
        Verdict.WIDER: {Effect.GAIN},
        Verdict.NARROWER: {Effect.LOSE},
        Verdict.BOTH: {Effect.GAIN, Effect.LOSE},
    }
    assert delta.verdict is Verdict.UNKNOWN or shown == expected[delta.verdict]
    mirrored = access_delta(after, before).verdict
    turned = {Verdict.WIDER: Verdict.NARROWER, Verdict.NARROWER: Verdict.WIDER}
    # What is undecided may be decided the other way round, when another example comes first.
    assert Verdict.UNKNOWN in (mirrored, delta.verdict) or mirrored is turned.get(
        delta.verdict, delta.verdict
    )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**48))
def test_access_against_itself_in_another_order_is_equal(seed: int) -> None:
    random = Random(seed)
    trust = random.random() < 0.5
    before = document(random, trust=trust)
    after = copy.deepcopy(before)
    random.shuffle(after["Statement"])
    for one in after["Statement"]:
        for name in ("Action", "NotAction", "Resource", "NotResource"):
            if name in one:
                random.shuffle(one[name])
    sides = [role(one, None, None) if trust else role(None, one, None) for one in (before, after)]
    delta = access_delta(sides[0], sides[1])
    assert (delta.verdict, delta.rows) == (Verdict.EQUAL, ())
