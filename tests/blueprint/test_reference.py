"""The reference pages name every key and type that the readers take."""

from __future__ import annotations

from pathlib import Path

import pytest

from xacct.blueprint.blueprint_nodes import BLUEPRINT_KEYS, THING_FIELDS
from xacct.blueprint.grant_nodes import EXPECT_KEYS, GRANT_KEYS, PERMISSION_KEYS
from xacct.blueprint.load import parse_grant
from xacct.blueprint.model import Intent, ParameterType
from xacct.blueprint.parameter_nodes import PARAMETER_KEYS
from xacct.blueprint.project import ACCESS_KEYS, DEFAULT_KEYS, PROJECT_KEYS, RULE_KEYS, parse_project
from xacct.blueprint.statement_nodes import CONDITION_KEYS, STATEMENT_KEYS
from xacct.blueprint.template_nodes import BUILT_IN

DOCS = Path(__file__).parents[2] / "docs" / "reference"
GRANT = (DOCS / "grant.md").read_text()
BLUEPRINT = (DOCS / "blueprint.md").read_text()


@pytest.mark.parametrize("key", [*GRANT_KEYS, *PERMISSION_KEYS, *EXPECT_KEYS])
def test_the_page_on_grants_names_the_key(key: str) -> None:
    assert f"`{key}`" in GRANT


@pytest.mark.parametrize("key", [*PROJECT_KEYS, *ACCESS_KEYS, *DEFAULT_KEYS, *RULE_KEYS])
def test_the_page_on_grants_shows_the_key_of_the_project_file(key: str) -> None:
    assert f"{key}:" in GRANT or key == "external_id"


@pytest.mark.parametrize(
    "key",
    [
        *BLUEPRINT_KEYS,
        *PARAMETER_KEYS,
        *STATEMENT_KEYS,
        *CONDITION_KEYS,
        *BUILT_IN,
        *(kind.value for kind in (*ParameterType, *Intent, *THING_FIELDS)),
    ],
)
def test_the_page_on_blueprints_names_the_key(key: str) -> None:
    assert f"`{key}`" in BLUEPRINT or f"`{key}:" in BLUEPRINT


def test_the_examples_on_the_page_are_read() -> None:
    grant, project = (block.partition("```")[0] for block in GRANT.split("```yaml\n")[1:])
    assert parse_grant(grant, "grant.md")
    assert parse_project(project, "grant.md").house.longest_session == 14400
