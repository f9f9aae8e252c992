"""What each shipped blueprint makes of its values, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from xacct.blueprint.catalogue import load_blueprint
from xacct.blueprint.expand import Expansion, expand
from xacct.blueprint.house import HouseRules
from xacct.blueprint.settings import grant_from_settings
from xacct.errors import InputError
from xacct.iam.things import (
    Group,
    GroupMember,
    GroupPolicy,
    ManagedPolicy,
    OidcProvider,
    PolicyAttachment,
    RolePolicy,
    SamlProvider,
    User,
)

ACCOUNT = "111122223333"
GITHUB = "token.actions.githubusercontent.com"
REPOSITORY = {"owner": "octo", "repository": "site", "owner_id": "1", "repository_id": "2"}


def made(
    blueprint: str, *, partition: str = "aws", house: HouseRules | None = None, **values: str
) -> Expansion:
    given = {"account": ACCOUNT, "permissions": "read-only", "name": "the-grant", **values}
    found = load_blueprint(blueprint)
    return expand(grant_from_settings(found, list(given.items())), found, partition=partition, house=house)


def trust(expansion: Expansion) -> list[dict[str, Any]]:
    assert expansion.role is not None
    statements: list[dict[str, Any]] = expansion.role.trust.to_json()["Statement"]
    return statements


def refusal(blueprint: str, **values: str) -> str:
    with pytest.raises(InputError) as raised:
        made(blueprint, **values)
    return str(raised.value)


# owned-account


def test_a_whole_account_is_trusted_and_told_when_no_principal_is_named() -> None:
    expansion = made("owned-account", trusted_account="222233334444", mfa="yes")
    (statement,) = trust(expansion)
    assert statement["Principal"] == {"AWS": "arn:aws:iam::222233334444:root"}
    assert statement["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    assert any("whole account 222233334444" in note for note in expansion.notes)


def test_an_mfa_age_implies_mfa() -> None:
    (statement,) = trust(made("owned-account", trusted_account="222233334444", mfa_max_age="1h"))
    assert statement["Condition"] == {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "NumericLessThan": {"aws:MultiFactorAuthAge": "3600"},
    }


def test_named_principals_and_patterns_stand_in_statements_of_their_own() -> None:
    first, second = trust(
        made(
            "owned-account",
            trusted_account="222233334444",
            principals="arn:aws:iam::222233334444:user/a,arn:aws:iam::222233334444:role/team/b",
            principal_patterns="arn:aws:iam::222233334444:role/c-*",
            organization="o-a1b2c3d4e5",
        )
    )
    organization = {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}
    assert first["Principal"]["AWS"][1].endswith("role/team/b")
    assert first["Condition"] == {"StringEquals": organization}
    assert second["Condition"]["ArnLike"] == {"aws:PrincipalArn": "arn:aws:iam::222233334444:role/c-*"}
    assert second["Condition"]["StringEquals"] == organization


@pytest.mark.parametrize(
    ("principal", "words"),
    [
        ("arn:aws:iam::999988887777:user/a", "is of account 999988887777, not of 222233334444"),
        ("arn:aws-cn:iam::222233334444:user/a", "partition aws-cn"),
        ("arn:aws:iam::222233334444:group/g", "a group can never be a principal"),
        ("arn:aws:iam::222233334444:role/*", "wildcard"),
        ("arn:aws:iam::222233334444:root", "whole account"),
        ("arn:aws:iam::2222:user/a", "12 digits"),
        ("arn:aws:s3:::bucket", "no principal"),
        ("jane", "no ARN of a user or role"),
    ],
)
def test_what_is_no_principal_of_the_trusted_account_is_refused(principal: str, words: str) -> None:
    text = refusal("owned-account", trusted_account="222233334444", principals=principal)
    assert words in text
    assert "--set principals" in text


@pytest.mark.parametrize(
    "pattern",
    [
        "arn:aws:iam::222233334444:role/*",
        "arn:aws:sts::222233334444:assumed-role/a/*",
        "arn:aws:iam::*:role/a*",
    ],
)
def test_a_pattern_that_is_too_wide_or_never_matches_is_refused(pattern: str) -> None:
    assert "fix" in refusal("owned-account", trusted_account="222233334444", principal_patterns=pattern)


def test_the_callers_policy_is_a_change_of_the_second_account() -> None:
    expansion = made(
        "owned-account", trusted_account="222233334444", caller_policy="true", session_tags="Team"
    )
    assert expansion.order == (ACCOUNT, "222233334444")
    (policy,) = expansion.things["222233334444"]
    assert isinstance(policy, ManagedPolicy)
    assert policy.name == f"assume-the-grant-in-{ACCOUNT}"
    assert [statement.actions for statement in policy.document.statements] == [
        ("sts:AssumeRole",),
        ("sts:TagSession",),
    ]
    assert {statement.resources for statement in policy.document.statements} == {(expansion.role_arn,)}


# GitHub


def subjects(**values: str) -> Any:
    (statement,) = trust(made("github-actions", **{**REPOSITORY, **values}))
    condition = statement["Condition"]
    operator = "StringLike" if "StringLike" in condition else "StringEquals"
    return operator, condition[operator][f"{GITHUB}:sub"]


def test_the_subject_has_the_numbers_unless_names_are_asked_for() -> None:
    assert subjects(branch="main") == ("StringEquals", "repo:octo@1/site@2:ref:refs/heads/main")
    assert subjects(environment="prod") == ("StringEquals", "repo:octo@1/site@2:environment:prod")
    assert subjects(trigger="pull_request") == ("StringEquals", "repo:octo@1/site@2:pull_request")
    assert subjects(tag="v*") == ("StringLike", "repo:octo@1/site@2:ref:refs/tags/v*")


def test_both_forms_of_the_subject_are_written_on_request() -> None:
    assert subjects(branch="main", subject_form="both") == (
        "StringEquals",
        ["repo:octo@1/site@2:ref:refs/heads/main", "repo:octo/site:ref:refs/heads/main"],
    )


def test_the_name_form_is_guarded_by_the_numbers_where_they_are_known() -> None:
    (guarded,) = trust(made("github-actions", **REPOSITORY, branch="main", subject_form="name"))
    assert guarded["Condition"]["StringEquals"][f"{GITHUB}:repository_owner_id"] == "1"
    bare = made("github-actions", owner="octo", repository="site", branch="main", subject_form="name")
    assert list(trust(bare)[0]["Condition"]["StringEquals"]) == [f"{GITHUB}:aud", f"{GITHUB}:sub"]
    assert any("whoever registers the name octo" in note for note in bare.notes)


def test_the_numbers_are_asked_for_with_the_way_to_find_them() -> None:
    text = refusal("github-actions", owner="octo", repository="site", branch="main")
    assert "owner_id is missing" in text
    assert "gh api repos/OWNER/REPOSITORY --jq .id" in text
    assert "subject_form=name" in text


def test_a_repository_without_any_run_is_refused() -> None:
    assert "trigger is missing" in refusal("github-actions", **REPOSITORY)


@pytest.mark.parametrize(
    "values",
    [
        {"owner": "octo/site"},
        {"owner": "*"},
        {"repository": "*"},
        {"branch": "*"},
        {"environment": "*"},
        {"environment": "a:b"},
        {"owner_id": "x"},
        {"issuer": "http://token.actions.githubusercontent.com"},
    ],
)
def test_what_would_let_other_repositories_in_is_refused(values: dict[str, str]) -> None:
    assert "fix" in refusal("github-actions", **{**REPOSITORY, "branch": "main", **values})


def test_a_value_without_effect_is_refused() -> None:
    text = refusal("github-actions", **REPOSITORY, trigger="branch", branch="main", environment="prod")
    assert "environment has no effect here" in text


def test_the_provider_is_shared_and_carries_nothing_of_one_grant() -> None:
    expansion = made("github-actions", **REPOSITORY, branch="main", **{"tags.Team": "web"})
    (provider,) = [thing for thing in expansion.things[ACCOUNT] if isinstance(thing, OidcProvider)]
    assert provider.client_ids == ("sts.amazonaws.com",)
    assert dict(provider.tags) == {"xacct:managed": "true"}
    assert expansion.shared == {provider.key}


# Other issuers


def test_gitlab_names_project_and_branch() -> None:
    (statement,) = trust(made("gitlab-ci", project_path="group/sub/site", branch="main"))
    assert statement["Condition"]["StringEquals"] == {
        "gitlab.com:aud": "https://gitlab.com",
        "gitlab.com:sub": "project_path:group/sub/site:ref_type:branch:ref:main",
    }


def test_claims_that_iam_knows_of_gitlab_com_alone_are_refused_elsewhere() -> None:
    text = refusal(
        "gitlab-ci", project_path="g/p", branch="main", issuer="https://git.example.com", project_id="1"
    )
    assert "project_id has no effect here" in text


def test_terraform_cloud_names_organization_project_workspace_and_phase() -> None:
    (statement,) = trust(
        made("terraform-cloud", organization="o", project="p", workspace="w", run_phase="plan")
    )
    subject = statement["Condition"]["StringEquals"]["app.terraform.io:sub"]
    assert subject == "organization:o:project:p:workspace:w:run_phase:plan"


def test_issuers_that_iam_knows_need_no_provider() -> None:
    google = made("google", subject="104325678901234567890")
    pool = made("cognito", identity_pool_id="eu-west-1:11112222-3333-4444-5555-666677778888")
    for expansion, host in ((google, "accounts.google.com"), (pool, "cognito-identity.amazonaws.com")):
        assert [type(thing) for thing in expansion.things[ACCOUNT]].count(OidcProvider) == 0
        assert trust(expansion)[0]["Principal"] == {"Federated": host}


@pytest.mark.parametrize(
    ("issuer", "words"),
    [
        ("http://oidc.example.com", "does not begin with https://"),
        ("oidc.example.com", "does not begin with https://"),
        ("https://oidc.example.com:8443", "names a port"),
        ("https://oidc.example.com/?a=b", "a query"),
        ("https://localhost", "names no host"),
        ("https://*.example.com", "names no host"),
        ("https://" + "a" * 250 + ".com", "255"),
    ],
)
def test_what_is_no_issuer_is_refused(issuer: str, words: str) -> None:
    assert words in refusal("federated-oidc", issuer=issuer, audience="a-client", subject="user-1")


@pytest.mark.parametrize("subject", ["*", "*:main", "?x"])
def test_a_subject_that_begins_with_a_wildcard_is_refused(subject: str) -> None:
    text = refusal("federated-oidc", issuer="https://oidc.example.com", audience="a-client", subject=subject)
    assert "wildcard" in text


def test_audience_and_subject_have_no_default() -> None:
    text = refusal("federated-oidc", issuer="https://oidc.example.com")
    assert "audience is missing" in text
    assert "subject is missing" in text


def test_tagging_is_limited_by_the_keys_that_it_carries() -> None:
    values = {"issuer": "https://oidc.example.com/x", "audience": "a-client", "subject": "user-*"}
    _, oidc = trust(made("federated-oidc", **values, session_tags="Team"))
    _, saml = trust(
        made("federated-saml", provider_name="idp", session_tags="Team", attributes="mail=a@b.example")
    )
    keys = {"ForAllValues:StringEquals": {"aws:TagKeys": "Team"}, "Null": {"aws:TagKeys": "false"}}
    assert (oidc["Action"], oidc["Condition"]) == ("sts:TagSession", keys)
    audience = {"SAML:aud": "https://signin.aws.amazon.com/saml"}
    assert saml["Condition"] == {**keys, "StringEquals": audience}


# SAML


def test_a_provider_is_made_from_metadata_or_taken_as_it_is() -> None:
    from pathlib import Path

    metadata = Path(__file__).parents[2] / "examples" / "metadata.xml"
    with_file = made("federated-saml", provider_name="idp", metadata=str(metadata))
    assert [thing.metadata for thing in with_file.things[ACCOUNT] if isinstance(thing, SamlProvider)] == [
        metadata.read_text()
    ]
    without = made("federated-saml", provider_name="idp")
    assert not without.shared
    assert any("must exist" in note for note in without.notes)
    assert trust(with_file) == trust(without)


def test_attributes_are_compared_by_how_many_values_they_have() -> None:
    (statement,) = trust(
        made(
            "federated-saml",
            provider_name="idp",
            attributes="{mail: '*@example.com', eduPersonAffiliation: [a, b]}",
        )
    )
    assert statement["Condition"]["StringLike"] == {"saml:mail": "*@example.com"}
    assert statement["Condition"]["ForAnyValue:StringLike"] == {"saml:eduPersonAffiliation": ["a", "b"]}


def test_an_unknown_attribute_is_refused_with_the_nearest() -> None:
    assert "'eduPersonAffiliation'" in refusal(
        "federated-saml", provider_name="idp", attributes="eduPersonAffiliatoin=staff"
    )


# delegated


def test_a_group_carries_the_permissions_and_its_members() -> None:
    things = made("delegated", users="jane,raj", create_users="true").things[ACCOUNT]
    assert [type(thing) for thing in things] == [User, User, Group, GroupPolicy, GroupMember, GroupMember]


def test_a_user_of_its_own_gets_the_permissions_by_a_group_and_the_boundary() -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/ceiling"
    expansion = made("delegated", user="backup-job", permissions_boundary=boundary)
    things = expansion.things[ACCOUNT]
    assert [type(thing) for thing in things] == [User, Group, GroupPolicy, GroupMember]
    [user] = [thing for thing in things if isinstance(thing, User)]
    assert (user.name, user.boundary) == ("backup-job", boundary)
    assert any("xacct keys rotate backup-job" in note for note in expansion.handoff)


def test_console_sign_in_is_hinted_at_for_each_user() -> None:
    notes = made("delegated", users="jane,raj", console="true").handoff
    assert [note for note in notes if "signin.aws.amazon.com/console" in note] == [
        f"Sign in at https://{ACCOUNT}.signin.aws.amazon.com/console as {name}." for name in ("jane", "raj")
    ]
    assert any("403" in note for note in notes)


def test_an_expiring_group_never_denies_its_members_everything() -> None:
    expansion = made("delegated", users="jane", expires="2027-06-30")
    (document,) = expansion.permissions()
    for statement in document.statements:
        assert statement.effect == "Allow"
        assert ("DateLessThan", "aws:CurrentTime") in [
            (one.operator, one.key) for one in statement.conditions
        ]


def test_colleagues_are_of_the_same_account() -> None:
    assert "is of account" in refusal("delegated", principals="arn:aws:iam::222233334444:user/jane")


# All of them


def test_permissions_that_outgrow_a_role_go_into_managed_policies() -> None:
    statements = [
        f"{{Sid: S{number}, Effect: Allow, Action: 'lightsail:GetInstance', "
        f"Resource: 'arn:aws:lightsail:eu-west-1:{ACCOUNT}:Instance/{number:036d}'}}"
        for number in range(110)
    ]
    expansion = made("third-party", **VENDOR, permissions=f"[{{statements: [{', '.join(statements)}]}}]")
    things = expansion.things[ACCOUNT]
    policies = [thing for thing in things if isinstance(thing, ManagedPolicy)]
    attached = {thing.policy_arn for thing in things if isinstance(thing, PolicyAttachment)}
    assert policies
    assert attached == {policy.arn(ACCOUNT) for policy in policies}
    assert not [thing for thing in things if isinstance(thing, RolePolicy)]


VENDOR = {"trusted_account": "444455556666", "external_id": "d3b07384-d9a0-4c9b-8f1e-1c0ffee1d00d"}


def test_lightsail_is_in_one_partition_only() -> None:
    with pytest.raises(InputError, match="Lightsail exists in the partition aws only"):
        made("third-party", partition="aws-cn", **VENDOR)


def test_a_trust_policy_that_is_too_large_is_told_before_any_call() -> None:
    principals = ",".join(f"arn:aws:iam::222233334444:role/{'r' * 50}{number}" for number in range(30))
    text = refusal("owned-account", trusted_account="222233334444", principals=principals)
    assert "IAM takes 2048" in text
    roomy = HouseRules(trust_quota=4096)
    assert made("owned-account", house=roomy, trusted_account="222233334444", principals=principals).role


def test_a_long_path_and_name_are_told_and_do_no_harm() -> None:
    expansion = made("third-party", **VENDOR, path="/" + "p" * 60 + "/")
    assert any("switch-role link takes 64" in note for note in expansion.notes)


def test_house_rules_are_kept_or_told() -> None:
    house = HouseRules(
        required_tags={"Team": ("web", "api"), "Owner": ()},
        boundary="arn:aws:iam::111122223333:policy/ceiling",
        path="/partners/",
        name_pattern="acme-.*",
        longest_session=3600,
        default_tags={"Owner": "platform"},
    )
    with pytest.raises(InputError) as raised:
        made("third-party", house=house, **VENDOR, max_session="2h", **{"tags.Team": "db"})
    assert [problem.code for problem in raised.value.problems] == ["house-rule"] * 3
    role = made("third-party", house=house, **VENDOR, role_name="acme-x", **{"tags.Team": "web"}).role
    assert role is not None
    assert (role.boundary, role.path, role.tags["Owner"]) == (house.boundary, "/partners/", "platform")
