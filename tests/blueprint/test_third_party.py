"""The third-party blueprint, end to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from xacct.blueprint.catalogue import load_blueprint
from xacct.blueprint.expand import Expansion, expand
from xacct.blueprint.load import load_grants, parse_grant
from xacct.blueprint.settings import grant_from_settings
from xacct.errors import InputError
from xacct.iam.ownership import TAG_DIGEST, is_ours
from xacct.iam.policy import PolicyDocument, PrincipalType
from xacct.iam.things import RolePolicy

EXAMPLE = Path(__file__).parents[2] / "examples" / "third-party.yaml"
SETTINGS = [
    ("account", "111122223333"),
    ("trusted_account", "444455556666"),
    ("external_id", "1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11"),
    ("permissions", "read-only"),
]


def expand_settings(*more: tuple[str, str]) -> Expansion:
    blueprint = load_blueprint("third-party")
    return expand(grant_from_settings(blueprint, [*SETTINGS, *more]), blueprint)


def trust_of(expansion: Expansion) -> PolicyDocument:
    assert expansion.role is not None
    return expansion.role.trust


def test_the_vendors_account_needs_the_external_id() -> None:
    (statement,) = trust_of(expand_settings()).statements
    assert statement.to_json() == {
        "Sid": "ThirdPartyAssumesRole",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11"}},
    }


def test_a_previous_external_id_is_accepted_beside_the_new_one() -> None:
    (statement,) = trust_of(expand_settings(("previous_external_id", "old-external-id"))).statements
    assert statement.conditions[0].values == ("1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11", "old-external-id")


def test_the_example_expires_in_trust_and_permissions() -> None:
    (grant,) = load_grants([EXAMPLE])
    expansion = expand(grant, load_blueprint(grant.blueprint))
    (statement,) = trust_of(expansion).statements
    expiry = next(condition for condition in statement.conditions if condition.operator == "DateLessThan")
    assert expiry.values == ("2030-02-01T00:00:00Z",)
    (policy,) = [thing for thing in expansion.things["111122223333"] if isinstance(thing, RolePolicy)]
    deny = policy.document.statements[-1]
    assert (deny.effect, deny.actions, deny.resources) == ("Deny", ("*",), ("*",))
    assert deny.conditions[0].operator == "DateGreaterThanEquals"


def test_the_role_is_tagged_as_ours_with_its_digest() -> None:
    role = expand_settings(("tags.Team", "web")).role
    assert role is not None
    assert is_ours(role.tags)
    assert role.tags["Team"] == "web"
    assert len(role.tags[TAG_DIGEST]) == 32


def test_every_condition_has_its_reason() -> None:
    expansion = expand_settings(("session_tags", "Customer"), ("source_identity", "true"))
    for statement in trust_of(expansion).statements:
        assert expansion.reasons[statement.sid or ""]
        for condition in statement.conditions:
            assert expansion.reasons[f"{statement.sid}/{condition.operator}/{condition.key}"]


def test_session_tags_are_allowed_only_when_asked_for() -> None:
    assert [statement.actions for statement in trust_of(expand_settings()).statements] == [
        ("sts:AssumeRole",)
    ]
    tagged = trust_of(expand_settings(("session_tags", "Customer")))
    assert [statement.actions for statement in tagged.statements] == [
        ("sts:AssumeRole",),
        ("sts:TagSession",),
    ]


def test_all_missing_answers_are_told_at_once() -> None:
    blueprint = load_blueprint("third-party")
    with pytest.raises(InputError) as raised:
        expand(grant_from_settings(blueprint, []), blueprint)
    assert [problem.code for problem in raised.value.problems] == ["missing-value"] * 4


def test_an_external_id_is_generated_only_on_request() -> None:
    blueprint = load_blueprint("third-party")
    grant = grant_from_settings(blueprint, [("external_id", "generate")], make_id=lambda: "made-for-the-test")
    assert grant.parameters["external_id"] == "made-for-the-test"
    text = EXAMPLE.read_text().replace("1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11", "generate")
    (written,) = parse_grant(text, "grant.yaml")
    with pytest.raises(InputError, match="holds the external ID itself"):
        expand(written, blueprint)


def test_the_trusting_account_is_no_third_party() -> None:
    blueprint = load_blueprint("third-party")
    settings = [(key, "111122223333" if key == "trusted_account" else value) for key, value in SETTINGS]
    with pytest.raises(InputError, match="is the same as account"):
        expand(grant_from_settings(blueprint, settings), blueprint)


def test_principals_of_the_trust_are_of_the_vendor() -> None:
    for statement in trust_of(
        expand_settings(("session_tags", "Customer"), ("source_identity", "true"))
    ).statements:
        assert [(who.type, who.value) for who in statement.principals or ()] == [
            (PrincipalType.AWS, "arn:aws:iam::444455556666:root")
        ]
