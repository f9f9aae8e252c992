"""The project file, and the schemas that are published."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from xacct.blueprint.catalogue import shipped_folder
from xacct.blueprint.project import find_project, parse_project
from xacct.blueprint.schema import json_schema
from xacct.errors import InputError

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
PROJECT = """\
accounts:
  "111122223333": prod
  222233334444: {role: "arn:aws:iam::{account}:role/admin", external_id: abc, region: eu-west-1}
  "*": {profile: "{account}-admin"}
defaults: {account: 111122223333, tags: {Owner: platform}}
rules:
  required_tags: {Team: [web, api], Owner: }
  permissions_boundary: arn:aws:iam::111122223333:policy/ceiling
  path: /partners/
  name_pattern: "[a-z-]+"
  longest_session: 2h
"""


def test_the_nearest_project_file_above_is_found(tmp_path: Path) -> None:
    (tmp_path / "xacct.yaml").write_text(PROJECT)
    below = tmp_path / "grants" / "team"
    below.mkdir(parents=True)
    assert find_project(below).file == str(tmp_path / "xacct.yaml")
    (below / "xacct.yaml").write_text("")
    assert find_project(below).accounts == {}


def test_accounts_are_reached_by_profile_or_role() -> None:
    project = parse_project(PROJECT, "xacct.yaml")
    own, other, third = (
        project.access_to(number) for number in ("111122223333", "222233334444", "999988887777")
    )
    assert own is not None and own.profile == "prod"
    assert other is not None and other.role == "arn:aws:iam::222233334444:role/admin"
    assert third is not None and third.profile == "999988887777-admin"
    assert parse_project("", "xacct.yaml").access_to("111122223333") is None


def test_rules_are_typed() -> None:
    house = parse_project(PROJECT, "xacct.yaml").house
    assert house.longest_session == 7200
    assert dict(house.required_tags) == {"Team": ("web", "api"), "Owner": ()}
    assert house.default_account == "111122223333"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("accounts:", "acounts:", "did you mean 'accounts'"),
        ('"111122223333": prod', "1111: prod", "12 digits"),
        ("longest_session: 2h", "longest_session: 20h", "1 to 12 hours"),
        ('"[a-z-]+"', '"["', "no regular expression"),
        ("/partners/", "partners", "no IAM path"),
        ("longest_session: 2h", "trust_quota: 20000", "no quota"),
        ("eu-west-1", "nowhere", "no Region"),
        ("arn:aws:iam::{account}:role/admin", "arn:aws:s3:::bucket", "neither a role's ARN nor its name"),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, words: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_project(PROJECT.replace(old, new), "xacct.yaml")
    assert words in str(raised.value)
    assert "xacct.yaml:" in raised.value.problems[0].where


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.BaseLoader])
@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_the_schema_of_grants_takes_every_example(file: Path, loader: type) -> None:
    validator = jsonschema.Draft202012Validator(json_schema("grant"))
    for document in yaml.load_all(file.read_text(), Loader=loader):
        if loader is yaml.SafeLoader and "expires" in document:
            document["expires"] = document["expires"].isoformat()
        assert [error.message for error in validator.iter_errors(document)] == []


@pytest.mark.parametrize("file", sorted(shipped_folder().glob("*.yaml")), ids=lambda file: file.stem)
def test_the_schema_of_blueprints_takes_every_shipped_one(file: Path) -> None:
    validator = jsonschema.Draft202012Validator(json_schema("blueprint"))
    assert [error.message for error in validator.iter_errors(yaml.safe_load(file.read_text()))] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"blueprint": "third-party"},
        {"blueprint": "third-party", "name": "a b"},
        {"blueprint": "third-party", "name": "a", "acount": "111122223333"},
        {"blueprint": "third-party", "name": "a", "account": "1111"},
        {"blueprint": "third-party", "name": "a", "permissions": [{"sets": "x"}]},
        {"blueprint": "third-party", "name": "a", "accept": [{"rule": "XA101"}]},
    ],
)
def test_the_schema_of_grants_refuses_what_the_loader_refuses(wrong: dict[str, object]) -> None:
    assert not jsonschema.Draft202012Validator(json_schema("grant")).is_valid(wrong)


def test_the_schemas_are_schemas() -> None:
    for kind in ("grant", "blueprint"):
        jsonschema.Draft202012Validator.check_schema(json_schema(kind))
    with pytest.raises(InputError, match="there is no schema"):
        json_schema("role")
