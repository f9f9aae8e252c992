"""Who becomes a role, what the session may do, and in which words the sandbox says no."""

from __future__ import annotations

import json
from typing import Any

import pytest

ID = "1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11"
ROBOT = "arn:aws:iam::444455556666:user/robot"
ROLE = "arn:aws:iam::111122223333:role/acme"


def _assume(people: Any, principal: str | None = ROBOT, role: str = ROLE, **more: Any) -> Any:
    account = people.vendor if principal else people.ours
    sts = people.client("sts", principal, account=account)
    return sts.assume_role(RoleArn=role, RoleSessionName="visit", **more)


def _refused(people: Any, principal: str | None = ROBOT, role: str = ROLE, **more: Any) -> tuple[str, str]:
    account = people.vendor if principal else people.ours
    sts = people.client("sts", principal, account=account)
    return people.refusal(sts.assume_role, RoleArn=role, RoleSessionName="visit", **more)


def _needs_id() -> dict[str, Any]:
    return {"Condition": {"StringEquals": {"sts:ExternalId": ID}}}


def test_a_vendor_is_refused_without_the_external_id_and_let_in_with_it(people: Any) -> None:
    people.role(trust=people.trusting(people.vendor, **_needs_id()))
    denied = (
        "AccessDenied",
        f"User: {ROBOT} is not authorized to perform: sts:AssumeRole on resource: {ROLE}",
    )
    assert _refused(people) == denied
    assert _refused(people, ExternalId="guess") == denied
    answer = _assume(people, ExternalId=ID)
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::111122223333:assumed-role/acme/visit"
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    identity = people.client("sts", credentials=answer["Credentials"]).get_caller_identity()
    assert identity["Arn"] == "arn:aws:sts::111122223333:assumed-role/acme/visit"
    assert identity["Account"] == people.ours


def test_a_role_that_is_not_there_is_refused_in_the_same_words(people: Any) -> None:
    people.role()
    people.role("hidden", trust=people.trusting(people.ours))
    shown = {
        role: _refused(people, role=f"arn:aws:iam::111122223333:role/{role}") for role in ("none", "hidden")
    }
    assert shown["none"][0] == "AccessDenied"
    assert shown["none"][1].replace("none", "hidden") == shown["hidden"][1]


def test_the_path_and_the_case_of_a_role_arn_count(people: Any) -> None:
    people.role(Path="/xacct/")
    assert _refused(people)[0] == "AccessDenied"
    assert _refused(people, role="arn:aws:iam::111122223333:role/xacct/Acme")[0] == "AccessDenied"
    _assume(people, role="arn:aws:iam::111122223333:role/xacct/acme")


def test_the_callers_own_account_has_to_allow_it_too(people: Any) -> None:
    people.role()
    iam = people.client("iam", account=people.vendor)
    iam.create_user(UserName="clerk")
    clerk = "arn:aws:iam::444455556666:user/clerk"
    assert _refused(people, clerk)[0] == "AccessDenied"
    document = json.dumps(people.policy(people.allow("sts:AssumeRole", resource=ROLE)))
    iam.put_user_policy(UserName="clerk", PolicyName="visit", PolicyDocument=document)
    _assume(people, clerk)


def test_rights_reach_a_user_through_its_groups(people: Any) -> None:
    people.role(trust=people.trusting(people.ours))
    iam = people.client("iam")
    iam.create_user(UserName="robin")
    iam.create_group(GroupName="staff")
    robin = "arn:aws:iam::111122223333:user/robin"
    document = json.dumps(people.policy(people.allow("sts:AssumeRole", resource=ROLE)))
    iam.put_group_policy(GroupName="staff", PolicyName="visit", PolicyDocument=document)
    assert _refused(people, robin)[0] == "AccessDenied"
    iam.add_user_to_group(GroupName="staff", UserName="robin")
    _assume(people, robin)


def test_only_the_named_principal_is_let_in(people: Any) -> None:
    people.sandbox.credentials_for(ROBOT, people.vendor)
    people.role(trust=people.trusting(ROBOT))
    _assume(people)
    assert _refused(people, "arn:aws:iam::444455556666:user/other")[0] == "AccessDenied"


def test_a_user_who_was_made_again_is_not_the_one_that_was_trusted(people: Any) -> None:
    iam = people.client("iam", account=people.vendor)
    iam.create_user(UserName="robot")
    people.role(trust=people.trusting(ROBOT))
    iam.delete_user(UserName="robot")
    assert _refused(people)[0] == "AccessDenied"  # made again on demand, with every right at home


def test_mfa_is_asked_for_and_taken(people: Any) -> None:
    condition = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    people.role(trust=people.trusting(people.vendor, **condition))
    serial = "arn:aws:iam::444455556666:mfa/robot"
    assert _refused(people)[0] == "AccessDenied"
    assert "must provide both" in _refused(people, SerialNumber=serial)[1]
    foreign = "arn:aws:iam::777777777777:mfa/robot"
    assert "unable to validate MFA code" in _refused(people, SerialNumber=foreign, TokenCode="123456")[1]
    assert _refused(people, SerialNumber=serial, TokenCode="12345")[0] == "ValidationError"
    _assume(people, SerialNumber=serial, TokenCode="123456")


def test_mfa_of_a_users_session_counts(people: Any) -> None:
    condition = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    people.role(trust=people.trusting(people.vendor, **condition))
    sts = people.client("sts", ROBOT)
    for more, fits in (
        ({}, False),
        ({"SerialNumber": "arn:aws:iam::444455556666:mfa/robot", "TokenCode": "123456"}, True),
    ):
        session = people.client("sts", credentials=sts.get_session_token(**more)["Credentials"])
        if fits:
            session.assume_role(RoleArn=ROLE, RoleSessionName="visit")
        else:
            code, _ = people.refusal(session.assume_role, RoleArn=ROLE, RoleSessionName="visit")
            assert code == "AccessDenied"


def test_mfa_of_a_session_grows_old(people: Any, clock: Any) -> None:
    young = {"Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": "900"}}}
    people.role(trust=people.trusting(people.vendor, **young))
    code = {"SerialNumber": "arn:aws:iam::444455556666:mfa/robot", "TokenCode": "123456"}
    made = people.client("sts", ROBOT).get_session_token(**code)["Credentials"]
    session = people.client("sts", credentials=made)
    session.assume_role(RoleArn=ROLE, RoleSessionName="visit")
    clock.now += 900
    refused, _ = people.refusal(session.assume_role, RoleArn=ROLE, RoleSessionName="visit")
    assert refused == "AccessDenied"


def test_root_may_not_assume_roles(people: Any) -> None:
    people.role()
    assert _refused(people, "arn:aws:iam::444455556666:root") == (
        "AccessDenied",
        "Roles may not be assumed by root accounts.",
    )


def test_a_session_lives_no_longer_than_the_role_allows(people: Any, clock: Any) -> None:
    people.role(MaxSessionDuration=7200)
    assert _refused(people, DurationSeconds=7201) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )
    assert _refused(people, DurationSeconds=899)[0] == "ValidationError"
    credentials = _assume(people, DurationSeconds=7200)["Credentials"]
    sts = people.client("sts", credentials=credentials)
    clock.now += 7199
    sts.get_caller_identity()
    clock.now += 1
    assert people.refusal(sts.get_caller_identity) == (
        "ExpiredToken",
        "The security token included in the request is expired",
    )
    assert people.refusal(people.client("lightsail", credentials=credentials).get_instances)[0] == (
        "ExpiredTokenException"
    )


def test_chained_roles_get_an_hour_at_most(people: Any) -> None:
    people.role(MaxSessionDuration=43200)
    session = people.client("sts", "arn:aws:iam::444455556666:role/deploy")
    code, message = people.refusal(
        session.assume_role, RoleArn=ROLE, RoleSessionName="visit", DurationSeconds=3601
    )
    assert code == "ValidationError"
    assert "1 hour session limit for roles assumed by role chaining" in message
    session.assume_role(RoleArn=ROLE, RoleSessionName="visit", DurationSeconds=3600)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("ExternalId", "a"),
        ("ExternalId", "a b"),
        ("ExternalId", "a" * 1225),
        ("RoleSessionName", "a"),
        ("RoleSessionName", "a b"),
        ("RoleSessionName", "a" * 65),
        ("RoleArn", "acme"),
        ("SourceIdentity", "aws:me"),
        ("Tags", [{"Key": "team", "Value": "a"}, {"Key": "Team", "Value": "b"}]),
    ],
)
def test_parameters_are_checked(parameter: str, value: Any, people: Any) -> None:
    people.role()
    sts = people.client("sts", ROBOT)
    parameters = {"RoleArn": ROLE, "RoleSessionName": "visit", parameter: value}
    assert people.refusal(sts.assume_role, **parameters)[0] in ("ValidationError", "InvalidInput")


def test_session_tags_need_their_own_right_and_then_count(people: Any) -> None:
    tags = [{"Key": "team", "Value": "blue"}]
    people.role()
    assert _refused(people, Tags=tags) == (
        "AccessDenied",
        f"User: {ROBOT} is not authorized to perform: sts:TagSession on resource: {ROLE}",
    )
    limited = people.allow(
        "lightsail:GetDisks", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    )
    people.role(
        "tagged", trust=people.trusting(people.vendor, "sts:AssumeRole", "sts:TagSession"), allow=[limited]
    )
    arn = "arn:aws:iam::111122223333:role/tagged"
    with_tag = people.client("lightsail", credentials=_assume(people, role=arn, Tags=tags)["Credentials"])
    with_tag.get_disks()
    without = people.client("lightsail", credentials=_assume(people, role=arn)["Credentials"])
    assert people.refusal(without.get_disks)[0] == "AccessDeniedException"


def test_transitive_tags_and_source_identity_go_along_the_chain(people: Any) -> None:
    actions = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
    people.role("first", trust=people.trusting(people.vendor, *actions), allow=[people.allow("sts:*")])
    limited = people.allow(
        "lightsail:GetDisks",
        Condition={"StringEquals": {"aws:PrincipalTag/team": "blue", "aws:SourceIdentity": "robin"}},
    )
    people.role("second", trust=people.trusting(people.ours, *actions), allow=[limited])
    first = _assume(
        people,
        role="arn:aws:iam::111122223333:role/first",
        Tags=[{"Key": "team", "Value": "blue"}, {"Key": "mood", "Value": "good"}],
        TransitiveTagKeys=["team"],
        SourceIdentity="robin",
    )
    sts = people.client("sts", credentials=first["Credentials"])
    second = "arn:aws:iam::111122223333:role/second"
    answer = sts.assume_role(RoleArn=second, RoleSessionName="on")
    assert answer["SourceIdentity"] == "robin"
    people.client("lightsail", credentials=answer["Credentials"]).get_disks()
    changed = people.refusal(sts.assume_role, RoleArn=second, RoleSessionName="on", SourceIdentity="rob")
    assert changed[0] == "ValidationError"


def test_source_identity_needs_its_own_right(people: Any) -> None:
    people.role()
    assert _refused(people, SourceIdentity="robin")[1].startswith(
        f"User: {ROBOT} is not authorized to perform: sts:SetSourceIdentity"
    )


def test_a_session_policy_narrows_and_says_so(people: Any) -> None:
    people.role(allow=[people.allow("lightsail:*")])
    narrowed = json.dumps(people.policy(people.allow("lightsail:GetInstances")))
    answer = _assume(people, Policy=narrowed)
    assert 0 < answer["PackedPolicySize"] <= 100
    lightsail = people.client("lightsail", credentials=answer["Credentials"])
    lightsail.get_instances()
    code, message = people.refusal(lightsail.get_disks)
    assert code == "AccessDeniedException"
    assert message.endswith("because no session policy allows the lightsail:GetDisks action")
    assert _refused(people, Policy="{")[0] == "MalformedPolicyDocument"
    assert _refused(people, Policy=narrowed + " " * 2048)[0] == "ValidationError"
    missing = [{"arn": "arn:aws:iam::111122223333:policy/none"}]
    assert _refused(people, PolicyArns=missing)[0] == "MalformedPolicyDocument"


def test_a_boundary_narrows_and_says_so(people: Any) -> None:
    iam = people.client("iam")
    document = json.dumps(people.policy(people.allow("lightsail:GetInstances")))
    boundary = iam.create_policy(PolicyName="edge", PolicyDocument=document)["Policy"]["Arn"]
    people.role(allow=[people.allow("lightsail:*")], PermissionsBoundary=boundary)
    lightsail = people.client("lightsail", credentials=_assume(people)["Credentials"])
    lightsail.get_instances()
    assert people.refusal(lightsail.get_disks)[1].endswith(
        "because no permissions boundary allows the lightsail:GetDisks action"
    )


def test_running_sessions_follow_the_role_and_end_with_it(people: Any) -> None:
    people.role(allow=[people.allow("lightsail:*")])
    iam = people.client("iam")
    lightsail = people.client("lightsail", credentials=_assume(people)["Credentials"])
    lightsail.get_instances()
    deny = {"Effect": "Deny", "Action": "lightsail:*", "Resource": "*"}
    iam.put_role_policy(RoleName="acme", PolicyName="stop", PolicyDocument=json.dumps(people.policy(deny)))
    assert people.refusal(lightsail.get_instances)[1].endswith(
        "with an explicit deny in an identity-based policy"
    )
    for name in ("stop", "rights"):
        iam.delete_role_policy(RoleName="acme", PolicyName=name)
    iam.delete_role(RoleName="acme")
    assert people.refusal(lightsail.get_instances)[0] == "UnrecognizedClientException"


def test_sessions_of_before_can_be_revoked(people: Any, clock: Any) -> None:
    people.role(allow=[people.allow("lightsail:*")])
    old = people.client("lightsail", credentials=_assume(people)["Credentials"])
    clock.now += 60
    revoke = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2027-01-15T08:00:30Z"}},
    }
    assert clock.now == 1_800_000_060  # 2027-01-15T08:01:00Z
    people.client("iam").put_role_policy(
        RoleName="acme", PolicyName="AWSRevokeOlderSessions", PolicyDocument=json.dumps(people.policy(revoke))
    )
    assert people.refusal(old.get_instances)[0] == "AccessDeniedException"
    people.client("lightsail", credentials=_assume(people)["Credentials"]).get_instances()


def test_an_expired_grant_lets_nobody_in(people: Any, clock: Any) -> None:
    condition = {"Condition": {"DateLessThan": {"aws:CurrentTime": "2027-01-16T00:00:00Z"}}}
    people.role(trust=people.trusting(people.vendor, **condition))
    _assume(people)
    clock.now += 86400
    assert _refused(people)[0] == "AccessDenied"


def test_iam_calls_are_enforced_with_the_resource_in_the_denial(people: Any) -> None:
    people.role(allow=[people.allow("iam:GetRole", resource=ROLE)])
    iam = people.client("iam", credentials=_assume(people)["Credentials"])
    assert iam.get_role(RoleName="acme")["Role"]["RoleName"] == "acme"
    session = "arn:aws:sts::111122223333:assumed-role/acme/visit"
    assert people.refusal(iam.list_roles) == (
        "AccessDenied",
        (
            f"User: {session} is not authorized to perform: iam:ListRoles on resource: "
            "arn:aws:iam::111122223333:role/ because no identity-based policy allows the iam:ListRoles action"
        ),
    )
    code, message = people.refusal(iam.delete_role, RoleName="other")
    assert code == "AccessDenied"
    assert "on resource: arn:aws:iam::111122223333:role/other because" in message


def test_tags_in_a_creating_call_need_the_right_to_tag(people: Any) -> None:
    people.role(allow=[people.allow("iam:CreateRole")])
    iam = people.client("iam", credentials=_assume(people)["Credentials"])
    document = json.dumps(people.trusting(people.vendor))
    iam.create_role(RoleName="plain", AssumeRolePolicyDocument=document)
    tagged = {
        "RoleName": "tagged",
        "AssumeRolePolicyDocument": document,
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    assert "iam:TagRole" in people.refusal(iam.create_role, **tagged)[1]


def test_a_federated_user_has_what_user_and_session_policy_share(people: Any) -> None:
    sts = people.client("sts", ROBOT)
    narrowed = json.dumps(people.policy(people.allow("lightsail:GetDisks")))
    answer = sts.get_federation_token(Name="guest", Policy=narrowed)
    guest = people.client("lightsail", credentials=answer["Credentials"])
    guest.get_disks()
    assert people.refusal(guest.get_instances)[0] == "AccessDeniedException"
    assert (
        people.refusal(people.client("iam", credentials=answer["Credentials"]).list_roles)[0]
        == "AccessDenied"
    )
    bare = people.client("lightsail", credentials=sts.get_federation_token(Name="guest")["Credentials"])
    assert people.refusal(bare.get_disks)[0] == "AccessDeniedException"


def test_keys_that_are_unknown_inactive_or_without_their_token_are_refused(people: Any) -> None:
    from xacct.sandbox import Credentials

    invalid = ("InvalidClientTokenId", "The security token included in the request is invalid.")
    unknown = Credentials("AKIAAAAAAAAAAAAAAAAA", "secret")
    assert people.refusal(people.client("sts", credentials=unknown).get_caller_identity) == invalid
    people.role()
    session = _assume(people)["Credentials"]
    session["SessionToken"] = "another"
    assert people.refusal(people.client("sts", credentials=session).get_caller_identity) == invalid
    iam = people.client("iam")
    iam.create_user(UserName="robin")
    key = iam.create_access_key(UserName="robin")["AccessKey"]
    client = people.client("sts", credentials=key)
    assert client.get_caller_identity()["Arn"] == "arn:aws:iam::111122223333:user/robin"
    iam.update_access_key(UserName="robin", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert people.refusal(client.get_caller_identity) == invalid


def test_the_simulator_agrees_with_what_happens(people: Any) -> None:
    arn = people.role(allow=[people.allow("lightsail:GetInstances")])
    iam = people.client("iam")
    asked = {"PolicySourceArn": arn, "ActionNames": ["lightsail:GetInstances", "lightsail:DeleteInstance"]}
    results = iam.simulate_principal_policy(**asked)["EvaluationResults"]
    assert [result["EvalDecision"] for result in results] == ["allowed", "implicitDeny"]
    operator = "arn:aws:iam::111122223333:user/sandbox-operator"
    results = iam.simulate_principal_policy(PolicySourceArn=operator, ActionNames=["iam:CreateRole"])
    assert results["EvaluationResults"][0]["EvalDecision"] == "allowed"
