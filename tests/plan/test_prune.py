"""What no grant asks for any more: shown, pruned, or kept because somebody may miss it."""

from __future__ import annotations

from datetime import date

import attrs
import pytest
from plan_builders import ACCOUNT, allow, policy, role, sealed, snapshot

from xacct.iam.ownership import TAG_GRANT
from xacct.iam.things import HolderType, ManagedPolicy, PolicyAttachment, Role, Thing
from xacct.plan.diff import diff_grant
from xacct.plan.model import ChangeKind, Reason
from xacct.plan.order import order_changes
from xacct.plan.perform import after_changes, after_steps
from xacct.plan.prune import Wanted, gone_grants, left_behind, prune

TODAY = date(2026, 11, 22)
AWS_READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def wanted(*things: Thing, grants: frozenset[str] = frozenset({"other"})) -> Wanted:
    return Wanted(grants=grants, keys={thing.key for thing in things})


def gone(*extra: Thing, **changes: object) -> list[Thing]:
    return [role(**changes), policy(allow("lightsail:GetDisks")), *extra]


def test_a_role_whose_grant_is_gone_goes_with_what_it_holds() -> None:
    held = snapshot(*gone())
    changes = prune(held, wanted(), TODAY)
    assert {change.kind for change in changes} == {ChangeKind.DELETE}
    assert {change.reason for change in changes} == {Reason.GRANT_GONE}
    assert not after_changes(held.things, changes).things
    assert not after_steps(held.things, order_changes(changes, {})).things


def test_a_role_that_a_grant_asks_for_stays_unmentioned() -> None:
    things = sealed(role(), policy(allow("lightsail:GetDisks")))
    assert prune(snapshot(*things), wanted(*things, grants=frozenset({"vendor"})), TODAY) == ()


def test_a_role_without_our_tag_is_never_touched() -> None:
    assert prune(snapshot(role(grant=None)), wanted(), TODAY) == ()


@pytest.mark.parametrize(
    ("things", "why"),
    [
        (gone(last_used="2026-11-01T10:00:00+00:00"), "in use, the last time on 2026-11-01"),
        (gone(instance_profiles=("web",)), "in the instance profile web"),
        (
            gone(PolicyAttachment(holder_type=HolderType.ROLE, holder="vendor", policy_arn=AWS_READ)),
            f"carries what others attached: {AWS_READ}",
        ),
    ],
)
def test_what_somebody_may_miss_stays_unless_forced(things: list[Thing], why: str) -> None:
    held = snapshot(*things)
    [change] = prune(held, wanted(), TODAY)
    assert (change.kind, change.reason) == (ChangeKind.NONE, Reason.FOREIGN)
    assert change.note == f"stays: {why}; --force-foreign removes it all the same"
    forced = prune(held, wanted(), TODAY, force=True)
    assert not after_changes(held.things, forced).things


def test_a_role_that_was_used_long_ago_is_not_in_use() -> None:
    held = snapshot(*gone(last_used="2026-10-01T10:00:00+00:00"))
    assert {change.kind for change in prune(held, wanted(), TODAY)} == {ChangeKind.DELETE}


def test_a_managed_policy_of_a_role_that_stays_stays_too() -> None:
    made = ManagedPolicy(
        name="vendor-more",
        path="/xacct/",
        document=policy(allow("lightsail:GetDisk")).document,
        tags={TAG_GRANT: "vendor"},
    )
    attached = PolicyAttachment(holder_type=HolderType.ROLE, holder="vendor", policy_arn=made.arn(ACCOUNT))
    held = snapshot(*gone(made, attached, last_used="2026-11-21T10:00:00+00:00"))
    assert [change.kind for change in prune(held, wanted(), TODAY)] == [ChangeKind.NONE] * 2
    assert not after_changes(held.things, prune(held, wanted(), TODAY, force=True)).things


def test_another_role_name_makes_a_second_role_and_shows_the_first() -> None:
    old = sealed(role("vendor"), policy(allow("lightsail:GetDisks")))
    new = sealed(role("fresh", grant="vendor"), policy(allow("lightsail:GetDisks"), role="fresh"))
    held = snapshot(*old)
    changes = diff_grant("vendor", new, held).changes
    assert [(change.kind, change.name) for change in changes] == [
        (ChangeKind.CREATE, "fresh"),
        (ChangeKind.CREATE, "fresh/xacct-permissions"),
    ]
    asked = wanted(*new, grants=frozenset({"vendor"}))
    after = attrs.evolve(held, things=after_changes(held.things, changes))
    [left] = left_behind(after, asked)
    assert (left.kind, left.name) == (ChangeKind.NONE, "vendor")
    assert "--prune removes it" in left.note
    pruned = prune(after, asked, TODAY)
    assert {change.reason for change in pruned} == {Reason.OTHER_ROLE}
    assert [thing.name for thing in after_changes(after.things, pruned) if isinstance(thing, Role)] == [
        "fresh"
    ]


def test_a_grant_that_is_gone_is_named_with_what_its_tags_tell() -> None:
    changes = prune(snapshot(*gone()), wanted(), TODAY)
    [reference] = gone_grants(changes, frozenset())
    assert (reference.name, reference.blueprint, reference.file) == ("vendor", "third-party", None)
    assert gone_grants(changes, frozenset({"vendor"})) == ()
