"""What holds for every blueprint and every choice of parameters."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xacct.blueprint.catalogue import list_blueprints, load_blueprint
from xacct.blueprint.expand import Expansion, expand
from xacct.blueprint.model import Blueprint, Parameter, ParameterType
from xacct.blueprint.settings import grant_from_settings
from xacct.errors import InputError
from xacct.iam.ownership import TAG_DIGEST
from xacct.iam.policy import Effect, PolicyDocument
from xacct.iam.things import GroupPolicy, ManagedPolicy, RolePolicy

METADATA = str(Path(__file__).parents[2] / "examples" / "metadata.xml")
ACCOUNT = "111122223333"

# For parameters whose examples, choices or type don't say it.
VALUES = {
    ("owned-account", "mfa_max_age"): ["1h", "900"],
    ("owned-account", "principal_tags"): ["{Team: web}", "{Team: [a, b], Stage: 'p*'}"],
    ("third-party", "previous_external_id"): ["another-external-id"],
    ("federated-saml", "metadata"): [METADATA],
    ("federated-saml", "audience"): ["https://eu-west-1.signin.aws.amazon.com/saml"],
    ("federated-saml", "attributes"): ["{mail: '*@example.com', cn: [a, b]}"],
    ("federated-oidc", "claims"): ["{project_id: 1}"],
    ("federated-oidc", "thumbprints"): ["a" * 40],
    ("github-actions", "workflow_ref"): ["octo-org/flows/.github/workflows/deploy.yml@refs/heads/main"],
    ("github-actions", "issuer"): ["https://token.actions.acme.ghe.com"],
    ("gitlab-ci", "issuer"): ["https://git.example.com"],
    ("gitlab-ci", "project_id"): ["42"],
    ("terraform-cloud", "issuer"): ["https://tfe.example.com"],
    ("bitbucket", "environment_uuid"): ["{0e6a3c1a-6a86-4f35-8a55-4f7f7c0f1d11}"],
    ("google", "authorized_party"): ["104325678901234567890"],
    ("cognito", "identity_ids"): ["eu-west-1:11112222-3333-4444-5555-666677778888"],
    ("delegated", "group"): ["operators"],
}


def values_of(blueprint: Blueprint, parameter: Parameter) -> list[str]:
    if (blueprint.name, parameter.name) in VALUES:
        return VALUES[blueprint.name, parameter.name]
    if parameter.type is ParameterType.BOOL:
        return ["true", "false"]
    if parameter.choices:
        return [choice.value for choice in parameter.choices]
    if parameter.examples:
        return (
            [",".join(parameter.examples)]
            if parameter.type is ParameterType.LIST
            else list(parameter.examples)
        )
    return ["an-audience"]


@st.composite
def settings_for(draw: st.DrawFn, blueprint: Blueprint) -> list[tuple[str, str]]:
    """Values for the required parameters and for some of the others."""
    out = [("account", ACCOUNT), ("name", "the-grant"), ("permissions", draw(st.sampled_from(SETS)))]
    out += [
        (parameter.name, draw(st.sampled_from(values_of(blueprint, parameter))))
        for parameter in blueprint.parameters.values()
        if (parameter.required and not parameter.when) or draw(st.booleans())
    ]
    if draw(st.booleans()):
        out.append(("expires", "2027-01-31"))
    return out


SETS = ["read-only", "snapshot-operator", "read-only,monitoring"]
BLUEPRINTS = list_blueprints()


def expansion_of(blueprint: Blueprint, given_: list[tuple[str, str]]) -> Expansion | None:
    try:
        return expand(grant_from_settings(blueprint, given_), blueprint)
    except InputError:
        return None


@pytest.mark.parametrize("blueprint", BLUEPRINTS, ids=lambda blueprint: blueprint.name)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_made_is_what_iam_takes(blueprint: Blueprint, data: st.DataObject) -> None:
    expansion = expansion_of(blueprint, data.draw(settings_for(blueprint)))
    if expansion is None:
        return
    documents = [
        thing.document
        for found in expansion.things.values()
        for thing in found
        if isinstance(thing, (RolePolicy, GroupPolicy, ManagedPolicy))
    ]
    if expansion.role is not None:
        documents.append(expansion.role.trust)
        for statement in expansion.role.trust.statements:
            assert statement.principals
            assert statement.resources is None
            assert {action.split(":")[0] for action in statement.actions or ()} == {"sts"}
    for document in documents:
        assert document.statements
        assert PolicyDocument.from_json(document.minified()).canonical == document.canonical
        for statement in document.statements:
            assert all(condition.values for condition in statement.conditions)
            assert "{{" not in str(statement.to_json())


@pytest.mark.parametrize("blueprint", BLUEPRINTS, ids=lambda blueprint: blueprint.name)
def test_each_value_of_the_tables_works_by_itself(blueprint: Blueprint) -> None:
    """So that the law above is not kept by refusing everything."""
    required = [("account", ACCOUNT), ("permissions", "read-only")]
    required += [
        (parameter.name, values_of(blueprint, parameter)[0])
        for parameter in blueprint.parameters.values()
        if (parameter.required or parameter.required_when) and not parameter.when
    ]
    required = [pair for pair in required if pair[0] != "trigger"]
    trigger = [("trigger", "branch"), ("branch", "main")] if "trigger" in blueprint.parameters else []
    if blueprint.name == "delegated":
        trigger = [("principals", f"arn:aws:iam::{ACCOUNT}:user/jane")]
    assert expansion_of(blueprint, required + trigger) is not None
    for parameter in blueprint.parameters.values():
        if (
            parameter.when
            or parameter.name in dict(required + trigger)
            or parameter.name in ("via", "issuer")
        ):
            continue
        for value in values_of(blueprint, parameter):
            assert expansion_of(blueprint, [*required, *trigger, (parameter.name, value)]) is not None, (
                parameter
            )


@pytest.mark.parametrize("blueprint", BLUEPRINTS, ids=lambda blueprint: blueprint.name)
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_order_of_settings_makes_no_difference(blueprint: Blueprint, data: st.DataObject) -> None:
    given_ = data.draw(settings_for(blueprint))
    one, other = expansion_of(blueprint, given_), expansion_of(blueprint, data.draw(st.permutations(given_)))
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.things == other.things


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_an_expiry_is_on_every_way_in(data: st.DataObject) -> None:
    blueprint = data.draw(st.sampled_from(BLUEPRINTS))
    given_ = [pair for pair in data.draw(settings_for(blueprint)) if pair[0] != "expires"]
    expansion = expansion_of(blueprint, [*given_, ("expires", "2027-01-31")])
    if expansion is None or expansion.role is None:
        return
    for statement in expansion.role.trust.statements:
        if statement.effect is Effect.ALLOW:
            assert ("DateLessThan", "2027-02-01T00:00:00Z") in [
                (one.operator, one.values[0]) for one in statement.conditions if one.key == "aws:CurrentTime"
            ]


def test_the_digest_follows_the_meaning_and_nothing_else() -> None:
    blueprint = load_blueprint("third-party")
    base = [("account", ACCOUNT), ("trusted_account", "444455556666"), ("external_id", "first-external-id")]

    def digest(*more: tuple[str, str]) -> str:
        role = expand(grant_from_settings(blueprint, [*base, *more]), blueprint).role
        assert role is not None
        return role.tags[TAG_DIGEST]

    assert digest(("permissions", "read-only")) == digest(("permissions", "read-only"))
    assert digest(("permissions", "read-only,monitoring")) == digest(("permissions", "monitoring,read-only"))
    others = {
        digest(("permissions", "read-only"), change)
        for change in (("max_session", "2h"), ("tags.A", "b"), ("session_tags", "A"), ("description", "x"))
    }
    assert len(others | {digest(("permissions", "read-only")), digest(("permissions", "monitoring"))}) == 6


def test_the_digest_of_a_grant_ignores_its_place() -> None:
    blueprint = load_blueprint("third-party")
    grant = grant_from_settings(blueprint, [("external_id", "abc")])
    assert attrs.evolve(grant, file="x.yaml", places={"name": "x.yaml:1"}).digest == grant.digest
    assert attrs.evolve(grant, max_session=7200).digest != grant.digest
