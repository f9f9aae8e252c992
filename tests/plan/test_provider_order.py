"""A provider and the roles that trust it change in an order that lets nobody in for a moment."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import attrs
import pytest
from plan_builders import ACCOUNT, snapshot

from xacct.blueprint.catalogue import load_blueprint
from xacct.blueprint.expand import Expansion, expand
from xacct.blueprint.load import parse_grant
from xacct.evaluate.engine import evaluate
from xacct.evaluate.model import Outcome, Policies, Request
from xacct.iam.things import AccountThings, OidcProvider, SamlProvider
from xacct.plan.build import make_plan
from xacct.plan.options import PlanOptions
from xacct.plan.perform import after_steps
from xacct.plan.work import work_of

METADATA = (Path(__file__).parents[2] / "examples" / "metadata.xml").read_text()
NOW = "2026-11-22T10:00:00Z"


def expansion(blueprint: str, parameters: str) -> Expansion:
    text = (
        f'blueprint: {blueprint}\nname: people\naccount: "{ACCOUNT}"\nparameters: {{{parameters}}}\n'
        "permissions: [{set: read-only}]\n"
    )
    (grant,) = parse_grant(text, "grant.yaml")
    return expand(grant, load_blueprint(blueprint))


def moments(before: Expansion, after: Expansion) -> list[AccountThings]:
    held = snapshot(*before.things[ACCOUNT])
    options = PlanOptions(target="aws", created_at=NOW, today=date(2026, 11, 22))
    out = [held.things]
    for phase in work_of(make_plan([after], {ACCOUNT: held}, options), now=NOW):
        for part in phase:
            for step in part.steps:
                out.append(after_steps(out[-1], [step]))
    return out


def admits(things: AccountThings, provider: str, action: str, context: dict[str, str]) -> bool:
    role = things.role("people")
    assert role is not None
    request = Request(
        principal=f"arn:aws:iam::{ACCOUNT}:{provider}",
        action=action,
        resource=role.arn(ACCOUNT),
        resource_account=ACCOUNT,
        context=context,
    )
    return evaluate(request, Policies(resource=role.trust)).outcome is Outcome.ALLOWED


def signed_in(things: AccountThings) -> set[tuple[str, str]]:
    """Who gets in: people by the identity provider that vouches for them."""
    (provider,) = (thing for thing in things if isinstance(thing, SamlProvider))
    contexts = {
        person: {"saml:aud": "https://signin.aws.amazon.com/saml", "saml:sub": person}
        for person in ("jane", "bob")
    }
    return {
        (provider.metadata, person)
        for person, context in contexts.items()
        if admits(things, "saml-provider/idp", "sts:AssumeRoleWithSAML", context)
    }


@pytest.mark.parametrize(("old", "new"), [("", "jane"), ("jane", ""), ("jane", "jane"), ("jane,bob", "bob")])
def test_while_an_identity_provider_is_replaced_nobody_gets_in_for_a_moment(
    tmp_path: Path, old: str, new: str
) -> None:
    def people(subjects: str, name: str) -> Expansion:
        file = tmp_path / name
        file.write_text(METADATA.replace('entityID="', f'entityID="{name}'))
        limit = f", subjects: [{subjects}]" if subjects else ""
        return expansion("federated-saml", f"provider_name: idp, metadata: {file}{limit}")

    seen = [signed_in(things) for things in moments(people(old, "one"), people(new, "two"))]
    assert seen[0] != seen[-1]
    assert all(moment <= seen[0] | seen[-1] for moment in seen)


def test_an_audience_is_added_after_the_trust_that_takes_it_too_widely_is_narrowed() -> None:
    def workloads(audience: str, subject: str) -> Expansion:
        issuer = "issuer: 'https://oidc.example.com'"
        return expansion("federated-oidc", f"{issuer}, audience: [{audience}], subject: [{subject}]")

    before, after = workloads("a, b", "x"), workloads("b", "y")
    provider = OidcProvider(url="oidc.example.com", client_ids=("a",), tags={"xacct:managed": "true"})
    kept = tuple(thing for thing in before.things[ACCOUNT] if not isinstance(thing, OidcProvider))
    held = {**before.things, ACCOUNT: (*kept, provider)}

    def tokens(things: AccountThings) -> set[tuple[str, str]]:
        (known,) = (thing for thing in things if isinstance(thing, OidcProvider))
        return {
            (audience, subject)
            for audience in known.client_ids
            for subject in ("x", "y")
            if admits(
                things,
                "oidc-provider/oidc.example.com",
                "sts:AssumeRoleWithWebIdentity",
                {"oidc.example.com:aud": audience, "oidc.example.com:sub": subject},
            )
        }

    seen = [tokens(things) for things in moments(attrs.evolve(before, things=held), after)]
    assert (seen[0], seen[-1]) == ({("a", "x")}, {("b", "y")})
    assert all(moment <= seen[0] | seen[-1] for moment in seen)
