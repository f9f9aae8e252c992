"""
The real AWS CLI against `xacct sandbox serve`: what a plan said is there, and trust and permissions hold.

Everything here runs as a user would run it: programs, their variables, their output and exit codes.
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import boto3
import pytest

ROOT = Path(__file__).parents[2]
ACCOUNT = "111122223333"
VENDOR = "arn:aws:iam::444455556666:user/robot"
ADMIN = f"arn:aws:iam::{ACCOUNT}:user/admin"
EXTERNAL_ID = "1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11"

pytestmark = pytest.mark.skipif(shutil.which("aws") is None, reason="there is no AWS CLI here")


def role(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/xacct/{name}"


@attrs.frozen
class Answer:
    """What the AWS CLI said: its exit code, its output as JSON, and its complaint."""

    code: int
    out: Any
    refusal: str


@attrs.frozen
class Desk:
    """A terminal with xacct and the AWS CLI, beside a sandbox that is being served."""

    variables: dict[str, str]
    address: str

    def xacct(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "xacct", *arguments]
        done = subprocess.run(command, env=self.variables, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def who(self, arn: str) -> dict[str, str]:
        """The variables that make this terminal the principal, as `sandbox env` prints them."""
        printed = self.xacct("sandbox", "env", "--as", arn, "--port", self.address.rpartition(":")[2])
        lines = [shlex.split(line) for line in printed.splitlines()]
        return dict(word.split("=", 1) for verb, *words in lines if verb == "export" for word in words)

    def aws(self, *arguments: str, who: dict[str, str]) -> Answer:
        done = subprocess.run(
            ["aws", *arguments, "--output", "json"],
            env=self.variables | who,
            capture_output=True,
            text=True,
            timeout=60,
        )
        out = json.loads(done.stdout) if done.stdout.strip() else None
        return Answer(done.returncode, out, done.stderr.strip())

    def assume(self, *options: str, who: dict[str, str], name: str) -> Answer:
        asked = ["--role-arn", role(name), "--role-session-name", "night-run", *options]
        return self.aws("sts", "assume-role", *asked, who=who)

    def session(self, answer: Answer, who: dict[str, str]) -> dict[str, str]:
        assert answer.code == 0, answer.refusal
        credentials = answer.out["Credentials"]
        return who | {
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
        }


_GRANTS = """
blueprint: owned-account
name: ops
account: "111122223333"
parameters: {trusted_account: 222233334444, mfa: true}
permissions: [inventory]
---
blueprint: third-party
name: by-tag
account: "111122223333"
parameters: {trusted_account: 444455556666, external_id: 1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11}
permissions: [{set: instance-operator, tags: {Environment: prod}}]
---
blueprint: third-party
name: by-arn
account: "111122223333"
parameters: {trusted_account: 444455556666, external_id: 1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11}
permissions: [{set: instance-operator, resources: ["{one}"]}]
"""


def _instances(desk: Desk) -> dict[str, str]:
    """Two tagged instances in London, by name with their ARNs."""
    admin = desk.who(ADMIN)
    own = boto3.Session(admin["AWS_ACCESS_KEY_ID"], admin["AWS_SECRET_ACCESS_KEY"], region_name="eu-west-2")
    lightsail = own.client("lightsail", endpoint_url=desk.address)
    for name in ("prod", "dev"):
        lightsail.create_instances(
            instanceNames=[name],
            availabilityZone="eu-west-2a",
            blueprintId="debian_12",
            bundleId="nano_3_0",
            tags=[{"key": "Environment", "value": name}],
        )
    return {item["name"]: item["arn"] for item in lightsail.get_instances()["instances"]}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A fresh sandbox, served, that holds a grant of each kind; ended by SIGTERM."""
    home = tmp_path_factory.mktemp("desk")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "XACCT_"))}
    variables |= {
        "PYTHONPATH": str(ROOT),
        "AWS_CONFIG_FILE": str(home / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
    }
    command = [sys.executable, "-m", "xacct", "sandbox", "serve", "--port", "0"]
    with subprocess.Popen(command, env=variables, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        desk = Desk(variables, address=server.stdout.readline().strip())
        assert desk.address.startswith("http://127.0.0.1:")
        try:
            grants = home / "grants.yaml"
            grants.write_text(_GRANTS.replace("{one}", _instances(desk)["dev"]))
            examples = [
                f"examples/{name}.yaml" for name in ("third-party", "github-actions", "federated-saml")
            ]
            desk.xacct("--sandbox", "apply", *examples, str(grants), "--yes", "--quiet")
            yield desk
        finally:
            server.terminate()
        assert server.wait(timeout=10) == 0


def test_the_aws_cli_shows_what_the_plan_said(desk: Desk) -> None:
    plan = json.loads(
        desk.xacct("plan", "--offline", "--reveal", "--format", "json", "examples/third-party.yaml")
    )
    planned = {change["type"]: change["after"] for change in plan["accounts"][0]["changes"]}
    who = desk.who(ADMIN)

    def iam(operation: str, *more: str) -> Any:
        return desk.aws("iam", operation, "--role-name", "acme-backup", *more, who=who).out

    made = iam("get-role")["Role"]
    assert made["AssumeRolePolicyDocument"] == planned["role"]["trust"]
    assert made["Arn"] == role("acme-backup")
    assert (made["Description"], made["MaxSessionDuration"]) == (
        planned["role"]["description"],
        planned["role"]["max_session"],
    )
    assert iam("list-role-policies") == {"PolicyNames": [planned["role_policy"]["name"]]}
    policy = iam("get-role-policy", "--policy-name", planned["role_policy"]["name"])
    assert policy["PolicyDocument"] == planned["role_policy"]["document"]
    tags = iam("list-role-tags")["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == planned["role"]["tags"]


def test_a_vendor_gets_in_with_the_external_id_alone_and_may_not_delete(desk: Desk) -> None:
    who = desk.who(VENDOR)
    for options in ([], ["--external-id", "another-customers-id"]):
        refused = desk.assume(*options, who=who, name="acme-backup")
        assert refused.code != 0
        assert refused.refusal.endswith(
            "An error occurred (AccessDenied) when calling the AssumeRole operation: "
            f"User: {VENDOR} is not authorized to perform: sts:AssumeRole on resource: {role('acme-backup')}"
        )
    let_in = desk.assume("--external-id", EXTERNAL_ID, who=who, name="acme-backup")
    vendor = desk.session(let_in, who)
    assert desk.aws("lightsail", "get-instances", who=vendor).out == {"instances": []}
    denied = desk.aws("lightsail", "delete-instance", "--instance-name", "web", who=vendor)
    assert denied.code != 0
    assert denied.refusal.endswith(
        "An error occurred (AccessDeniedException) when calling the DeleteInstance operation: "
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/acme-backup/night-run is not authorized to perform: "
        f"lightsail:DeleteInstance on resource: arn:aws:lightsail:eu-west-1:{ACCOUNT}:Instance/* because "
        "no identity-based policy allows the lightsail:DeleteInstance action"
    )


def test_a_limit_by_tag_or_arn_holds_for_what_is_in_the_sandbox(desk: Desk) -> None:
    robot = desk.who(VENDOR)
    for name, reached, other in (("by-tag", "prod", "dev"), ("by-arn", "dev", "prod")):
        let_in = desk.assume("--external-id", EXTERNAL_ID, who=robot, name=name)
        there = desk.session(let_in, robot) | {"AWS_DEFAULT_REGION": "eu-west-2"}
        done = desk.aws("lightsail", "reboot-instance", "--instance-name", reached, who=there)
        assert done.out["operations"][0]["status"] == "Succeeded"
        denied = desk.aws("lightsail", "reboot-instance", "--instance-name", other, who=there)
        assert "no identity-based policy allows the lightsail:RebootInstance action" in denied.refusal


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _token(subject: str) -> str:
    """A token as GitHub's would be, unsigned: the sandbox cannot fetch anybody's keys."""
    claims = {"iss": "https://token.actions.githubusercontent.com", "aud": "sts.amazonaws.com"}
    return ".".join(
        [_part({"alg": "none"}), _part(claims | {"sub": subject, "exp": int(time.time()) + 600}), ""]
    )


def test_a_workflow_of_another_repository_is_denied(desk: Desk) -> None:
    nobody = {"AWS_ENDPOINT_URL": desk.address}
    asked = ["--role-arn", role("website-deploy"), "--role-session-name", "run-1", "--web-identity-token"]

    def ask(subject: str) -> Answer:
        return desk.aws("sts", "assume-role-with-web-identity", *asked, _token(subject), who=nobody)

    other = ask("repo:octo-org@123456/other@999999:environment:production")
    assert other.code != 0
    assert other.refusal.endswith(
        "An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: "
        "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    )
    right = ask("repo:octo-org@123456/website@456789:environment:production")
    workflow = desk.session(right, nobody)
    assert desk.aws("lightsail", "get-container-services", who=workflow).code == 0


def test_who_signs_in_without_a_second_factor_is_denied(desk: Desk) -> None:
    jane = desk.who("arn:aws:iam::222233334444:user/jane")
    assert "(AccessDenied)" in desk.assume(who=jane, name="ops").refusal
    device = ["--serial-number", "arn:aws:iam::222233334444:mfa/jane", "--token-code", "123456"]
    assert desk.assume(*device, who=jane, name="ops").code == 0


_SAML = "https://aws.amazon.com/SAML/Attributes/"


def _assertion(affiliation: str) -> str:
    provider = f"arn:aws:iam::{ACCOUNT}:saml-provider/company-idp"
    values = {
        f"{_SAML}Role": f"{role('lightsail-support')},{provider}",
        f"{_SAML}RoleSessionName": "robin",
        "eduPersonAffiliation": affiliation,
    }
    attributes = "".join(
        f'<Attribute Name="{name}"><AttributeValue>{value}</AttributeValue></Attribute>'
        for name, value in values.items()
    )
    text = f"""<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol">
    <Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Issuer>https://idp.example.com/saml</Issuer>
    <Subject><NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">s-1</NameID>
    <SubjectConfirmation><SubjectConfirmationData Recipient="https://signin.aws.amazon.com/saml"/>
    </SubjectConfirmation></Subject>
    <AttributeStatement>{attributes}</AttributeStatement></Assertion></Response>"""
    return base64.b64encode(text.encode()).decode()


def test_who_signs_in_with_saml_needs_the_attribute(desk: Desk) -> None:
    nobody = {"AWS_ENDPOINT_URL": desk.address}
    asked = ["--role-arn", role("lightsail-support")]
    asked += ["--principal-arn", f"arn:aws:iam::{ACCOUNT}:saml-provider/company-idp", "--saml-assertion"]
    student = desk.aws("sts", "assume-role-with-saml", *asked, _assertion("student"), who=nobody)
    assert "(AccessDenied)" in student.refusal
    staff = desk.aws("sts", "assume-role-with-saml", *asked, _assertion("staff"), who=nobody)
    assert staff.out["AssumedRoleUser"]["Arn"].endswith(":assumed-role/lightsail-support/robin")
