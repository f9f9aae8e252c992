"""
Denials provoked with the real AWS CLI: diagnosed, the printed fix followed, the call made again.

Skipped where there is no ``aws``.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import boto3
import pytest

from xacct.cli.main import main
from xacct.sandbox import Sandbox, attach, default_state_dir
from xacct.sandbox.server import serving

pytestmark = pytest.mark.skipif(shutil.which("aws") is None, reason="the AWS CLI is not installed")

OURS, THEIRS = "111122223333", "444455556666"
ROBOT = f"arn:aws:iam::{THEIRS}:user/robot"
JANE = f"arn:aws:iam::{OURS}:user/jane"
EXTERNAL_ID = "1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11"

VENDOR = f"""
blueprint: third-party
name: acme
account: "{OURS}"
parameters:
  trusted_account: "{THEIRS}"
  external_id: {EXTERNAL_ID}
permissions:
  - set: snapshot-operator
    regions: [eu-west-1]
    tags: {{Environment: prod}}  # production alone
"""
OWNED = f"""
blueprint: owned-account
name: ops
account: "{OURS}"
parameters:
  trusted_account: "{THEIRS}"
permissions:
  - set: instance-operator
"""
COLLEAGUE = f"""
blueprint: delegated
name: helpers
account: "{OURS}"
parameters:
  principals: {JANE}
  mfa: true
permissions:
  - set: monitoring
"""


@attrs.frozen
class Desk:
    """A terminal: the sandbox behind an endpoint, a grant that was applied, and the AWS CLI."""

    sandbox: Sandbox
    url: str
    capsys: pytest.CaptureFixture[str]

    def apply(self, text: str) -> str:
        Path("grant.yaml").write_text(text)
        assert self.xacct("apply", "grant.yaml", "--yes") == 0
        [grant] = [line for line in text.splitlines() if line.startswith("name: ")]
        return f"arn:aws:iam::{OURS}:role/xacct/{grant[6:]}"

    def xacct(self, *arguments: str) -> int:
        code = main(["--sandbox", *arguments])
        self.capsys.readouterr()
        return code

    def diagnose(self, message: str, *options: str) -> dict[str, Any]:
        code = main(["--sandbox", "diagnose", message, *options, "--format", "json"])
        told = json.loads(self.capsys.readouterr().out)
        assert code == 0, told
        [only] = told["messages"]
        return dict(only)

    def aws(self, command: str, who: str | dict[str, str], *, region: str = "eu-west-1") -> Any:
        """Run a command as somebody; its output, or its error as one text."""
        words = shlex.split(command)
        assert words[0] == "aws"
        done = subprocess.run(
            words, capture_output=True, text=True, env=self.environment(who, region), check=False
        )
        if done.returncode:
            return done.stderr.strip()
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def environment(self, who: str | dict[str, str], region: str) -> dict[str, str]:
        if isinstance(who, str):
            account = who.split(":")[4] if who.startswith("arn:") else who
            made = self.sandbox.credentials_for(who if who.startswith("arn:") else None, account)
            keys = (made.access_key_id, made.secret_access_key, made.session_token)
        else:
            keys = (who["AccessKeyId"], who["SecretAccessKey"], who.get("SessionToken"))
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        given = {name: value for name, value in zip(names, keys, strict=True) if value}
        rest = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {
            **rest,
            **given,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,  # what version 1 of the CLI reads
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
        }

    def session(self, role: str, who: str = ROBOT, **extra: str) -> dict[str, str]:
        keys = self.sandbox.credentials_for(who, who.split(":")[4])
        session = boto3.Session(keys.access_key_id, keys.secret_access_key, region_name="eu-west-1")
        attach(session, self.sandbox)
        found = session.client("sts").assume_role(RoleArn=role, RoleSessionName="it", **extra)
        return dict(found["Credentials"])

    def client(self, service: str, account: str) -> Any:
        """The operator's own client, for what has to be there before."""
        keys = self.sandbox.credentials_for(None, account)
        session = boto3.Session(keys.access_key_id, keys.secret_access_key, region_name="eu-west-1")
        attach(session, self.sandbox)
        return session.client(service)

    def plain_user(self) -> dict[str, str]:
        """The key of a user without any policy, in the other account."""
        iam = self.client("iam", THEIRS)
        iam.create_user(UserName="plain")
        return dict(iam.create_access_key(UserName="plain")["AccessKey"])


@pytest.fixture
def desk(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    sandbox = Sandbox(default_state_dir(os.environ))
    for arn in (ROBOT, JANE):
        sandbox.credentials_for(arn, arn.split(":")[4])
    with serving(sandbox) as url:
        yield Desk(sandbox, url, capsys)


def causes(told: dict[str, Any]) -> list[str]:
    return [cause["title"] for cause in told["causes"]]


def filled(command: str, **values: str) -> str:
    """A printed command with its places for what the message does not tell filled in."""
    for name, value in values.items():
        command = command.replace(f"<{name}>", value)
    assert not re.search(r"<[A-Z]", command)
    return command


def test_the_external_id_is_missing(desk: Desk) -> None:
    role = desk.apply(VENDOR)
    refused = desk.aws(f"aws sts assume-role --role-arn {role} --role-session-name it", ROBOT)
    assert "AccessDenied" in refused
    told = desk.diagnose(refused, "--grant", "grant.yaml")
    assert causes(told)[0] == "No external ID was sent, or another one"
    command = filled(told["fix"][0]["command"].replace("<EXTERNAL-ID>", EXTERNAL_ID))
    assert "Credentials" in desk.aws(command, ROBOT)


def test_the_role_is_asked_for_without_its_path(desk: Desk) -> None:
    role = desk.apply(OWNED)
    short = role.replace("xacct/", "")
    refused = desk.aws(f"aws sts assume-role --role-arn {short} --role-session-name it", ROBOT)
    told = desk.diagnose(refused, "--grant", "grant.yaml")
    assert causes(told) == ["The ARN that was asked for is not quite that of the grant's role"]
    assert "Credentials" in desk.aws(told["fix"][0]["command"], ROBOT)


def test_the_callers_own_policy_is_missing(desk: Desk, tmp_path: Path) -> None:
    role = desk.apply(OWNED)
    key = desk.plain_user()
    call = f"aws sts assume-role --role-arn {role} --role-session-name it"
    told = desk.diagnose(desk.aws(call, key), "--grant", "grant.yaml")
    assert causes(told) == ["The caller's own policies do not allow sts:AssumeRole on this role"]
    (tmp_path / "statement.json").write_text(json.dumps(told["fix"][0]["statement"]))
    assert desk.aws(told["fix"][0]["command"], THEIRS) == {}
    assert "Credentials" in desk.aws(call, key)


def test_mfa_is_asked_for(desk: Desk) -> None:
    role = desk.apply(COLLEAGUE)
    refused = desk.aws(f"aws sts assume-role --role-arn {role} --role-session-name it", JANE)
    told = desk.diagnose(refused, "--grant", "grant.yaml")
    assert causes(told) == ["The role asks for MFA, and the call carries none"]
    command = told["fix"][0]["command"].replace("<MFA-ARN>", f"arn:aws:iam::{OURS}:mfa/jane")
    assert "Credentials" in desk.aws(filled(command, CODE="123456"), JANE)


def test_the_trusted_user_was_deleted_and_made_anew(desk: Desk) -> None:
    role = desk.apply(COLLEAGUE.replace("  mfa: true\n", ""))
    iam = desk.client("iam", OURS)
    [key] = iam.list_access_keys(UserName="jane")["AccessKeyMetadata"]
    iam.delete_access_key(UserName="jane", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="jane", PolicyName="sandbox-allow-all")
    iam.delete_user(UserName="jane")
    iam.create_user(UserName="jane")
    call = f"aws sts assume-role --role-arn {role} --role-session-name it"
    told = desk.diagnose(desk.aws(call, JANE), "--grant", "grant.yaml", "--live")
    assert "The trust policy holds on to a user or role that was deleted" in causes(told)
    [command] = {step["command"] for step in told["fix"] if (step["command"] or "").startswith("xacct apply")}
    assert desk.xacct(*shlex.split(command)[1:], "--yes") == 0
    assert "Credentials" in desk.aws(call, JANE)


def test_a_source_identity_is_sent(desk: Desk) -> None:
    role = desk.apply(VENDOR)
    call = (
        f"aws sts assume-role --role-arn {role} --role-session-name it --external-id {EXTERNAL_ID} "
        "--source-identity dana"
    )
    told = desk.diagnose(desk.aws(call, ROBOT), "--grant", "grant.yaml", "--fix", "--yes")
    assert causes(told) == ["No statement of the trust policy allows sts:SetSourceIdentity"]
    assert desk.xacct("apply", "grant.yaml", "--yes") == 0
    assert "Credentials" in desk.aws(call, ROBOT)


def test_the_session_is_asked_for_too_long(desk: Desk) -> None:
    role = desk.apply(OWNED)
    call = f"aws sts assume-role --role-arn {role} --role-session-name it --duration-seconds "
    told = desk.diagnose(desk.aws(call + "43200", ROBOT), "--grant", "grant.yaml")
    assert told["denied_by"] == "other"
    [seconds] = re.findall(r"sessions of (\d+) seconds", told["fix"][0]["text"])
    assert "Credentials" in desk.aws(call + seconds, ROBOT)


def test_the_action_is_not_in_the_grant(desk: Desk) -> None:
    role = desk.apply(VENDOR)
    session = desk.session(role, ExternalId=EXTERNAL_ID)
    call = "aws lightsail get-static-ips"
    told = desk.diagnose(desk.aws(call, session), "--grant", "grant.yaml", "--fix", "--yes")
    assert causes(told) == ["lightsail:GetStaticIps is not among what the grant allows"]
    assert "# production alone" in Path("grant.yaml").read_text()
    assert desk.xacct("apply", "grant.yaml", "--yes") == 0
    assert desk.aws(call, session) == {"staticIps": []}


def test_the_call_goes_to_another_region(desk: Desk) -> None:
    role = desk.apply(VENDOR)
    session = desk.session(role, ExternalId=EXTERNAL_ID)
    refused = desk.aws("aws lightsail get-instances", session, region="eu-west-2")
    told = desk.diagnose(refused, "--grant", "grant.yaml")
    assert causes(told) == ["The grant allows it in eu-west-1 only"]
    [option] = re.findall(r"--region \S+", told["fix"][0]["text"])
    assert desk.aws(f"aws lightsail get-instances {option.rstrip(',')}", session) == {"instances": []}


def test_the_instance_is_not_tagged(desk: Desk) -> None:
    role = desk.apply(VENDOR)
    desk.client("lightsail", OURS).create_instances(
        instanceNames=["web-1"],
        availabilityZone="eu-west-1a",
        blueprintId="debian_12",
        bundleId="nano_3_0",
    )
    session = desk.session(role, ExternalId=EXTERNAL_ID)
    call = "aws lightsail create-instance-snapshot --instance-name web-1 --instance-snapshot-name one"
    told = desk.diagnose(desk.aws(call, session), "--grant", "grant.yaml")
    assert causes(told) == ["The resource has no tag Environment=prod"]
    assert isinstance(desk.aws(filled(told["fix"][0]["command"], NAME="web-1"), OURS), dict)
    assert isinstance(desk.aws(call, session), dict)


def test_the_call_is_not_made_as_the_role(desk: Desk) -> None:
    role = desk.apply(VENDOR)
    key = desk.plain_user()
    told = desk.diagnose(desk.aws("aws lightsail get-instances", key), "--grant", "grant.yaml")
    assert causes(told) == ["The call was not made as the grant's role"]
    assert role in told["fix"][0]["text"]
    session = desk.session(role, ExternalId=EXTERNAL_ID)
    assert desk.aws("aws lightsail get-instances", session) == {"instances": []}


def test_a_third_access_key_is_asked_for(desk: Desk, tmp_path: Path) -> None:
    call = "aws iam create-access-key --user-name jane"
    desk.client("iam", OURS).create_access_key(UserName="jane")
    told = desk.diagnose(desk.aws(call, OURS))
    assert causes(told) == ["The quota AccessKeysPerUser is full: 2"]
    assert desk.xacct(*shlex.split(told["fix"][0]["command"])[1:]) == 0
    assert main(["--sandbox", "keys", "rotate", "jane", "--to-file", "keys", "--format", "json"]) == 64
    fix = json.loads(desk.capsys.readouterr().out)["errors"][0]["fix"]
    spare = fix.split()[-1]
    assert desk.xacct("keys", "rotate", "jane", "--to-file", "keys", "--replace", spare) == 0
    made = dict(re.findall(r"(\w+) = (\S+)", Path("keys").read_text()))
    key = {"AccessKeyId": made["aws_access_key_id"], "SecretAccessKey": made["aws_secret_access_key"]}
    assert desk.aws("aws sts get-caller-identity", key)["Arn"] == JANE


def test_a_key_was_made_inactive(desk: Desk) -> None:
    iam = desk.client("iam", OURS)
    key = iam.create_access_key(UserName="jane")["AccessKey"]
    iam.update_access_key(UserName="jane", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    told = desk.diagnose(desk.aws("aws sts get-caller-identity", key))
    assert told["denied_by"] == "other"
    assert told["fix"][0]["kind"] == "change_credentials"
    iam.update_access_key(UserName="jane", AccessKeyId=key["AccessKeyId"], Status="Active")
    assert desk.aws("aws sts get-caller-identity", key)["Arn"] == JANE
