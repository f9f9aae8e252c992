"""What reading an account brings, and what it costs in calls."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from xacct.aws.calls import Api
from xacct.aws.failures import AwsError
from xacct.aws.reader import read_account
from xacct.errors import CredentialsError, InputError
from xacct.iam.things import (
    Group,
    GroupMember,
    GroupPolicy,
    HolderType,
    ManagedPolicy,
    OidcProvider,
    PolicyAttachment,
    Thing,
    ThingKey,
    ThingType,
    User,
)
from xacct.plan.snapshot import ReadScope, Snapshot
from xacct.plan.steps import creating

BULK = ["get_account_authorization_details", "list_roles"]


def make(kit: Any, *things: Thing) -> None:
    writer, _client = kit.writer()
    for thing in things:
        for step in creating(thing):
            writer.perform(step, lambda _reason, _wait: None)


def read(
    kit: Any, *wanted: Thing | ThingKey, ours: bool = False, faults: dict[str, list[Any]] | None = None
) -> tuple[Snapshot, list[str]]:
    """The snapshot, and the calls it cost in alphabetic order."""
    api = kit.api(faults)
    keys = frozenset(thing if isinstance(thing, ThingKey) else thing.key for thing in wanted)
    snapshot = read_account(api, ReadScope(keys=keys, ours=ours), kit.identity)
    return snapshot, sorted(api.client.calls)


def held(*things: Thing) -> dict[ThingKey, Thing]:
    return {thing.key: thing for thing in things}


def test_a_new_role_costs_one_read(kit: Any) -> None:
    snapshot, calls = read(kit, kit.role(), kit.policy())
    assert (dict(snapshot.things.things), calls) == ({}, ["get_role"])


def test_a_role_that_a_grant_made_under_another_name_costs_two_reads_more(kit: Any) -> None:
    old = kit.role("old", tags={"xacct:grant": "vendor"})
    make(kit, old, kit.policy("old"), kit.role("others"))
    api = kit.api()
    scope = ReadScope(keys=frozenset({kit.role().key}), grants=frozenset({"vendor"}))
    snapshot = read_account(api, scope, kit.identity)
    assert dict(snapshot.things.things) == held(old, kit.policy("old"))
    assert api.client.calls == ["get_role", "get_account_authorization_details", "get_role"]


def test_one_role_that_is_there_costs_two_reads(kit: Any) -> None:
    role = kit.role(description="d", max_session=7200)
    make(kit, role, kit.policy(), kit.policy(name="more"))
    snapshot, calls = read(kit, role)
    assert dict(snapshot.things.things) == held(role, kit.policy(), kit.policy(name="more"))
    assert calls == ["get_account_authorization_details", "get_role"]
    assert snapshot.role_arns == {"vendor": role.arn(kit.account)}


def test_many_roles_cost_two_reads_and_come_whole(kit: Any) -> None:
    roles = [kit.role(f"r{number}", description=f"d{number}", max_session=7200) for number in range(5)]
    policies = [kit.policy(role.name) for role in roles]
    make(kit, *roles, *policies)
    snapshot, calls = read(kit, *roles, kit.role("absent"))
    assert dict(snapshot.things.things) == held(*roles, *policies)
    assert calls == BULK
    one = snapshot.things.role("r1")
    assert one is not None
    assert one.unique_id is not None
    assert one.unique_id.startswith("AROA")


def test_what_was_done_behind_our_back_is_seen_at_no_further_cost(kit: Any) -> None:
    role = kit.role()
    make(kit, role, kit.role("second"), kit.policy())
    client = kit.sessions.client("iam", kit.account)
    client.update_role(RoleName="vendor", Description="changed", MaxSessionDuration=43200)
    client.tag_role(RoleName="vendor", Tags=[{"Key": "team", "Value": "a"}])
    client.put_role_policy(
        RoleName="vendor", PolicyName="extra", PolicyDocument=kit.document("lightsail:*").minified()
    )
    client.update_assume_role_policy(RoleName="vendor", PolicyDocument=kit.trust(external_id=None).minified())
    client.delete_role_policy(RoleName="vendor", PolicyName="xacct")
    snapshot, calls = read(kit, role, kit.role("second"))
    changed = kit.role(
        description="changed",
        max_session=43200,
        trust=kit.trust(external_id=None),
        tags={"xacct:grant": "vendor", "team": "a"},
    )
    extra = attrs.evolve(kit.policy("vendor", "lightsail:*"), name="extra")
    assert dict(snapshot.things.things) == held(changed, kit.role("second"), extra)
    assert calls == BULK


def test_a_role_outside_our_path_costs_a_read_more(kit: Any) -> None:
    outside = kit.role("outside", path="/", description="d", max_session=7200)
    make(kit, outside, kit.role())
    snapshot, calls = read(kit, outside, kit.role())
    assert dict(snapshot.things.things) == held(outside, kit.role())
    assert calls == sorted([*BULK, "get_role"])


def test_all_of_ours_are_read_without_a_name_and_nothing_else_is(kit: Any) -> None:
    policy = ManagedPolicy(name="mp", path="/xacct/", document=kit.document(), tags={"a": "b"})
    group = Group(name="team", path="/xacct/")
    adopted = kit.role("adopted", path="/")  # by its tag, wherever it lives
    ours = [kit.role("a"), kit.policy("a"), kit.role("b"), adopted, policy, group]
    make(kit, *ours, kit.role("foreign", path="/", tags={}), Group(name="others", path="/"))
    make(kit, attrs.evolve(policy, name="foreign", path="/"))
    snapshot, _calls = read(kit, ours=True)
    assert dict(snapshot.things.things) == held(*ours)
    assert snapshot.role_arns is not None
    assert set(snapshot.role_arns) == {"a", "b", "adopted", "foreign"}


def test_managed_policies_come_with_their_tags_and_documents(kit: Any) -> None:
    policy = ManagedPolicy(
        name="mp", path="/xacct/", document=kit.document(), description="d", tags={"a": "b"}
    )
    attachment = PolicyAttachment(
        holder_type=HolderType.ROLE, holder="vendor", policy_arn=policy.arn(kit.account)
    )
    make(kit, policy, kit.role(), attachment, kit.role("second"))
    snapshot, calls = read(kit, policy, attachment, kit.role(), kit.role("second"))
    assert dict(snapshot.things.things) == held(policy, kit.role(), attachment, kit.role("second"))
    assert dict(snapshot.policy_documents) == {policy.arn(kit.account): policy.document}
    assert calls == sorted([*BULK, "get_policy"])


def test_documents_of_policies_that_others_attached_are_read_too(kit: Any) -> None:
    make(kit, kit.role(), kit.role("second"))
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    kit.sessions.client("iam", kit.account).attach_role_policy(RoleName="vendor", PolicyArn=arn)
    snapshot, calls = read(kit, kit.role(), kit.role("second"))
    attachment = PolicyAttachment(holder_type=HolderType.ROLE, holder="vendor", policy_arn=arn)
    assert attachment.key in snapshot.things.things
    assert set(snapshot.policy_documents) == {arn}
    assert calls == sorted([*BULK, "get_policy", "get_policy_version"])


def test_many_attached_policies_are_read_in_bulk(kit: Any) -> None:
    policies = [
        ManagedPolicy(name=f"mp{number}", path="/", document=kit.document(f"lightsail:Get{number}"))
        for number in range(6)
    ]
    attachments = [
        PolicyAttachment(holder_type=HolderType.ROLE, holder="vendor", policy_arn=policy.arn(kit.account))
        for policy in policies
    ]
    make(kit, kit.role(), *policies, *attachments)
    snapshot, calls = read(kit, kit.role())
    assert len(snapshot.policy_documents) == 6
    assert calls.count("get_account_authorization_details") == 2
    assert "get_policy" not in calls


def test_an_attachment_to_somebody_elses_role_brings_that_attachment_alone(kit: Any) -> None:
    policy = ManagedPolicy(name="mp", path="/xacct/", document=kit.document())
    theirs = kit.role("theirs", path="/")
    attachment = PolicyAttachment(
        holder_type=HolderType.ROLE, holder="theirs", policy_arn=policy.arn(kit.account)
    )
    make(kit, policy, theirs, kit.policy("theirs"), attachment)
    snapshot, _calls = read(kit, policy, attachment)
    assert dict(snapshot.things.things) == held(policy, attachment)


def test_providers_are_read_with_the_roles_that_trust_them(kit: Any) -> None:
    provider = OidcProvider(
        url="token.actions.githubusercontent.com",
        client_ids=("sts.amazonaws.com",),
        tags={"xacct:managed": "1"},
    )
    make(kit, provider)
    arn = provider.arn(kit.account)
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Federated": arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                    "token.actions.githubusercontent.com:sub": "repo:o/r:ref:refs/heads/main",
                }
            },
        },
    }
    for name in ("one", "two"):
        kit.sessions.client("iam", kit.account).create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps(trust)
        )
    snapshot, calls = read(kit, provider)
    assert dict(snapshot.things.things) == held(provider)
    assert dict(snapshot.provider_users) == {arn: ("one", "two")}
    assert calls == sorted([*BULK, "get_open_id_connect_provider"])


def test_groups_and_users_are_read_where_a_grant_names_them(kit: Any) -> None:
    things: list[Thing] = [
        User(name="ann", path="/xacct/", tags={"a": "b"}),
        Group(name="team", path="/xacct/"),
        GroupPolicy(group="team", name="p", document=kit.document()),
        GroupMember(group="team", user="ann"),
    ]
    make(kit, *things)
    snapshot, calls = read(kit, *things)
    assert dict(snapshot.things.things) == held(*things)
    assert calls == [
        "get_group",
        "get_group_policy",
        "get_user",
        "list_attached_group_policies",
        "list_group_policies",
    ]


def test_what_is_not_there_is_simply_absent(kit: Any) -> None:
    keys = [
        ThingKey(ThingType.MANAGED_POLICY, "mp"),
        ThingKey(ThingType.SAML_PROVIDER, "idp"),
        ThingKey(ThingType.OIDC_PROVIDER, "idp.test"),
        ThingKey(ThingType.GROUP, "team"),
        ThingKey(ThingType.USER, "ann"),
        ThingKey(ThingType.POLICY_ATTACHMENT, "user/ann/arn:aws:iam::aws:policy/ReadOnlyAccess"),
        ThingKey(ThingType.POLICY_ATTACHMENT, "role/none/arn:aws:iam::aws:policy/ReadOnlyAccess"),
        ThingKey(ThingType.POLICY_ATTACHMENT, "group/none/arn:aws:iam::aws:policy/ReadOnlyAccess"),
        ThingKey(ThingType.ROLE_POLICY, "vendor/xacct"),
    ]
    snapshot, _calls = read(kit, *keys)
    assert dict(snapshot.things.things) == {}


# --- where the bulk read is denied -----------------------------------------------------------------


def denied(kit: Any, operation: str) -> Exception:
    message = f"User: u is not authorized to perform: iam:{operation} on resource: *"
    error: Exception = kit.refused("AccessDenied", message, 403, operation)
    return error


@pytest.mark.parametrize("ours", [False, True])
def test_where_the_bulk_read_is_denied_things_are_read_one_by_one(kit: Any, ours: bool) -> None:
    policy = ManagedPolicy(name="mp", path="/xacct/", document=kit.document(), tags={"a": "b"})
    attachment = PolicyAttachment(holder_type=HolderType.ROLE, holder="a", policy_arn=policy.arn(kit.account))
    things = [kit.role("a", max_session=7200), kit.policy("a"), kit.role("b"), policy, attachment]
    make(kit, *things)
    faults = {"get_account_authorization_details": [denied(kit, "GetAccountAuthorizationDetails")] * 3}
    snapshot, _calls = read(kit, *([] if ours else things), ours=ours, faults=faults)
    assert dict(snapshot.things.things) == held(*things)
    assert snapshot.role_arns is None


def test_one_role_is_read_by_its_parts_where_the_bulk_read_is_denied(kit: Any) -> None:
    make(kit, kit.role(), kit.policy())
    faults = {"get_account_authorization_details": [denied(kit, "GetAccountAuthorizationDetails")]}
    snapshot, calls = read(kit, kit.role(), faults=faults)
    assert dict(snapshot.things.things) == held(kit.role(), kit.policy())
    assert calls == [
        "get_account_authorization_details",
        "get_role",
        "get_role_policy",
        "list_attached_role_policies",
        "list_role_policies",
    ]


def test_a_read_with_no_way_round_names_the_missing_right(kit: Any) -> None:
    with pytest.raises(AwsError) as caught:
        read(kit, kit.role(), faults={"get_role": [denied(kit, "GetRole")]})
    assert "iam:GetRole" in caught.value.problems[0].fix


def test_attached_policies_that_may_not_be_read_are_absent(kit: Any) -> None:
    make(kit, kit.role())
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    kit.sessions.client("iam", kit.account).attach_role_policy(RoleName="vendor", PolicyArn=arn)
    snapshot, _calls = read(kit, kit.role(), faults={"get_policy": [denied(kit, "GetPolicy")]})
    assert dict(snapshot.policy_documents) == {}


# --- large accounts --------------------------------------------------------------------------------


class Crowd:
    """A client of an account with very many roles, which answers by pages."""

    def __init__(self, count: int, kit: Any) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        trust = kit.trust().to_json()
        policy = [{"PolicyName": "xacct", "PolicyDocument": kit.document().to_json()}]
        self._details = [
            {
                "RoleName": f"r{number}",
                "Path": "/xacct/",
                "Arn": f"arn:aws:iam::{kit.account}:role/xacct/r{number}",
                "AssumeRolePolicyDocument": trust,
                "RolePolicyList": policy,
                "Tags": [{"Key": "xacct:grant", "Value": f"r{number}"}],
            }
            for number in range(count)
        ]

    def get_account_authorization_details(self, **parameters: Any) -> dict[str, Any]:
        self.calls.append(("details", parameters))
        return self._page("RoleDetailList", parameters)

    def list_roles(self, **parameters: Any) -> dict[str, Any]:
        self.calls.append(("list", parameters))
        return self._page("Roles", parameters)

    def get_role(self, RoleName: str) -> dict[str, Any]:  # noqa: N803
        self.calls.append(("get", {}))
        return {"Role": next(detail for detail in self._details if detail["RoleName"] == RoleName)}

    def list_role_policies(self, **parameters: Any) -> dict[str, Any]:
        self.calls.append(("policies", parameters))
        return {"PolicyNames": [], "IsTruncated": False}

    def list_attached_role_policies(self, **parameters: Any) -> dict[str, Any]:
        self.calls.append(("attached", parameters))
        return {"AttachedPolicies": [], "IsTruncated": False}

    def _page(self, key: str, parameters: dict[str, Any]) -> dict[str, Any]:
        start = int(parameters.get("Marker", 0))
        end = start + parameters["MaxItems"]
        more = end < len(self._details)
        return {
            key: self._details[start:end],
            "IsTruncated": more,
            **({"Marker": str(end)} if more else {}),
        }


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (1000, 1), (1001, 2), (2500, 3)])
def test_roles_cost_pages_of_a_thousand_not_calls_each(kit: Any, count: int, pages: int) -> None:
    crowd = Crowd(count, kit)
    keys = frozenset(ThingKey(ThingType.ROLE, f"r{number}") for number in range(count))
    scope = ReadScope(keys=keys | {ThingKey(ThingType.ROLE, "more")})
    snapshot = read_account(Api(crowd), scope, kit.identity)
    assert len(snapshot.things.roles) == count
    assert len(crowd.calls) == 2 * pages
    assert {parameters["MaxItems"] for _name, parameters in crowd.calls} == {1000}


def test_one_role_that_is_not_on_the_first_page_is_read_by_its_parts(kit: Any) -> None:
    crowd = Crowd(2500, kit)
    scope = ReadScope(keys=frozenset([ThingKey(ThingType.ROLE, "r2000")]))
    snapshot = read_account(Api(crowd), scope, kit.identity)
    assert [role.name for role in snapshot.things.roles] == ["r2000"]
    assert snapshot.role_arns is None
    assert len(crowd.calls) == 4


# --- odd documents ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    ["not json", "%7B%22Version%22", {"Statement": 7}, {"Version": "2012-10-17"}, [], None, 5],
)
def test_a_document_that_cannot_be_read_names_the_role_where_it_is_in_scope(kit: Any, document: Any) -> None:
    crowd = Crowd(2, kit)
    crowd._details[1]["AssumeRolePolicyDocument"] = document
    scope = ReadScope(keys=frozenset([ThingKey(ThingType.ROLE, "r0"), ThingKey(ThingType.ROLE, "r1")]))
    with pytest.raises(InputError, match="role/xacct/r1"):
        read_account(Api(crowd), scope, kit.identity)
    others = ReadScope(keys=frozenset([ThingKey(ThingType.ROLE, "r0"), ThingKey(ThingType.ROLE, "x")]))
    assert len(read_account(Api(crowd), others, kit.identity).things.roles) == 1


def test_a_document_may_come_url_encoded(kit: Any) -> None:
    from urllib.parse import quote

    crowd = Crowd(2, kit)
    crowd._details[1]["AssumeRolePolicyDocument"] = quote(kit.trust().minified())
    scope = ReadScope(keys=frozenset([ThingKey(ThingType.ROLE, "r0"), ThingKey(ThingType.ROLE, "r1")]))
    snapshot = read_account(Api(crowd), scope, kit.identity)
    assert {role.trust.canonical for role in snapshot.things.roles} == {kit.trust().canonical}


def test_a_failure_of_the_second_bulk_read_is_told_too(kit: Any) -> None:
    make(kit, kit.role(), kit.role("second"))
    with pytest.raises(CredentialsError):
        read(
            kit,
            kit.role(),
            kit.role("second"),
            faults={"list_roles": [kit.refused("ExpiredToken", "expired", 403)]},
        )


def test_where_listing_roles_is_denied_things_are_read_one_by_one(kit: Any) -> None:
    make(kit, kit.role(), kit.role("second"))
    snapshot, _calls = read(
        kit, kit.role(), kit.role("second"), faults={"list_roles": [denied(kit, "ListRoles")]}
    )
    assert dict(snapshot.things.things) == held(kit.role(), kit.role("second"))
