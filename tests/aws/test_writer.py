"""Steps carried out in the sandbox, also over bad lines and while AWS spreads what was made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

from xacct.apply import UncertainError
from xacct.aws.failures import AwsError
from xacct.errors import CredentialsError
from xacct.iam.policy import Condition, Effect, PolicyDocument, Statement
from xacct.iam.things import (
    Group,
    GroupMember,
    GroupPolicy,
    HolderType,
    ManagedPolicy,
    OidcProvider,
    PolicyAttachment,
    RolePolicy,
    SamlProvider,
    Thing,
    User,
)
from xacct.plan.revoke import revocation
from xacct.plan.steps import Operation, Step, creating, deleting, updating

METADATA = (
    """<?xml version="1.0"?>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.test/">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
<X509Certificate>MIICizCCAfQCCQCY8tKaMc0BMjANBgkqh</X509Certificate>
</X509Data></KeyInfo></KeyDescriptor>
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.test/sso"
/>
</IDPSSODescriptor></EntityDescriptor>"""
    + " " * 600
)


def quiet(_reason: str, _wait: float) -> None:
    """Nobody listens."""


def perform(writer: Any, *steps: Step) -> None:
    for step in steps:
        writer.perform(step, quiet)


def all_kinds(kit: Any) -> list[tuple[Thing, Thing | None]]:
    """One thing of each type in an order in which they can be made, with what it is changed into."""
    policy = ManagedPolicy(
        name="mp", path="/xacct/", document=kit.document(), description="d", tags={"a": "b"}
    )
    role = kit.role(boundary=policy.arn(kit.account), description="before", max_session=7200)
    user = User(name="ann", path="/xacct/", tags={"a": "b"})
    arn = policy.arn(kit.account)
    return [
        (policy, attrs.evolve(policy, document=kit.document("lightsail:GetDisks"), tags={"c": "d"})),
        (
            role,
            attrs.evolve(
                role,
                trust=kit.trust(external_id="e-2"),
                boundary=None,
                description="",
                max_session=3600,
                tags={},
            ),
        ),
        (kit.policy(), kit.policy("vendor", "lightsail:GetDisks")),
        (PolicyAttachment(holder_type=HolderType.ROLE, holder="vendor", policy_arn=arn), None),
        (
            SamlProvider(name="idp", metadata=METADATA, tags={"a": "b"}),
            SamlProvider(name="idp", metadata=METADATA.replace("/sso", "/sso2"), tags={"a": "c"}),
        ),
        (
            OidcProvider(url="token.actions.githubusercontent.com", client_ids=("a", "b"), tags={"a": "b"}),
            OidcProvider(url="token.actions.githubusercontent.com", client_ids=("b", "c")),
        ),
        (user, attrs.evolve(user, boundary=arn, tags={})),
        (PolicyAttachment(holder_type=HolderType.USER, holder="ann", policy_arn=arn), None),
        (Group(name="team", path="/xacct/"), None),
        (
            GroupPolicy(group="team", name="p", document=kit.document()),
            GroupPolicy(group="team", name="p", document=kit.document("lightsail:GetDisks")),
        ),
        (GroupMember(group="team", user="ann"), None),
        (PolicyAttachment(holder_type=HolderType.GROUP, holder="team", policy_arn=arn), None),
    ]


def test_every_type_of_thing_is_made_changed_and_removed_and_reads_back_equal(kit: Any) -> None:
    writer, _client = kit.writer()
    kinds = all_kinds(kit)
    for before, _after in kinds:
        perform(writer, *creating(before))
        assert kit.current(before) == before
    for before, after in kinds:
        if after is not None:
            perform(writer, *updating(before, after))
            assert kit.current(before) == after
    for before, after in reversed(kinds):
        removed = after or before
        if isinstance(removed, User):
            perform(writer, *updating(removed, attrs.evolve(removed, boundary=None)))
        perform(writer, *deleting(removed))
        assert kit.current(before) is None


def test_each_step_is_one_call_when_nothing_goes_wrong(kit: Any) -> None:
    writer, client = kit.writer()
    for before, after in all_kinds(kit):
        steps = [*creating(before), *(updating(before, after) if after else [])]
        perform(writer, *steps)
    assert len(client.calls) == sum(
        len(creating(before)) + (len(updating(before, after)) if after else 0)
        for before, after in all_kinds(kit)
    )


def test_a_new_role_is_made_with_tags_and_all_else_in_one_call(kit: Any) -> None:
    writer, client = kit.writer()
    role = kit.role(description="for Acme", max_session=7200)
    perform(writer, *creating(role), *creating(kit.policy()))
    assert client.calls == ["create_role", "put_role_policy"]
    assert kit.current(role) == role


# --- lost answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lost", "500", "dropped"])
def test_a_creation_whose_answer_was_lost_stands_once_and_the_run_goes_on(kit: Any, fault: str) -> None:
    for thing, _after in all_kinds(kit):
        (step,) = creating(thing)
        method = kit.method(step)
        writer, client = kit.writer({method: [fault]}, warm=True)
        perform(writer, step)
        assert kit.current(thing) == thing
        assert client.calls.count(method) == 2


@pytest.mark.parametrize("fault", ["lost", "500", "dropped"])
def test_a_deletion_whose_answer_was_lost_is_done(kit: Any, fault: str) -> None:
    things = [before for before, _after in all_kinds(kit)]
    for thing in things:
        perform(kit.writer()[0], *creating(thing))
    for thing in reversed(things):
        (step,) = deleting(thing)
        writer, _client = kit.writer({kit.method(step): [fault]}, warm=True)
        perform(writer, step)
        assert kit.current(thing) is None


def test_every_change_survives_a_lost_answer(kit: Any) -> None:
    writer, _client = kit.writer()
    kinds = all_kinds(kit)
    for before, _after in kinds:
        perform(writer, *creating(before))
    for before, after in kinds:
        for step in updating(before, after) if after else []:
            faulty, _client = kit.writer({kit.method(step): ["lost"]}, warm=True)
            perform(faulty, step)
        assert kit.current(before) == (after or before)


def test_a_new_version_whose_answer_was_lost_is_not_made_twice(kit: Any) -> None:
    writer, _client = kit.writer()
    before, after = all_kinds(kit)[0]
    perform(writer, *creating(before))
    step = updating(before, after)[0]
    faulty, client = kit.writer({"create_policy_version": ["lost"]}, warm=True)
    perform(faulty, step)
    assert client.calls.count("create_policy_version") == 1


def test_a_thing_of_that_name_that_is_not_ours_is_never_taken_for_ours(kit: Any) -> None:
    writer, _client = kit.writer()
    foreign = kit.role(tags={"owner": "somebody"})
    perform(writer, *creating(foreign))
    for faults in ({}, {"create_role": ["dropped"]}):
        faulty, _client = kit.writer(faults, warm=True)
        with pytest.raises(AwsError) as caught:
            perform(faulty, *creating(kit.role()))
        assert caught.value.aws_code == "EntityAlreadyExists"
    assert kit.current(foreign) == foreign


def test_when_every_answer_is_lost_nobody_knows_and_that_is_said(kit: Any) -> None:
    faulty, client = kit.writer({"create_role": ["dropped"] * 50}, warm=True)
    with pytest.raises(UncertainError):
        perform(faulty, *creating(kit.role()))
    assert client.calls.count("create_role") == 9
    assert kit.clock.seconds < 60


def test_credentials_that_end_after_a_lost_answer_leave_it_open_whether_the_step_stands(kit: Any) -> None:
    expired = kit.refused("ExpiredToken", "The security token included in the request is expired", 403)
    faulty, _client = kit.writer({"create_role": ["lost", expired]}, warm=True)
    with pytest.raises(UncertainError):
        perform(faulty, *creating(kit.role()))
    writer, _client = kit.writer({"create_role": [expired]})
    with pytest.raises(CredentialsError):
        perform(writer, *creating(kit.role("other")))


def test_a_silent_endpoint_that_never_answered_is_told_at_once(kit: Any) -> None:
    from botocore.exceptions import ConnectTimeoutError

    faulty, client = kit.writer({"create_role": [ConnectTimeoutError(endpoint_url="https://iam.test")] * 9})
    with pytest.raises(Exception, match=r"https://iam\.test does not answer"):
        perform(faulty, *creating(kit.role()))
    assert client.calls == ["create_role"]


# --- eventual consistency --------------------------------------------------------------------------


def test_a_role_made_a_moment_ago_may_be_unknown_for_a_while(kit: Any) -> None:
    unknown = kit.refused("NoSuchEntity", "The role with name vendor cannot be found.", 404)
    writer, client = kit.writer({"put_role_policy": [unknown, unknown]})
    told: list[tuple[str, float]] = []
    perform(writer, *creating(kit.role()))
    writer.perform(creating(kit.policy())[0], lambda reason, wait: told.append((reason, wait)))
    assert client.calls.count("put_role_policy") == 3
    assert [wait for _reason, wait in told] == [0.25, 0.5]
    assert kit.clock.sleeps == [0.25, 0.5]


def test_a_role_that_this_run_did_not_make_is_missing_at_once(kit: Any) -> None:
    writer, client = kit.writer()
    with pytest.raises(AwsError) as caught:
        perform(writer, *creating(kit.policy()))
    assert caught.value.aws_code == "NoSuchEntity"
    assert client.calls == ["put_role_policy"]


def test_a_user_that_does_not_exist_is_told_at_once_though_its_group_was_just_made(kit: Any) -> None:
    writer, client = kit.writer()
    group = Group(name="dns", path="/xacct/dns/")
    with pytest.raises(AwsError, match="does not exist") as caught:
        perform(writer, *creating(group), *creating(GroupMember(group="dns", user="nobody")))
    assert caught.value.problems[0].code == "no-such-user"
    assert client.calls.count("add_user_to_group") == 1


def test_a_user_made_a_moment_ago_may_be_unknown_for_a_while(kit: Any) -> None:
    unknown = kit.refused("NoSuchEntity", "The user with name ann cannot be found.", 404)
    writer, client = kit.writer({"add_user_to_group": [unknown, unknown]})
    member = GroupMember(group="dns", user="ann")
    perform(writer, *creating(Group(name="dns", path="/xacct/dns/")), *creating(User(name="ann")))
    perform(writer, *creating(member))
    assert client.calls.count("add_user_to_group") == 3


def test_a_principal_made_a_moment_ago_in_another_account_may_be_invalid_for_a_while(kit: Any) -> None:
    arn = f"arn:aws:iam::{kit.other}:role/xacct/caller"
    invalid = kit.refused("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"')
    caller = kit.role("caller")
    fresh: set[str] = set()
    from xacct.aws.writer import IamWriter

    there = IamWriter(kit.api(account=kit.other), kit.other, "aws", kit.clock.now, fresh)
    perform(there, *creating(caller))
    here, client = kit.writer({"create_role": [invalid, invalid, invalid]}, fresh=fresh)
    perform(here, *creating(kit.role(trust=kit.trust(arn))))
    assert client.calls.count("create_role") == 4


def test_a_principal_that_nobody_made_is_refused_at_once_and_named(kit: Any) -> None:
    arn = f"arn:aws:iam::{kit.other}:role/nobody"
    writer, client = kit.writer()
    with pytest.raises(AwsError, match="nobody") as caught:
        perform(writer, *creating(kit.role(trust=kit.trust(arn))))
    assert caught.value.problems[0].code == "invalid-principal"
    assert client.calls == ["create_role"]


def test_waiting_for_aws_to_spread_has_an_end(kit: Any) -> None:
    unknown = kit.refused("NoSuchEntity", "cannot be found", 404)
    writer, client = kit.writer({"put_role_policy": [unknown] * 99})
    perform(writer, *creating(kit.role()))
    with pytest.raises(AwsError):
        perform(writer, *creating(kit.policy()))
    assert client.calls.count("put_role_policy") == 9
    assert kit.clock.seconds < 60


def test_a_role_that_others_hold_on_to_is_a_conflict_soon_told(kit: Any) -> None:
    writer, client = kit.writer()
    perform(writer, *creating(kit.role()), *creating(kit.policy()), *creating(kit.policy(name="foreign")))
    perform(writer, *deleting(kit.policy()))
    with pytest.raises(AwsError) as caught:
        perform(writer, *deleting(kit.role()))
    assert caught.value.aws_code == "DeleteConflict"
    assert client.calls.count("delete_role") == 6
    assert kit.clock.seconds < 10


def test_somebody_elses_change_at_the_same_moment_is_waited_for(kit: Any) -> None:
    busy = kit.refused("ConcurrentModification", "being modified", 409)
    writer, client = kit.writer({"create_role": [busy]})
    perform(writer, *creating(kit.role()))
    assert client.calls == ["create_role", "create_role"]


# --- versions of managed policies ------------------------------------------------------------------


def test_a_sixth_version_takes_the_place_of_the_oldest(kit: Any) -> None:
    writer, client = kit.writer()
    policy = all_kinds(kit)[0][0]
    assert isinstance(policy, ManagedPolicy)
    perform(writer, *creating(policy))
    for number in range(7):
        after = attrs.evolve(policy, document=kit.document(f"lightsail:Get{number}"))
        perform(writer, *updating(policy, after))
        policy = after
        assert kit.current(policy) == policy
    versions = kit.sessions.client("iam", kit.account).list_policy_versions(
        PolicyArn=policy.arn(kit.account)
    )["Versions"]
    assert sorted(version["VersionId"] for version in versions) == [f"v{n}" for n in (4, 5, 6, 7, 8)]
    assert client.calls.count("delete_policy_version") == 3


def test_a_policy_with_old_versions_is_deleted_with_them(kit: Any) -> None:
    writer, _client = kit.writer()
    before, after = all_kinds(kit)[0]
    perform(writer, *creating(before), *updating(before, after), *deleting(after))
    assert kit.current(before) is None


def test_a_policy_that_somebody_attached_is_not_deleted_and_keeps_what_it_says(kit: Any) -> None:
    writer, _client = kit.writer()
    policy = all_kinds(kit)[0][0]
    assert isinstance(policy, ManagedPolicy)
    perform(writer, *creating(policy))
    client = kit.sessions.client("iam", kit.account)
    client.create_user(UserName="bob")
    client.attach_user_policy(UserName="bob", PolicyArn=policy.arn(kit.account))
    with pytest.raises(AwsError) as caught:
        perform(writer, *deleting(policy))
    assert caught.value.aws_code == "DeleteConflict"
    assert kit.current(policy) == policy


# --- revocations -----------------------------------------------------------------------------------


def test_a_revocation_carries_the_time_at_which_it_is_sent(kit: Any) -> None:
    writer, _client = kit.writer()
    perform(writer, *creating(kit.role()))
    planned = revocation("vendor", "2020-01-01T00:00:00Z")
    step = attrs.evolve(creating(planned)[0], revokes=True)
    assert step.operation is Operation.PUT_ROLE_POLICY
    kit.clock.seconds = timedelta(days=365 * 30).total_seconds()
    perform(writer, step)
    written = kit.current(planned)
    assert isinstance(written, RolePolicy)
    assert written == revocation("vendor", kit.clock.now().isoformat().replace("+00:00", "Z"))


def test_a_clock_that_lags_behind_awss_does_not_spare_sessions(kit: Any) -> None:
    writer, client = kit.writer()
    writer._api.server_date = "Tue, 22 Nov 2056 12:30:00 GMT"
    del client
    step = attrs.evolve(creating(revocation("vendor", "2020-01-01T00:00:00Z"))[0], revokes=True)
    document = writer._request(step).parameters["PolicyDocument"]
    assert '"aws:TokenIssueTime":"2056-11-22T12:30:00Z"' in document


def test_only_the_time_of_a_revocation_is_replaced(kit: Any) -> None:
    writer, _client = kit.writer()
    other = Statement(
        effect=Effect.DENY,
        actions=("*",),
        resources=("*",),
        conditions=(Condition("DateLessThan", "aws:CurrentTime", ("2020-01-01T00:00:00Z",)),),
    )
    policy = RolePolicy(role="vendor", name="p", document=PolicyDocument.of(other))
    step = attrs.evolve(creating(policy)[0], revokes=True)
    assert writer._request(step).parameters["PolicyDocument"] == policy.document.minified()
