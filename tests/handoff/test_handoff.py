"""What is handed over for each example: exact facts, and snippets that the tools they are for can read."""

from __future__ import annotations

import configparser
import json
import shutil
import subprocess
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest
import yaml
from golden_files import assert_golden

from xacct.blueprint.blueprint_nodes import parse_blueprint
from xacct.blueprint.catalogue import load_blueprint
from xacct.blueprint.expand import Expansion, expand
from xacct.blueprint.load import load_grants
from xacct.blueprint.model import Grant
from xacct.blueprint.settings import grant_from_settings
from xacct.blueprint.starter import starter_blueprint
from xacct.handoff.entry import read_entry
from xacct.handoff.make import Caller, make_handoff
from xacct.handoff.model import Handoff, Way
from xacct.iam.policy import PolicyDocument
from xacct.render.handoff import handoff_markdown, handoff_text, handoff_to_json
from xacct.render.style import Style

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml") if path.name != "xacct.yaml")
# At least one for each way in, and for each system that has a snippet of its own.
REVIEWED = [
    *("third-party", "owned-account", "owned-account-sso", "delegated", "delegated-group", "federated-saml"),
    *("federated-oidc", "github-actions", "gitlab-ci", "bitbucket", "terraform-cloud", "cognito"),
]
KEYS = {"role_arn", "external_id", "profile", "caller_policy", "snippets"}


def expansion_of(name: str, **changes: object) -> Expansion:
    grant: Grant = load_grants([EXAMPLES / f"{name}.yaml"])[0]
    grant = attrs.evolve(grant, **changes)
    return expand(grant, load_blueprint(grant.blueprint))


def handoff_of(name: str, caller: Caller | None = None, **changes: object) -> Handoff:
    return make_handoff(expansion_of(name, **changes), caller)


def reviewed(name: str) -> Handoff:
    """The handoff of an example on a day that stays the same when the example's moves on."""
    ends = load_grants([EXAMPLES / f"{name}.yaml"])[0].expires is not None
    return handoff_of(name, expires=date(2031, 1, 31) if ends else None)


def snippet(handoff: Handoff, name: str) -> str:
    [text] = [one.text for one in (*handoff.snippets, *handoff.tests) if one.name == name]
    return text


def made(blueprint: str, **settings: str) -> Handoff:
    found = load_blueprint(blueprint)
    always = {"account": "111122223333", "permissions": "read-only"}
    return make_handoff(expand(grant_from_settings(found, [*{**always, **settings}.items()]), found))


@pytest.mark.parametrize("name", REVIEWED)
def test_the_text_of_each_example_is_as_reviewed(name: str) -> None:
    assert_golden(f"handoff/{name}.txt", handoff_text(reviewed(name), Style(width=80)))


@pytest.mark.parametrize("name", ["third-party", "federated-saml", "delegated-group", "owned-account"])
def test_the_markdown_of_an_example_is_as_reviewed(name: str) -> None:
    assert_golden(f"handoff/{name}.md", handoff_markdown(reviewed(name)))


@pytest.mark.parametrize("name", NAMES)
def test_the_json_has_its_keys_and_is_json(name: str) -> None:
    value = json.loads(json.dumps(handoff_to_json(handoff_of(name))))
    assert value.keys() >= KEYS
    assert value["snippets"]


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_is_a_section_that_can_be_appended(name: str) -> None:
    profile = handoff_of(name).profile
    if profile is None:
        return
    parser = configparser.ConfigParser()
    parser.read_string(f"[default]\nregion = eu-west-1\n\n{profile.text}")
    assert dict(parser[f"profile {profile.name}"]) == dict(profile.settings)


@pytest.mark.parametrize("name", NAMES)
def test_snippets_can_be_read_by_what_they_are_for(name: str) -> None:
    for one in (*handoff_of(name).snippets, *handoff_of(name).tests):
        match one.language:
            case "yaml":
                assert yaml.safe_load(one.text)
            case "python":
                compile(one.text, one.name, "exec")
            case "sh":
                done = subprocess.run(["bash", "-n"], input=one.text, text=True, capture_output=True)
                assert not done.stderr
            case "hcl":
                assert one.text.count("{") == one.text.count("}")
            case other:
                pytest.fail(f"nothing reads {other}")


@pytest.mark.skipif(shutil.which("terraform") is None, reason="needs terraform")
def test_terraform_reads_its_provider_and_would_lay_it_out_alike(tmp_path: Path) -> None:
    for name in ("third-party", "gitlab-ci", "owned-account"):
        (tmp_path / f"{name}.tf").write_text(snippet(handoff_of(name), "terraform"))
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


# -- AssumeRole ----------------------------------------------------------------------------------------------


def test_the_external_id_goes_with_every_call() -> None:
    handoff = handoff_of("third-party")
    assert handoff.external_id is not None
    for one in handoff.snippets:
        assert handoff.external_id in one.text, one.name
    assert dict(handoff.profile.settings)["external_id"] == handoff.external_id
    assert handoff.external_id not in snippet(handoff, "test-refused")


def test_during_a_rotation_the_new_external_id_is_handed_over() -> None:
    handoff = made(
        "third-party",
        trusted_account="444455556666",
        external_id="zz-new-8f3a",
        previous_external_id="aa-old-11c2",
    )
    assert handoff.external_id == "zz-new-8f3a"
    assert "aa-old-11c2" not in handoff_text(handoff, Style())


def test_the_callers_policy_allows_exactly_this_role() -> None:
    policy = handoff_of("third-party").caller_policy
    assert policy is not None
    assert policy.to_json()["Statement"] == [
        {
            "Sid": "AssumeTheRole",
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Resource": "arn:aws:iam::111122223333:role/xacct/acme-backup",
        }
    ]


def test_the_callers_policy_has_what_the_trust_allows_beside() -> None:
    policy = made(
        "third-party",
        trusted_account="444455556666",
        external_id="8f3a-11c2",
        session_tags="Customer",
        source_identity="yes",
    ).caller_policy
    assert policy is not None
    assert policy.statements[0].actions == ("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession")


def test_colleagues_who_are_named_need_no_policy() -> None:
    handoff = handoff_of("delegated")
    assert handoff.caller_policy is None
    assert "need no policy" in handoff.policy_why


@pytest.mark.parametrize(
    ("principals", "session", "asked"),
    [
        ("arn:aws:iam::222233334444:user/jane", "4h", 14400),
        ("arn:aws:iam::222233334444:role/deploy", "4h", 3600),
        ("arn:aws:iam::222233334444:user/jane,arn:aws:iam::222233334444:role/deploy", "4h", 3600),
        ("", "4h", 3600),
        ("arn:aws:iam::222233334444:user/jane", "1h", 3600),
    ],
)
def test_callers_that_may_chain_ask_for_an_hour(principals: str, session: str, asked: int) -> None:
    settings = {"principals": principals} if principals else {}
    handoff = made("owned-account", trusted_account="222233334444", max_session=session, **settings)
    assert handoff.session == asked
    assert dict(handoff.profile.settings)["duration_seconds"] == str(asked)
    assert ("role chaining" in handoff.session_why) is ("role" in principals or not principals)


def test_the_switch_role_link_leads_to_the_role() -> None:
    link = handoff_of("owned-account").console.link
    assert link is not None
    parts = urlsplit(link)
    assert parts.netloc == "signin.aws.amazon.com"
    assert parse_qs(parts.query) == {
        "account": ["111122223333"],
        "roleName": ["xacct/web-operators"],
        "displayName": ["web-operators"],
    }


@pytest.mark.parametrize(
    ("name", "changes", "word"),
    [
        ("third-party", {}, "external ID"),
        ("owned-account", {"role_name": "r" * 60}, "64"),
        ("github-actions", {}, "no way in"),
        ("federated-saml", {}, "identity provider"),
    ],
)
def test_where_no_switch_role_link_can_work_the_reason_is_told(name: str, changes: dict, word: str) -> None:
    console = handoff_of(name, **changes).console
    assert console.link is None
    assert word in console.why


def test_a_role_that_asks_for_mfa_hands_over_the_device_and_the_code() -> None:
    handoff = handoff_of("delegated")
    assert dict(handoff.profile.settings)["mfa_serial"] == "arn:aws:iam::111122223333:mfa/jane"
    assert "--token-code" in snippet(handoff, "aws-cli")
    assert "TokenCode=" in snippet(handoff, "boto3")
    assert "--serial-number" not in snippet(handoff, "test-refused")


@pytest.mark.parametrize(
    ("principals", "noted"),
    [
        ("arn:aws:iam::222233334444:user/jane", False),
        ("arn:aws:iam::222233334444:role/deploy", True),
        ("arn:aws:iam::222233334444:role/deploy,arn:aws:iam::222233334444:user/jane", True),
    ],
)
def test_callers_without_mfa_are_told_so_where_the_role_asks_for_it(principals: str, noted: bool) -> None:
    settings = {"trusted_account": "222233334444", "principals": principals}
    asked, not_asked = made("owned-account", mfa="true", **settings), made("owned-account", **settings)
    assert any("carry no MFA" in note for note in asked.notes) is noted
    assert not any("carry no MFA" in note for note in not_asked.notes)


def test_the_caller_says_what_its_profile_and_device_are_called() -> None:
    caller = Caller(source_profile="work", mfa_serial="arn:aws:iam::444455556666:mfa/phone")
    settings = dict(handoff_of("third-party", caller).profile.settings)
    assert settings["source_profile"] == "work"
    assert settings["mfa_serial"] == "arn:aws:iam::444455556666:mfa/phone"


def test_the_region_is_one_that_the_grant_reaches() -> None:
    assert dict(handoff_of("third-party").profile.settings)["region"] == "eu-west-1"


# -- tokens --------------------------------------------------------------------------------------------------


def workflow(**settings: str) -> dict:
    handoff = made(
        "github-actions", owner="octo", owner_id="1", repository="web", repository_id="2", **settings
    )
    return yaml.safe_load(snippet(handoff, "github-actions"))


def test_a_workflow_asks_for_the_token_and_no_more() -> None:
    found = workflow(branch="main")
    assert found["permissions"] == {"id-token": "write", "contents": "read"}
    [step] = [step for step in found["jobs"]["lightsail"]["steps"] if "uses" in step]
    assert step["with"]["role-to-assume"] == "arn:aws:iam::111122223333:role/xacct/github-actions"
    assert "audience" not in step["with"]


def test_a_workflow_runs_where_its_token_fits_the_role() -> None:
    # YAML 1.1 reads the key `on` as true.
    assert workflow(branch="main,release/*")[True] == {"push": {"branches": ["main", "release/*"]}}
    assert workflow(tag="v*")[True] == {"push": {"tags": ["v*"]}}
    assert workflow(trigger="pull_request")[True] == {"pull_request": None}
    assert workflow(environment="prod")[True] == {"workflow_dispatch": None}
    assert workflow(environment="prod")["jobs"]["lightsail"]["environment"] == "prod"


def test_a_workflow_for_another_audience_names_it() -> None:
    [step] = [
        s for s in workflow(branch="main", audience="mine")["jobs"]["lightsail"]["steps"] if "uses" in s
    ]
    assert step["with"]["audience"] == "mine"


def test_a_gitlab_job_runs_where_its_token_fits_the_role() -> None:
    handoff = made("gitlab-ci", project_path="group/web", branch="main,release/*", tag="v1")
    job = yaml.safe_load(snippet(handoff, "gitlab-ci"))["lightsail"]
    assert job["id_tokens"] == {"AWS_TOKEN": {"aud": "https://gitlab.com"}}
    assert [rule["if"] for rule in job["rules"]] == [
        '$CI_COMMIT_BRANCH == "main"',
        r"$CI_COMMIT_BRANCH =~ /^release\/.*$/",
        '$CI_COMMIT_TAG == "v1"',
    ]


def test_holders_of_a_token_need_neither_policy_nor_key() -> None:
    for name in ("github-actions", "gitlab-ci", "google", "cognito", "bitbucket", "terraform-cloud"):
        handoff = handoff_of(name)
        assert handoff.way is Way.TOKEN
        assert handoff.caller_policy is None
        assert handoff.external_id is None
        assert "source_profile" not in dict(handoff.profile.settings)


# -- SAML, groups, own blueprints ----------------------------------------------------------------------------


def test_saml_hands_over_the_attributes_of_the_assertion() -> None:
    handoff = handoff_of("federated-saml")
    names = {one.name.rpartition("/")[2]: one.value for one in handoff.attributes}
    assert names["Role"] == (
        "arn:aws:iam::111122223333:role/xacct/lightsail-support,"
        "arn:aws:iam::111122223333:saml-provider/company-idp"
    )
    assert names["SessionDuration"] == "28800"
    assert [name for name in names if name.startswith("PrincipalTag")] == ["PrincipalTag:Department"]
    assert handoff.endpoints == (
        "https://signin.aws.amazon.com/saml",
        "https://eu-west-1.signin.aws.amazon.com/saml",
    )
    assert "https://idp.example.com/saml/sso" in handoff.console.why
    assert handoff.profile is None


def test_a_group_has_no_role_to_hand_over() -> None:
    handoff = handoff_of("delegated-group")
    assert handoff.way is Way.GROUP
    assert handoff.role_arn is None
    assert handoff.console.link == "https://111122223333.signin.aws.amazon.com/console"


def test_an_own_blueprint_hands_off_as_the_shipped_ones_do() -> None:
    blueprint = parse_blueprint(starter_blueprint("partner"), "partner.yaml")
    given = {
        "account": "111122223333",
        "permissions": "read-only",
        "trusted_account": "444455556666",
        "external_id": "8f3a-11c2",
    }
    handoff = make_handoff(expand(grant_from_settings(blueprint, [*given.items()]), blueprint))
    assert handoff.external_id == "8f3a-11c2"
    assert handoff.notes == ("Send the external ID with every call of AssumeRole.",)


def test_a_trust_that_lets_nobody_in_is_read_all_the_same() -> None:
    deny = PolicyDocument.from_json(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
        }
    )
    entry = read_entry(deny)
    assert entry.principals == ()
    assert not entry.only_users
