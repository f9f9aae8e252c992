"""The order of steps, proved against the evaluator: no moment gives what neither state gives."""

from __future__ import annotations

from functools import cache
from itertools import product

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_builders import ACCOUNT, VENDOR, allow, deny, policy, role, sealed, snapshot, trust

from xacct.evaluate.engine import evaluate
from xacct.evaluate.model import Outcome, Policies, Request
from xacct.iam.policy import Effect, PolicyDocument, Statement
from xacct.iam.things import AccountThings, Role, RolePolicy, Thing
from xacct.plan.diff import diff_grant
from xacct.plan.model import Containment, Verdict
from xacct.plan.order import TRANSITION_NAME, order_changes
from xacct.plan.perform import after_steps
from xacct.plan.removal import diff_removal
from xacct.plan.revoke import REVOCATION_NAME
from xacct.plan.steps import Step, inverse

PARTNER = "777788889999"
ACTIONS = ("lightsail:GetDisks", "lightsail:RebootInstance", "lightsail:DeleteInstance")
CALLERS = tuple((account, external) for account in (VENDOR, PARTNER) for external in (None, "e-1", "e-2"))


@cache
def admits(document: PolicyDocument, caller: tuple[str, str | None]) -> bool:
    account, external = caller
    request = Request(
        principal=f"arn:aws:iam::{account}:role/robot",
        action="sts:AssumeRole",
        resource=f"arn:aws:iam::{ACCOUNT}:role/xacct/vendor",
        resource_account=ACCOUNT,
        context={"sts:ExternalId": external} if external else {},
    )
    everything = PolicyDocument.of(Statement(effect=Effect.ALLOW, actions=("*",), resources=("*",)))
    return evaluate(request, Policies(identity=(everything,), resource=document)).outcome is Outcome.ALLOWED


def gives(things: AccountThings, action: str, issued: str) -> bool:
    if things.role("vendor") is None:
        return False
    return allows(tuple(things.policies_of_role("vendor")), action, issued)


@cache
def allows(documents: tuple[PolicyDocument, ...], action: str, issued: str) -> bool:
    request = Request(
        principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/vendor/s",
        action=action,
        resource="*",
        resource_account=ACCOUNT,
        context={"aws:TokenIssueTime": issued},
    )
    return evaluate(request, Policies(identity=documents)).outcome is Outcome.ALLOWED


OLD, NEW, NOW = "2026-11-22T09:00:00Z", "2026-11-22T11:00:00Z", "2026-11-22T10:00:00Z"


def access(things: AccountThings) -> set[tuple[tuple[str, str | None], str]]:
    """Every caller with every action it can reach by a new session."""
    found = things.role("vendor")
    if found is None:
        return set()
    callers = [caller for caller in CALLERS if admits(found.trust, caller)]
    return {(caller, action) for caller, action in product(callers, ACTIONS) if gives(things, action, NEW)}


def sessions(
    things: AccountThings, holders: set[tuple[str, str | None]]
) -> set[tuple[tuple[str, str | None], str]]:
    """What those who got sessions before the change can do with them."""
    return {(caller, action) for caller, action in product(holders, ACTIONS) if gives(things, action, OLD)}


def verdict(before: set[object], after: set[object]) -> Verdict:
    match (bool(after - before), bool(before - after)):
        case (False, False):
            return Verdict.EQUAL
        case (True, False):
            return Verdict.WIDER
        case (False, True):
            return Verdict.NARROWER
        case _:
            return Verdict.BOTH


def containment(before: AccountThings, after: AccountThings) -> Containment:
    old, new = before.role("vendor"), after.role("vendor")
    if old is None or new is None:
        return Containment()
    return Containment(
        trust=verdict(
            {caller for caller in CALLERS if admits(old.trust, caller)},
            {caller for caller in CALLERS if admits(new.trust, caller)},
        ),
        permissions=verdict(
            {action for action in ACTIONS if gives(before, action, NEW)},
            {action for action in ACTIONS if gives(after, action, NEW)},
        ),
    )


STATEMENTS = st.builds(
    lambda effect, actions: (allow if effect else deny)(*sorted(actions)),
    st.sampled_from([True, True, False]),
    st.sets(st.sampled_from(ACTIONS), min_size=1),
)
DOCUMENTS = st.lists(STATEMENTS, min_size=1, max_size=3)
TRUSTS = st.sampled_from(
    [
        trust(VENDOR, external_id="e-1"),
        trust(VENDOR, external_id="e-2"),
        trust(VENDOR),
        trust(PARTNER, external_id="e-1"),
        trust(VENDOR, PARTNER),
    ]
)
STATES = st.builds(
    lambda document, policies: sealed(
        role(trust=document),
        *(policy(*statements, name=name) for name, statements in sorted(policies.items())),
    ),
    TRUSTS,
    st.dictionaries(st.sampled_from("abc"), DOCUMENTS, max_size=3),
)


def walk(
    before: AccountThings, after: AccountThings, steps: list[Step], start: AccountThings | None = None
) -> AccountThings:
    """Take the steps one by one and compare each moment with the two ends; return the last."""
    ends = access(before) | access(after)
    old_role = before.role("vendor")
    holders = {caller for caller in CALLERS if old_role and admits(old_role.trust, caller)}
    may_keep = sessions(before, holders) | access(after)
    current = before if start is None else start
    for step in steps:
        current = after_steps(current, [step])
        assert access(current) <= ends, step
        assert sessions(current, holders) <= may_keep, step
    return current


def without_helpers(things: AccountThings) -> dict[object, Thing]:
    return {
        key: thing
        for key, thing in things.things.items()
        if not (isinstance(thing, RolePolicy) and thing.name == REVOCATION_NAME)
    }


@given(STATES, STATES)
@settings(deadline=None, max_examples=300)
def test_no_moment_of_an_update_gives_what_neither_state_gives(one: list[Thing], other: list[Thing]) -> None:
    before, after = AccountThings(ACCOUNT, one), AccountThings(ACCOUNT, other)
    found = containment(before, after)
    changes = diff_grant("vendor", other, snapshot(*one)).changes
    steps = order_changes(changes, {"vendor": found}, now=NOW)
    last = walk(before, after, steps)
    assert without_helpers(last) == dict(after.things)


@given(STATES, STATES)
@settings(deadline=None, max_examples=60)
def test_without_knowledge_of_containment_the_order_is_safe_too(one: list[Thing], other: list[Thing]) -> None:
    before, after = AccountThings(ACCOUNT, one), AccountThings(ACCOUNT, other)
    steps = order_changes(diff_grant("vendor", other, snapshot(*one)).changes, {}, now=NOW)
    assert without_helpers(walk(before, after, steps)) == dict(after.things)


@given(STATES, STATES, st.integers(0, 12))
@settings(deadline=None, max_examples=80)
def test_undoing_a_run_that_failed_is_as_safe(one: list[Thing], other: list[Thing], failed_at: int) -> None:
    before, after = AccountThings(ACCOUNT, one), AccountThings(ACCOUNT, other)
    steps = order_changes(
        diff_grant("vendor", other, snapshot(*one)).changes,
        {"vendor": containment(before, after)},
        now=NOW,
    )[:failed_at]
    undoing = [step for done in reversed(steps) for step in inverse(done) or []]
    middle = after_steps(before, steps)
    assert walk(before, after, undoing, middle) == before


@given(STATES)
@settings(deadline=None, max_examples=60)
def test_making_and_removing_a_role_is_never_wider_than_the_role(things: list[Thing]) -> None:
    nothing, made = AccountThings(ACCOUNT, ()), AccountThings(ACCOUNT, things)
    creating = order_changes(diff_grant("vendor", things, snapshot()).changes, {})
    assert walk(nothing, made, creating) == made
    removing = order_changes(diff_removal("vendor", things, snapshot(*things)).changes, {})
    assert walk(made, nothing, removing) == nothing


def operations(steps: list[Step]) -> list[str]:
    return [step.operation.value for step in steps]


def test_a_new_role_costs_two_writes() -> None:
    things = sealed(role(), policy(allow("lightsail:GetDisks")))
    steps = order_changes(diff_grant("vendor", things, snapshot()).changes, {})
    assert operations(steps) == ["CreateRole", "PutRolePolicy"]


def test_a_changed_permission_costs_its_put_and_the_digest() -> None:
    one = sealed(role(), policy(allow("lightsail:GetDisks")))
    other = sealed(role(), policy(allow("lightsail:GetDisk")))
    steps = order_changes(diff_grant("vendor", other, snapshot(*one)).changes, {})
    assert operations(steps) == ["PutRolePolicy", "TagRole"]


@pytest.mark.parametrize(
    ("trusts", "permissions", "expected"),
    [
        (Verdict.NARROWER, Verdict.WIDER, ["trust", "revoke", "policy"]),
        (Verdict.NARROWER, Verdict.NARROWER, ["trust", "policy"]),
        (Verdict.WIDER, Verdict.NARROWER, ["policy", "trust"]),
        (Verdict.WIDER, Verdict.WIDER, ["trust", "policy"]),
        (Verdict.BOTH, Verdict.NARROWER, ["policy", "trust"]),
        (Verdict.BOTH, Verdict.WIDER, ["trust", "revoke", "policy"]),
        (Verdict.BOTH, Verdict.BOTH, ["trust", "revoke", "policy", "trust"]),
        (Verdict.UNKNOWN, Verdict.UNKNOWN, ["trust", "revoke", "policy", "trust"]),
    ],
)
def test_trust_and_permissions_change_in_the_order_that_fits(
    trusts: Verdict, permissions: Verdict, expected: list[str]
) -> None:
    one = sealed(role(), policy(allow("lightsail:GetDisks")))
    other = sealed(role(trust=trust(PARTNER, external_id="e-2")), policy(allow("lightsail:GetDisk")))
    found = Containment(trust=trusts, permissions=permissions)
    steps = order_changes(diff_grant("vendor", other, snapshot(*one)).changes, {"vendor": found})
    assert [_word(step) for step in steps if step.operation.value != "TagRole"] == expected


def _word(step: Step) -> str:
    if step.operation.value == "UpdateAssumeRolePolicy":
        return "trust"
    return "revoke" if step.revokes else "policy"


def test_a_boundary_that_changes_with_policies_changes_under_a_deny() -> None:
    one = sealed(role(boundary="arn:aws:iam::111122223333:policy/a"), policy(allow("lightsail:GetDisks")))
    other = sealed(role(boundary="arn:aws:iam::111122223333:policy/b"), policy(allow("lightsail:GetDisk")))
    steps = order_changes(diff_grant("vendor", other, snapshot(*one)).changes, {})
    assert [step.key.name for step in steps if TRANSITION_NAME in step.key.name] == [
        f"vendor/{TRANSITION_NAME}"
    ] * 2
    assert isinstance(steps[-1].after, Role)
    assert attrs.evolve(steps[-1].after, unique_id=None) == other[0]
