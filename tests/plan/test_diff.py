from __future__ import annotations

import attrs
import pytest
from plan_builders import ACCOUNT, VENDOR, allow, policy, role, sealed, snapshot, trust

from xacct.iam.ownership import TAG_DIGEST, TAG_MANAGED
from xacct.iam.policy import Condition, Effect, PolicyDocument
from xacct.iam.things import (
    Group,
    GroupMember,
    HolderType,
    OidcProvider,
    PolicyAttachment,
    RolePolicy,
    Thing,
    User,
)
from xacct.plan.diff import diff_grant
from xacct.plan.model import Change, ChangeKind, Reason
from xacct.plan.removal import diff_removal
from xacct.plan.revoke import revocation

GITHUB = "token.actions.githubusercontent.com"


def kinds(changes: tuple[Change, ...]) -> dict[str, str]:
    return {str(change.key): change.kind.value for change in changes}


def test_a_role_that_is_not_there_is_created_with_its_policy() -> None:
    difference = diff_grant("vendor", sealed(role(), policy(allow("lightsail:GetInstances"))), snapshot())
    assert kinds(difference.changes) == {
        "role vendor": "create",
        "role_policy vendor/xacct-permissions": "create",
    }
    assert {change.reason for change in difference.changes} == {Reason.NEW}


def test_what_stands_as_desired_is_no_change() -> None:
    things = sealed(role(), policy(allow("lightsail:GetInstances")))
    difference = diff_grant("vendor", things, snapshot(*things))
    assert {change.kind for change in difference.changes} == {ChangeKind.NONE}


def test_reordered_statements_and_lone_strings_are_no_change() -> None:
    one = PolicyDocument.from_json(
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["lightsail:GetDisk",'
        '"lightsail:GetDisks"],"Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":["*"]}]}'
    )
    other = PolicyDocument.from_json(
        '{"Statement":[{"Resource":"*","Action":["iam:*"],"Effect":"Deny"},{"Sid":"Named","Resource":["*"],'
        '"Effect":"Allow","Action":["lightsail:getdisks","lightsail:GetDisk"]}],"Version":"2012-10-17"}'
    )
    desired = sealed(role(), RolePolicy(role="vendor", name="p", document=one))
    actual = sealed(role(), RolePolicy(role="vendor", name="p", document=other))
    difference = diff_grant("vendor", desired, snapshot(*actual))
    assert {change.kind for change in difference.changes} == {ChangeKind.NONE}


def test_a_changed_permission_is_the_only_change_and_the_digest_follows_unseen() -> None:
    actual = sealed(role(), policy(allow("lightsail:GetInstances")))
    desired = sealed(role(), policy(allow("lightsail:GetInstances", "lightsail:GetDisks")))
    difference = diff_grant("vendor", desired, snapshot(*actual))
    assert kinds(difference.changes) == {
        "role vendor": "none",
        "role_policy vendor/xacct-permissions": "update",
    }
    [changed] = [change for change in difference.changes if change.kind is ChangeKind.UPDATE]
    assert changed.reason is Reason.GRANT_CHANGED
    assert changed.aspects == ("document",)


def test_what_somebody_changed_is_drift() -> None:
    desired = sealed(role(), policy(allow("lightsail:GetInstances")))
    touched = attrs.evolve(desired[0], trust=trust(VENDOR))  # the external ID was taken out by hand
    difference = diff_grant("vendor", desired, snapshot(touched, *desired[1:]))
    [changed] = [change for change in difference.changes if change.kind is ChangeKind.UPDATE]
    assert (changed.aspects, changed.reason) == (("trust",), Reason.DRIFT)


def test_a_digest_that_is_off_alone_is_put_right() -> None:
    desired = sealed(role(), policy(allow("lightsail:GetInstances")))
    stale = attrs.evolve(desired[0], tags={**desired[0].tags, TAG_DIGEST: "0" * 32})
    difference = diff_grant("vendor", desired, snapshot(stale, *desired[1:]))
    [changed] = [change for change in difference.changes if change.kind is ChangeKind.UPDATE]
    assert (changed.aspects, changed.reason) == (("tags",), Reason.UNFINISHED)


def test_a_role_without_our_tag_is_refused_and_untouched() -> None:
    foreign = role(grant=None)
    difference = diff_grant("vendor", sealed(role()), snapshot(foreign))
    [problem] = difference.problems
    assert "not ours" in problem.message
    assert "role_name" in problem.fix


def test_a_role_of_another_grant_is_refused() -> None:
    difference = diff_grant("vendor", sealed(role()), snapshot(*sealed(role(grant="other"))))
    assert "belongs to the grant 'other'" in difference.problems[0].message


def test_a_name_that_differs_in_case_only_is_refused() -> None:
    taken = {"vendor": f"arn:aws:iam::{ACCOUNT}:role/Vendor"}
    difference = diff_grant("vendor", sealed(role()), snapshot(names=taken))
    assert "unique in any case" in difference.problems[0].message


def test_names_that_differ_in_case_only_are_refused_within_one_plan_too() -> None:
    planned = attrs.evolve(snapshot(*sealed(role("Vendor", grant="Vendor"))), role_arns={})
    difference = diff_grant("vendor", sealed(role()), planned)
    assert "unique in any case" in difference.problems[0].message


def test_an_extra_inline_policy_goes() -> None:
    things = sealed(role(), policy(allow("lightsail:GetInstances")))
    extra = policy(allow("*"), name="backdoor")
    difference = diff_grant("vendor", things, snapshot(*things, extra))
    assert kinds(difference.changes)["role_policy vendor/backdoor"] == "delete"


@pytest.mark.parametrize(("force", "kind"), [(False, "none"), (True, "delete")])
def test_what_others_attached_is_shown_and_taken_off_only_when_forced(force: bool, kind: str) -> None:
    things = sealed(role())
    extra = PolicyAttachment(
        holder_type=HolderType.ROLE, holder="vendor", policy_arn="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )
    difference = diff_grant("vendor", things, snapshot(*things, extra), force_foreign=force)
    [change] = [change for change in difference.changes if change.key == extra.key]
    assert change.kind == kind
    assert change.note or force


def test_a_revocation_of_ours_is_no_drift() -> None:
    things = sealed(role())
    difference = diff_grant("vendor", things, snapshot(*things, revocation("vendor", "2026-11-22T10:00:00Z")))
    assert {change.kind for change in difference.changes} == {ChangeKind.NONE}


def test_a_revocation_that_was_weakened_is_not_taken_for_ours() -> None:
    things = sealed(role())
    weak = attrs.evolve(revocation("vendor", "2026-11-22T10:00:00Z"), document=PolicyDocument.of(allow("*")))
    difference = diff_grant("vendor", things, snapshot(*things, weak))
    assert kinds(difference.changes)[str(weak.key)] == "delete"


NOW = "2026-11-22T10:00:00Z"
OLDER = Condition("DateLessThan", "aws:TokenIssueTime", (NOW,))


@pytest.mark.parametrize(
    "changed",
    [
        {"effect": Effect.ALLOW},
        {"actions": ("lightsail:*",)},
        {"resources": ("arn:aws:lightsail:*:111122223333:Instance/*",)},
        {"conditions": (attrs.evolve(OLDER, operator="DateGreaterThan"),)},
        {"conditions": (attrs.evolve(OLDER, key="aws:CurrentTime"),)},
    ],
    ids=["allow", "actions", "resources", "operator", "key"],
)
def test_what_only_looks_like_a_revocation_is_drift(changed: dict[str, object]) -> None:
    ours = revocation("vendor", NOW)
    [statement] = ours.document.statements
    fake = attrs.evolve(ours, document=PolicyDocument.of(attrs.evolve(statement, **changed)))
    things = sealed(role())
    difference = diff_grant("vendor", things, snapshot(*things, fake))
    assert kinds(difference.changes)[str(fake.key)] == "delete"


def provider(*audiences: str, ours: bool) -> OidcProvider:
    return OidcProvider(url=GITHUB, client_ids=audiences, tags={TAG_MANAGED: "true"} if ours else {})


def test_a_foreign_provider_is_used_as_it_is() -> None:
    desired: list[Thing] = [provider("sts.amazonaws.com", ours=True)]
    difference = diff_grant("ci", desired, snapshot(provider("sts.amazonaws.com", "x", ours=False)))
    assert [(change.kind, change.reason) for change in difference.changes] == [
        (ChangeKind.NONE, Reason.FOREIGN)
    ]


def test_a_foreign_provider_without_the_audience_is_told_with_the_command() -> None:
    difference = diff_grant("ci", [provider("mine", ours=True)], snapshot(provider("x", ours=False)))
    assert "add-client-id-to-open-id-connect-provider" in difference.problems[0].fix
    assert "--client-id mine" in difference.problems[0].fix


def test_our_provider_gets_the_audience_and_keeps_those_of_others() -> None:
    difference = diff_grant("ci", [provider("mine", ours=True)], snapshot(provider("x", ours=True)))
    [change] = difference.changes
    assert isinstance(change.after, OidcProvider)
    assert change.after.client_ids == ("mine", "x")


def test_a_provider_stays_while_another_role_trusts_it() -> None:
    shared = provider("x", ours=True)
    users = {shared.arn(ACCOUNT): ("vendor", "other")}
    things = [*sealed(role()), shared]
    difference = diff_removal("vendor", things, snapshot(*things, users=users))
    assert kinds(difference.changes)[str(shared.key)] == "none"
    alone = diff_removal("vendor", things, snapshot(*things, users={shared.arn(ACCOUNT): ("vendor",)}))
    assert kinds(alone.changes)[str(shared.key)] == "delete"


def test_removal_takes_all_that_the_role_carries_and_nothing_of_others() -> None:
    things = sealed(role(), policy(allow("lightsail:GetInstances")))
    others = sealed(role("other", grant="other"), policy(allow("*"), role="other"))
    difference = diff_removal("vendor", things, snapshot(*things, *others))
    assert kinds(difference.changes) == {
        "role vendor": "delete",
        "role_policy vendor/xacct-permissions": "delete",
    }


def test_removal_of_what_is_not_there_is_no_change() -> None:
    assert diff_removal("vendor", sealed(role()), snapshot()).changes == ()


def test_removal_refuses_a_role_to_which_others_attached_something() -> None:
    things = sealed(role())
    extra = PolicyAttachment(
        holder_type=HolderType.ROLE, holder="vendor", policy_arn="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )
    assert diff_removal("vendor", things, snapshot(*things, extra)).problems
    forced = diff_removal("vendor", things, snapshot(*things, extra), force_foreign=True)
    assert kinds(forced.changes)[str(extra.key)] == "delete"


def test_removal_takes_off_what_the_grant_itself_attached() -> None:
    own = PolicyAttachment(
        holder_type=HolderType.ROLE, holder="vendor", policy_arn="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )
    things = [*sealed(role()), own]
    difference = diff_removal("vendor", things, snapshot(*things))
    assert not difference.problems
    assert kinds(difference.changes) == {"role vendor": "delete", str(own.key): "delete"}


def test_removal_leaves_a_role_of_another_grant() -> None:
    difference = diff_removal("vendor", sealed(role()), snapshot(*sealed(role(grant="other"))))
    assert kinds(difference.changes) == {"role vendor": "none"}


def test_existing_users_are_joined_and_strangers_in_the_group_go() -> None:
    group = Group(name="readers", path="/xacct/")
    desired: list[Thing] = [
        group,
        User(name="ann", path="/xacct/", tags={"xacct:grant": "g"}),
        GroupMember(group="readers", user="ann"),
    ]
    actual: list[Thing] = [group, User(name="ann"), GroupMember(group="readers", user="mallory")]
    difference = diff_grant("g", desired, snapshot(*actual))
    assert kinds(difference.changes) == {
        "group readers": "none",
        "group_member readers/ann": "create",
        "group_member readers/mallory": "delete",
        "user ann": "none",
    }
