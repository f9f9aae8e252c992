"""What the wizard offers is what the account holds; what may not be read is left out without a word."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from wizard_builders import OURS, answer, setup

from xacct.aws import look
from xacct.cli.looking import look_ups
from xacct.cli.settings import Settings
from xacct.cli.wiring import Wiring
from xacct.errors import XacctError
from xacct.sandbox import Sandbox, default_state_dir
from xacct.wizard.flow import next_question, start
from xacct.wizard.model import Kind, Question, Setup, Topic, Walk


@pytest.fixture
def wiring() -> Wiring:
    return Wiring(Settings(sandbox=True))


def offered(wiring: Wiring, topic: Topic, **limits: str) -> list[tuple[str, str]]:
    walk = Walk(setup=Setup(blueprints={}, account=OURS), answers=limits)
    question = Question(key="k", kind=Kind.TEXT, prompt="?", topic=topic)
    return [(one.value, one.title) for one in look_ups(wiring).offered(walk, question)]


def test_users_roles_groups_and_providers_are_offered(wiring: Wiring) -> None:
    iam: Any = wiring.sessions.client("iam", OURS)
    iam.create_user(UserName="jane")
    iam.create_group(GroupName="ops")
    iam.create_open_id_connect_provider(Url="https://oidc.example.com/t", ClientIDList=["x"])
    jane = f"arn:aws:iam::{OURS}:user/jane"
    assert offered(wiring, Topic.PRINCIPALS) == [(jane, "jane")]
    assert offered(wiring, Topic.USERS) == [("jane", jane)]
    assert [value for value, _ in offered(wiring, Topic.GROUPS)] == ["ops"]
    assert [value for value, _ in offered(wiring, Topic.OIDC_ISSUERS)] == ["https://oidc.example.com/t"]
    assert offered(wiring, Topic.SAML_PROVIDERS) == []
    assert offered(wiring, Topic.GRANTS) == []


def test_resources_are_offered_by_arn_with_name_type_region_and_tags(wiring: Wiring) -> None:
    for region in ("eu-west-1", "us-east-1"):
        client: Any = wiring.sessions.client("lightsail", OURS, region)
        client.create_instances(
            instanceNames=[f"web-{region}"],
            availabilityZone=f"{region}a",
            blueprintId="ubuntu_22_04",
            bundleId="nano_3_0",
            tags=[{"key": "Environment", "value": "prod"}],
        )
    found = offered(wiring, Topic.RESOURCES)
    assert [title for _, title in found] == [
        "web-eu-west-1 (Instance, eu-west-1, Environment=prod)",
        "web-us-east-1 (Instance, us-east-1, Environment=prod)",
    ]
    assert all(value.startswith("arn:aws:lightsail:") for value, _ in found)
    assert len(offered(wiring, Topic.RESOURCES, **{"permissions.regions": "eu-west-1"})) == 1
    assert offered(wiring, Topic.TAGS) == [("Environment=prod", "")]


def test_accounts_come_from_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile web]\nrole_arn = arn:aws:iam::222233334444:role/x\nsource_profile = default\n"
        "[profile people]\nsso_account_id = 555566667777\n"
        "[profile broken]\nrole_arn = nothing\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert [(one.value, one.title) for one in look.configured_accounts()] == [
        ("222233334444", "profile web"),
        ("555566667777", "profile people"),
    ]


@pytest.mark.parametrize("text", [b"[profile x\nnot a setting", b"\xff\xfe\x00", b"role_arn = x"])
def test_a_broken_configuration_leaves_typing(
    text: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_bytes(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with pytest.raises(XacctError):
        look.configured_accounts()
    assert offered(Wiring(Settings()), Topic.ACCOUNTS) == []


class Refusing:
    """Sessions whose clients refuse in some Regions, as an organization's policy would."""

    def __init__(self, refused: set[str]) -> None:
        self.refused = refused

    def client(self, service: str, account: str, region: str) -> Any:
        if region in self.refused:
            raise XacctError(f"{service} in {region} is refused")
        sandbox = Wiring(Settings(sandbox=True))
        return sandbox.sessions.client(service, account, region)


def test_a_region_that_is_refused_is_passed_over_and_all_of_them_are_told() -> None:
    some: Any = Refusing({"us-east-1"})
    assert look.lightsail_resources(some, OURS, ["us-east-1", "eu-west-1"]) == []
    none: Any = Refusing({"us-east-1", "eu-west-1"})
    with pytest.raises(XacctError, match="refused"):
        look.lightsail_resources(none, OURS, ["us-east-1", "eu-west-1"])


def test_looking_changes_nothing(wiring: Wiring) -> None:
    state = Sandbox(default_state_dir(os.environ))
    for topic in Topic:
        offered(wiring, topic)
    assert state.accounts_in_use() in ([], [OURS])
    assert offered(wiring, Topic.PRINCIPALS) == []


def test_topics_follow_from_what_a_blueprint_makes() -> None:
    def topic(blueprint: str, *lines: str) -> Topic | None:
        question = next_question(answer(start(setup(), blueprint, {}), lines))
        assert question is not None
        return question.topic

    assert topic("third-party") is Topic.ACCOUNTS
    assert topic("federated-saml") is Topic.SAML_PROVIDERS
    assert topic("federated-oidc") is Topic.OIDC_ISSUERS
    assert topic("delegated", "role") is Topic.PRINCIPALS
    assert topic("delegated", "group") is Topic.USERS
    assert topic("delegated", "user") is None, "a new user's name is not one that is there"
