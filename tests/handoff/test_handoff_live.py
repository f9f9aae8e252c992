"""The handoff carried out: the real AWS CLI and SDK against the sandbox, as the trusted party would."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from xacct.cli.main import main
from xacct.sandbox import Sandbox, default_state_dir
from xacct.sandbox.server import serving

VENDOR = "444455556666"
GRANTS = {
    "acme": """\
blueprint: third-party
name: acme
account: "111122223333"
parameters: {trusted_account: "444455556666", external_id: 5c60b3bb-7fbb-44bd-a932-5b41705484b6}
permissions: [{set: inventory, regions: [eu-west-1]}]
""",
    "site": """\
blueprint: github-actions
name: site
account: "111122223333"
parameters: {owner: octo, owner_id: "1", repository: web, repository_id: "2", branch: main}
permissions: [{set: inventory}]
""",
}
NEEDS_CLI = pytest.mark.skipif(shutil.which("aws") is None, reason="needs the AWS CLI")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in GRANTS.items():
        (tmp_path / f"{name}.yaml").write_text(text)
        assert main(["--sandbox", "-q", "apply", f"{name}.yaml", "--yes"]) == 0
    capsys.readouterr()
    return tmp_path


@pytest.fixture
def caller(folder: Path) -> Iterator[dict[str, str]]:
    """The environment of a program in the vendor's account, with the sandbox as its AWS."""
    sandbox = Sandbox(default_state_dir(os.environ))
    keys = sandbox.credentials_for(f"arn:aws:iam::{VENDOR}:user/robot", VENDOR)
    credentials = folder / "credentials"
    credentials.write_text(
        f"[default]\naws_access_key_id = {keys.access_key_id}\n"
        f"aws_secret_access_key = {keys.secret_access_key}\n"
    )
    with serving(sandbox) as url:
        environment = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
        yield {
            **environment,
            "AWS_ENDPOINT_URL": url,
            "AWS_CONFIG_FILE": str(folder / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
            "AWS_EC2_METADATA_DISABLED": "true",
            "HOME": str(folder),  # the CLI keeps sessions below it
        }


def handed(grant: str, output: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["handoff", f"{grant}.yaml", "--format", output]) == 0
    return capsys.readouterr().out


def shell(command: str, environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command], env=environment, cwd=folder, capture_output=True, text=True, timeout=60
    )


@NEEDS_CLI
def test_the_profile_lets_the_aws_cli_in_and_without_the_external_id_it_is_refused(
    folder: Path, caller: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    snippets = json.loads(handed("acme", "json", capsys))["snippets"]
    config = folder / "config"
    config.write_text("[default]\nregion = eu-west-1\n\n" + handed("acme", "aws-config", capsys))

    done = shell(snippets["test"], caller, folder)
    assert "assumed-role/acme/" in done.stdout, done.stderr
    done = shell("aws lightsail get-instances --profile acme --query instances", caller, folder)
    assert json.loads(done.stdout) == [], done.stderr

    lines = [line for line in config.read_text().splitlines() if not line.startswith("external_id")]
    config.write_text("\n".join(lines))
    done = shell(snippets["test"], caller, folder)
    assert "AccessDenied" in done.stderr
    assert done.returncode != 0


@NEEDS_CLI
def test_the_commands_work_and_the_negative_one_is_refused(
    folder: Path, caller: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    snippets = json.loads(handed("acme", "json", capsys))["snippets"]
    done = shell(snippets["aws-cli"], caller, folder)
    assert json.loads(done.stdout)["AssumedRoleUser"]["Arn"].endswith("assumed-role/acme/acme"), done.stderr
    done = shell(snippets["test-refused"], caller, folder)
    assert "AccessDenied" in done.stderr


def test_the_program_for_boto3_works(
    folder: Path, caller: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    program = json.loads(handed("acme", "json", capsys))["snippets"]["boto3"]
    program += 'print(lightsail.get_instances()["instances"])\n'
    done = subprocess.run(
        [sys.executable, "-c", program], env=caller, cwd=folder, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == ["arn:aws:sts::111122223333:assumed-role/acme/acme", "[]"], done.stderr


def token(subject: str) -> str:
    claims = {
        "iss": "https://token.actions.githubusercontent.com",
        "aud": "sts.amazonaws.com",
        "sub": subject,
        "exp": 4_000_000_000,
    }
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none"}, claims)
    ]
    return ".".join([*parts, ""])


@pytest.mark.parametrize(
    ("subject", "is_let_in"),
    [
        ("repo:octo@1/web@2:ref:refs/heads/main", True),
        ("repo:octo@1/web@2:ref:refs/heads/other", False),
        ("repo:octo@9/web@2:ref:refs/heads/main", False),
        ("repo:octo/web:ref:refs/heads/main", False),
    ],
)
def test_the_program_for_a_token_works_for_the_right_token_alone(
    subject: str, is_let_in: bool, folder: Path, caller: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    program = json.loads(handed("site", "json", capsys))["snippets"]["boto3"]
    (folder / "token.jwt").write_text(token(subject))
    done = subprocess.run(
        [sys.executable, "-c", program], env=caller, cwd=folder, capture_output=True, text=True
    )
    if is_let_in:
        assert done.stdout.strip() == "arn:aws:sts::111122223333:assumed-role/site/site", done.stderr
    else:
        assert "AccessDenied" in done.stderr


@NEEDS_CLI
def test_the_profile_for_a_token_lets_the_aws_cli_in(
    folder: Path, caller: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "token.jwt"
    file.write_text(token("repo:octo@1/web@2:ref:refs/heads/main"))
    profile = handed("site", "aws-config", capsys).replace("/path/to/token.jwt", str(file))
    (folder / "config").write_text(profile)
    done = shell("aws sts get-caller-identity --profile site --query Arn --output text", caller, folder)
    assert done.stdout.strip() == "arn:aws:sts::111122223333:assumed-role/site/site", done.stderr


@pytest.mark.parametrize("blueprint", ["federated-saml", "delegated"])
def test_where_there_is_no_profile_aws_config_says_so(
    blueprint: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = {
        "federated-saml": "parameters: {provider_name: idp}",
        "delegated": "parameters: {via: group, users: [jane]}",
    }
    (folder / "other.yaml").write_text(
        f'blueprint: {blueprint}\nname: other\naccount: "111122223333"\n{facts[blueprint]}\n'
        "permissions: [{set: inventory}]\n"
    )
    assert main(["handoff", "other.yaml", "--format", "aws-config"]) == 64
    assert "has no profile" in capsys.readouterr().err


def test_a_handoff_is_of_one_grant(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handoff", str(folder)]) == 64
    assert "holds 2 grants" in capsys.readouterr().err
    assert main(["handoff", "nowhere.yaml"]) == 64


def test_handing_off_asks_nobody(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    (folder / "free.yaml").write_text(GRANTS["acme"].replace('account: "111122223333"\n', ""))
    assert main(["handoff", "free.yaml"]) == 64
    assert "names no account" in capsys.readouterr().err
