"""Values that would make a role wider than the grant's words say are refused."""

from __future__ import annotations

import pytest

from xacct.blueprint.catalogue import load_blueprint
from xacct.blueprint.expand import Expansion, expand
from xacct.blueprint.load import parse_grant
from xacct.blueprint.settings import grant_from_settings
from xacct.errors import InputError

OWNED = 'trusted_account: "222233334444"'
VENDOR = 'trusted_account: "444455556666", external_id: 1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11'
PATTERN = "arn:aws:iam::222233334444"
GITHUB = "owner: octo, repository: web, owner_id: 1, repository_id: 2"


def expanded(blueprint: str, parameters: str, permissions: str = "[{set: read-only}]") -> Expansion:
    text = (
        f'blueprint: {blueprint}\nname: x\naccount: "111122223333"\n'
        f"parameters: {{{parameters}}}\npermissions: {permissions}\n"
    )
    (grant,) = parse_grant(text, "grant.yaml")
    return expand(grant, load_blueprint(blueprint))


def codes(blueprint: str, parameters: str, permissions: str = "[{set: read-only}]") -> set[str]:
    with pytest.raises(InputError) as raised:
        expanded(blueprint, parameters, permissions)
    return {problem.code for problem in raised.value.problems}


@pytest.mark.parametrize(
    ("blueprint", "parameters"),
    [
        ("owned-account", f"{OWNED}, principals: []"),
        ("owned-account", f"{OWNED}, principals: ''"),
        ("owned-account", f"{OWNED}, principals: "),
        ("owned-account", f"{OWNED}, principal_patterns: []"),
        ("owned-account", f"{OWNED}, principal_tags: {{}}"),
        ("owned-account", f"{OWNED}, organization: ''"),
        ("owned-account", f"{OWNED}, mfa: ''"),
        ("third-party", f"{VENDOR}, vendor_role: ''"),
        ("federated-saml", "provider_name: idp, subjects: []"),
        ("federated-saml", "provider_name: idp, attributes: {}"),
        ("github-actions", f"{GITHUB}, branch: main, workflow_ref: []"),
    ],
)
def test_a_limit_that_is_given_and_empty_is_not_taken_for_no_limit(blueprint: str, parameters: str) -> None:
    assert codes(blueprint, parameters) == {"empty"}


@pytest.mark.parametrize("empty", ["resources: []", "resources: ", "tags: {}", "tags: ", "regions: []"])
def test_an_empty_limit_of_permissions_is_not_taken_for_no_limit(empty: str) -> None:
    assert codes("third-party", VENDOR, f"[{{set: snapshot-operator, {empty}}}]") == {"empty"}


def test_an_unset_shell_variable_does_not_trust_the_whole_account() -> None:
    settings = [
        ("account", "111122223333"),
        ("name", "x"),
        ("permissions", "read-only"),
        ("trusted_account", "222233334444"),
        ("principals", ""),
    ]
    with pytest.raises(InputError, match="principals is given and empty"):
        grant_from_settings(load_blueprint("owned-account"), settings)


@pytest.mark.parametrize(
    ("blueprint", "parameters"),
    [
        ("owned-account", f"{OWNED}, principal_tags: {{Team: '${{aws:PrincipalTag/Team}}'}}"),
        ("owned-account", f"{OWNED}, principal_patterns: ['{PATTERN}:role/x${{aws:username}}*']"),
        ("federated-saml", "provider_name: idp, subjects: ['${saml:sub}']"),
        ("federated-saml", "provider_name: idp, attributes: {mail: '${saml:mail}'}"),
        (
            "github-actions",
            f"{GITHUB}, branch: main, audience: '${{token.actions.githubusercontent.com:aud}}'",
        ),
        (
            "federated-oidc",
            "issuer: 'https://oidc.example.com', audience: x, subject: '${oidc.example.com:sub}'",
        ),
    ],
)
def test_a_value_cannot_bring_in_a_policy_variable(blueprint: str, parameters: str) -> None:
    assert codes(blueprint, parameters) == {"variable"}


@pytest.mark.parametrize("name", ["role/*", "role/*a*", "role/?*a", "role/**-*", "user/*/*x", "role/*-"])
def test_a_pattern_for_principals_begins_with_something_fixed(name: str) -> None:
    assert codes("owned-account", f"{OWNED}, principal_patterns: ['{PATTERN}:{name}']") == {"principal"}


@pytest.mark.parametrize("name", ["role/ops-*", "role/team/*", "role/*/deploy", "user/a*"])
def test_a_pattern_with_a_fixed_beginning_is_taken(name: str) -> None:
    role = expanded("owned-account", f"{OWNED}, principal_patterns: ['{PATTERN}:{name}']").role
    assert role is not None
    assert role.trust.statements[0].conditions[0].values == (f"{PATTERN}:{name}",)


def test_keys_of_a_map_that_differ_in_case_do_not_overwrite_each_other() -> None:
    assert codes("federated-saml", "provider_name: idp, attributes: {MAIL: a, mail: b}") == {"key"}


@pytest.mark.parametrize("subject", ["*", "*@*", "?"])
def test_people_cannot_be_named_by_a_wildcard_alone(subject: str) -> None:
    assert codes("federated-saml", f"provider_name: idp, subjects: ['{subject}']") == {"pattern"}
