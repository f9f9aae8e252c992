"""Every example and every blueprint: what ships works."""

from __future__ import annotations

from pathlib import Path

import pytest

from xacct.blueprint.catalogue import blueprint_names, list_blueprints, load_blueprint
from xacct.blueprint.expand import expand
from xacct.blueprint.load import load_grants
from xacct.iam.ownership import is_ours
from xacct.iam.things import ManagedPolicy, OidcProvider, Role, SamlProvider

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = sorted(EXAMPLES.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_example_expands_to_things_of_ours(file: Path) -> None:
    for grant in load_grants([file]):
        expansion = expand(grant, load_blueprint(grant.blueprint))
        things = [thing for found in expansion.things.values() for thing in found]
        assert things
        assert expansion.permissions()
        for thing in things:
            if isinstance(thing, (Role, ManagedPolicy, SamlProvider, OidcProvider)):
                assert is_ours(thing.tags)
        assert expand(grant, load_blueprint(grant.blueprint)) == expansion


def test_all_examples_stand_beside_each_other() -> None:
    assert len(load_grants([EXAMPLES])) >= len(FILES)


def test_every_blueprint_has_an_example() -> None:
    used = {grant.blueprint for grant in load_grants([EXAMPLES])}
    assert used == set(blueprint_names())


@pytest.mark.parametrize("blueprint", list_blueprints(), ids=lambda blueprint: blueprint.name)
def test_every_statement_and_condition_of_a_blueprint_says_why(blueprint) -> None:
    for statement in blueprint.trust:
        assert statement.why, statement.sid
        for condition in statement.conditions:
            assert condition.why, (statement.sid, condition.key)
    for thing in blueprint.things:
        assert thing.why, thing.type


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_line_of_an_example_trust_has_its_reason(file: Path) -> None:
    for grant in load_grants([file]):
        expansion = expand(grant, load_blueprint(grant.blueprint))
        for statement in expansion.role.trust.statements if expansion.role else ():
            assert expansion.reasons[statement.sid or ""]
            for condition in statement.conditions:
                assert expansion.reasons[f"{statement.sid}/{condition.operator}/{condition.key}"]
