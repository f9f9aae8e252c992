"""Groups and users of others, and of other grants, are never taken over."""

from __future__ import annotations

import pytest
from plan_builders import ACCOUNT, allow, snapshot

from xacct.blueprint.catalogue import load_blueprint
from xacct.blueprint.expand import expand
from xacct.blueprint.load import parse_grant
from xacct.iam.ownership import TAG_GRANT, group_path
from xacct.iam.policy import PolicyDocument
from xacct.iam.things import (
    Group,
    GroupMember,
    GroupPolicy,
    HolderType,
    PolicyAttachment,
    SamlProvider,
    Thing,
    User,
)
from xacct.plan.diff import diff_grant
from xacct.plan.model import ChangeKind
from xacct.plan.removal import diff_removal


def wanted(extra: str = "", parameters: str = "via: group, users: [jane], group: admins") -> list[Thing]:
    text = (
        f'blueprint: delegated\nname: colleagues\naccount: "{ACCOUNT}"\n'
        f"parameters: {{{parameters}}}\npermissions: [{{set: read-only}}]\n{extra}"
    )
    (grant,) = parse_grant(text, "grant.yaml")
    return list(expand(grant, load_blueprint("delegated")).things[ACCOUNT])


def standing(path: str) -> list[Thing]:
    everything = "arn:aws:iam::aws:policy/AdministratorAccess"
    return [
        Group(name="admins", path=path),
        GroupMember(group="admins", user="bob"),
        GroupPolicy(group="admins", name="p", document=PolicyDocument.of(allow("*"))),
        PolicyAttachment(holder_type=HolderType.GROUP, holder="admins", policy_arn=everything),
        User(name="jane"),
    ]


@pytest.mark.parametrize("extra", ["", "path: /\n", "path: /corp/\n"])
@pytest.mark.parametrize("path", ["/", "/corp/", "/xacct/", "/xacct/other/"])
def test_a_group_that_is_not_the_grants_is_refused_whatever_path_the_grant_names(
    extra: str, path: str
) -> None:
    difference = diff_grant("colleagues", wanted(extra), snapshot(*standing(path)))
    assert [problem.code for problem in difference.problems] == ["not-ours"]


@pytest.mark.parametrize("path", ["/", "/xacct/", "/xacct/other/"])
def test_removing_a_grant_leaves_a_group_that_is_not_its_own(path: str) -> None:
    difference = diff_removal("colleagues", wanted(), snapshot(*standing(path)))
    assert {change.kind for change in difference.changes} == {ChangeKind.NONE}


def test_a_group_of_the_grant_is_kept_and_removed_with_it() -> None:
    things = [Group(name="admins", path=group_path("colleagues")), GroupMember(group="admins", user="bob")]
    kept = diff_grant("colleagues", wanted(), snapshot(*things))
    assert not kept.problems
    gone = diff_removal("colleagues", wanted(), snapshot(*things))
    assert {change.kind for change in gone.changes} == {ChangeKind.DELETE}


@pytest.mark.parametrize("tags", [{TAG_GRANT: "other"}, {"xacct:managed": "true"}, {}])
def test_a_user_of_another_grant_is_joined_and_keeps_its_tags(tags: dict[str, str]) -> None:
    things = wanted(parameters="via: group, users: [jane], create_users: true")
    difference = diff_grant("colleagues", things, snapshot(User(name="jane", tags=tags)))
    [change] = [change for change in difference.changes if change.type.value == "user"]
    assert change.kind is ChangeKind.NONE


def test_a_foreign_identity_provider_with_other_metadata_is_refused() -> None:
    wanted_here = SamlProvider(name="idp", metadata="<ours/>", tags={"xacct:managed": "true"})
    theirs = SamlProvider(name="idp", metadata="<theirs/>")
    difference = diff_grant("people", [wanted_here], snapshot(theirs))
    assert [problem.code for problem in difference.problems] == ["foreign-provider"]
    same = diff_grant("people", [wanted_here], snapshot(SamlProvider(name="idp", metadata="<ours/>")))
    assert not same.problems


def test_new_metadata_of_a_shared_provider_names_the_other_roles_that_trust_it() -> None:
    new = SamlProvider(name="idp", metadata="<new/>", tags={"xacct:managed": "true"})
    old = SamlProvider(name="idp", metadata="<old/>", tags={"xacct:managed": "true"})
    users = {old.arn(ACCOUNT): ("finance",)}
    [change] = diff_grant("people", [new], snapshot(old, users=users)).changes
    assert change.kind is ChangeKind.UPDATE
    assert "finance" in change.note
