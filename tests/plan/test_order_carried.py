"""
The order of steps for all that a role or group carries: managed policies, attachments, boundaries, members.

As in test_order, each moment is put to the evaluator and compared with the two ends.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_builders import ACCOUNT, VENDOR, allow, deny, policy, role, sealed, snapshot, trust

from xacct.evaluate.engine import evaluate
from xacct.evaluate.model import Outcome, Policies, Request
from xacct.iam.ownership import TAG_GRANT
from xacct.iam.policy import PolicyDocument
from xacct.iam.things import (
    AccountThings,
    Group,
    GroupMember,
    GroupPolicy,
    HolderType,
    ManagedPolicy,
    PolicyAttachment,
    Role,
    RolePolicy,
    Thing,
)
from xacct.plan.diff import diff_grant
from xacct.plan.order import order_changes
from xacct.plan.perform import after_steps
from xacct.plan.removal import diff_removal
from xacct.plan.revoke import REVOCATION_NAME
from xacct.plan.steps import Step, inverse

ACTIONS = ("lightsail:GetDisks", "lightsail:RebootInstance", "lightsail:DeleteInstance")
PARTNER = "777788889999"
BOUNDARIES = {
    f"arn:aws:iam::{ACCOUNT}:policy/{name}": PolicyDocument.of(*statements)
    for name, statements in {
        "narrow": (allow(ACTIONS[0]),),
        "wide": (allow("lightsail:*"),),
        "denying": (allow("lightsail:*"), deny(ACTIONS[2])),
    }.items()
}
STATEMENTS = st.builds(
    lambda effect, actions: (allow if effect else deny)(*sorted(actions)),
    st.sampled_from([True, True, False]),
    st.sets(st.sampled_from(ACTIONS), min_size=1),
)
DOCUMENTS = st.lists(STATEMENTS, min_size=1, max_size=2)


def managed(name: str, statements: list[object]) -> ManagedPolicy:
    document = PolicyDocument.of(*statements)  # type: ignore[arg-type]
    return ManagedPolicy(name=name, path="/xacct/", document=document, tags={TAG_GRANT: "vendor"})


def attached(thing: ManagedPolicy, kind: HolderType = HolderType.ROLE) -> PolicyAttachment:
    return PolicyAttachment(holder_type=kind, holder="vendor", policy_arn=thing.arn(ACCOUNT))


@st.composite
def role_states(draw: st.DrawFn) -> list[Thing]:
    who = trust(*draw(st.sampled_from([(VENDOR,), (PARTNER,), (VENDOR, PARTNER)])))
    made = role(trust=who, boundary=draw(st.sampled_from([None, *BOUNDARIES])))
    inline = draw(st.dictionaries(st.sampled_from("ab"), DOCUMENTS, max_size=2))
    bodies = draw(st.dictionaries(st.sampled_from(["m1", "m2"]), DOCUMENTS, max_size=2))
    policies = [managed(name, list(body)) for name, body in sorted(bodies.items())]
    things = sealed(made, *(policy(*body, name=name) for name, body in sorted(inline.items())))
    return [*things, *policies, *(attached(thing) for thing in policies)]


@cache
def passes(documents: tuple[PolicyDocument, ...], boundary: PolicyDocument | None, action: str) -> bool:
    request = Request(
        principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/vendor/s",
        action=action,
        resource="*",
        resource_account=ACCOUNT,
        context={"aws:TokenIssueTime": "2026-11-22T11:00:00Z"},
    )
    limits = None if boundary is None else (boundary,)
    return evaluate(request, Policies(identity=documents, boundary=limits)).outcome is Outcome.ALLOWED


@cache
def admits(document: PolicyDocument, account: str) -> bool:
    arn = f"arn:aws:iam::{account}:role/robot"
    everything = PolicyDocument.of(allow("*"))
    request = Request(
        principal=arn,
        action="sts:AssumeRole",
        resource=f"arn:aws:iam::{ACCOUNT}:role/xacct/vendor",
        resource_account=ACCOUNT,
        context={},
    )
    return evaluate(request, Policies(identity=(everything,), resource=document)).outcome is Outcome.ALLOWED


def role_access(things: AccountThings) -> set[tuple[str, str]]:
    found = things.role("vendor")
    if found is None:
        return set()
    documents = tuple(things.policies_of_role("vendor"))
    boundary = BOUNDARIES.get(found.boundary or "")
    return {
        (account, action)
        for account, action in product((VENDOR, PARTNER), ACTIONS)
        if admits(found.trust, account) and passes(documents, boundary, action)
    }


def group_access(things: AccountThings) -> set[tuple[str, str]]:
    documents = [thing.document for thing in things if isinstance(thing, GroupPolicy)]
    for thing in things:
        if isinstance(thing, PolicyAttachment) and thing.holder_type is HolderType.GROUP:
            found = things.managed_policy(thing.policy_arn)
            documents += [found.document] if found else []
    members = [thing.user for thing in things if isinstance(thing, GroupMember)]
    return {
        (user, action) for user, action in product(members, ACTIONS) if passes(tuple(documents), None, action)
    }


def walk(
    before: AccountThings, after: AccountThings, steps: list[Step], start: AccountThings
) -> AccountThings:
    """Take the steps one by one; every moment is as after a crash there."""
    look = group_access if any(isinstance(thing, Group) for thing in (*before, *after)) else role_access
    ends = look(before) | look(after)
    current = start
    for step in steps:
        current = after_steps(current, [step])
        assert look(current) <= ends, step
    return current


def tidy(things: AccountThings) -> dict[object, Thing]:
    return {
        key: thing
        for key, thing in things.things.items()
        if not (isinstance(thing, RolePolicy) and thing.name == REVOCATION_NAME)
    }


@given(role_states(), role_states())
@settings(deadline=None, max_examples=120)
def test_managed_policies_and_boundaries_never_open_more_in_between(
    one: list[Thing], other: list[Thing]
) -> None:
    before, after = AccountThings(ACCOUNT, one), AccountThings(ACCOUNT, other)
    steps = order_changes(diff_grant("vendor", other, snapshot(*one)).changes, {}, now="2026-11-22T10:00:00Z")
    assert tidy(walk(before, after, steps, before)) == dict(after.things)


@given(role_states(), role_states(), st.integers(0, 14))
@settings(deadline=None, max_examples=60)
def test_undoing_them_is_as_safe(one: list[Thing], other: list[Thing], failed_at: int) -> None:
    before, after = AccountThings(ACCOUNT, one), AccountThings(ACCOUNT, other)
    steps = order_changes(diff_grant("vendor", other, snapshot(*one)).changes, {})[:failed_at]
    undoing = [step for done in reversed(steps) for step in inverse(done) or []]
    assert walk(before, after, undoing, after_steps(before, steps)) == before


@st.composite
def group_states(draw: st.DrawFn) -> list[Thing]:
    inline = draw(st.dictionaries(st.sampled_from("ab"), DOCUMENTS, max_size=2))
    bodies = draw(st.dictionaries(st.sampled_from(["m1", "m2"]), DOCUMENTS, max_size=2))
    users = draw(st.sets(st.sampled_from(["jane", "raj"]), max_size=2))
    policies = [managed(name, list(body)) for name, body in sorted(bodies.items())]
    return [
        Group(name="vendor", path="/xacct/"),
        *(
            GroupPolicy(group="vendor", name=name, document=PolicyDocument.of(*body))
            for name, body in sorted(inline.items())
        ),
        *policies,
        *(attached(thing, HolderType.GROUP) for thing in policies),
        *(GroupMember(group="vendor", user=user) for user in sorted(users)),
    ]


@given(group_states(), group_states())
@settings(deadline=None, max_examples=100)
def test_no_member_of_a_group_has_more_in_between(one: list[Thing], other: list[Thing]) -> None:
    before, after = AccountThings(ACCOUNT, one), AccountThings(ACCOUNT, other)
    steps = order_changes(diff_grant("vendor", other, snapshot(*one)).changes, {})
    assert walk(before, after, steps, before) == after


@given(role_states())
@settings(deadline=None, max_examples=40)
def test_a_role_with_all_it_carries_comes_and_goes_safely(things: list[Thing]) -> None:
    nothing, made = AccountThings(ACCOUNT, ()), AccountThings(ACCOUNT, things)
    coming = order_changes(diff_grant("vendor", things, snapshot()).changes, {})
    assert walk(nothing, made, coming, nothing) == made
    going = order_changes(diff_removal("vendor", things, snapshot(*things), force_foreign=True).changes, {})
    assert walk(made, nothing, going, made) == nothing


def test_the_builders_make_what_the_laws_are_about() -> None:
    one = managed("m1", [allow(ACTIONS[0])])
    things = AccountThings(ACCOUNT, [*sealed(role(trust=trust(VENDOR))), one, attached(one)])
    assert role_access(things) == {(VENDOR, ACTIONS[0])}
    found = things.role("vendor")
    assert isinstance(found, Role)
    limited = attrs.evolve(found, boundary=f"arn:aws:iam::{ACCOUNT}:policy/denying")
    assert role_access(AccountThings(ACCOUNT, [limited, one, attached(one)])) == {(VENDOR, ACTIONS[0])}
