"""Snippets for callers that hold AWS credentials of their own: command, program, Terraform."""

from __future__ import annotations

import json
import shlex

import attrs

from xacct.blueprint.write import duration_text
from xacct.handoff.model import Snippet
from xacct.values import frozen

__all__ = ["Call", "assume_snippets", "assume_tests", "hcl", "session_name"]


@frozen(kw_only=True)
class Call:
    """
    What every call has: the role, the session's name, the external ID, seconds, a Region to start in, and the
    MFA device where the role asks for one.
    """

    role_arn: str
    name: str
    external_id: str | None
    seconds: int
    region: str
    mfa_serial: str | None = None


def session_name(grant: str) -> str:
    """A role session's name: 2 to 64 letters, digits and ``_+=,.@-`` (STS API Reference, AssumeRole)."""
    return grant if len(grant) > 1 else f"{grant}-session"


def assume_tests(call: Call, profile: str) -> tuple[Snippet, ...]:
    """Commands that show that it works, and that it does not without what it asks for."""
    role = call.role_arn.rpartition("/")[2]
    good = Snippet(
        name="test",
        title="Test it",
        language="sh",
        text=f"aws sts get-caller-identity --profile {shlex.quote(profile)}\n",
        why=f"With the profile above. The answer names assumed-role/{role}.",
    )
    if call.external_id is not None:
        bare, missing = attrs.evolve(call, external_id=None), "the external ID"
    elif call.mfa_serial is not None:
        bare, missing = attrs.evolve(call, mfa_serial=None), "MFA"
    else:
        return (good,)
    bad = Snippet(
        name="test-refused",
        title=f"Test that it is refused without {missing}",
        language="sh",
        text=_assume(bare) + "\n",
        why="This must end in AccessDenied. If it does not, tell the owner of the role.",
    )
    return (good, bad)


def assume_snippets(call: Call) -> tuple[Snippet, ...]:
    return (
        Snippet(
            name="aws-cli",
            title="AWS CLI, without a profile",
            language="sh",
            text=_assume(call) + "\n",
        ),
        Snippet(name="boto3", title="Python with boto3", language="python", text=_boto3(call)),
        Snippet(
            name="terraform",
            title="Terraform's AWS provider",
            language="hcl",
            text=_terraform(call),
            why=_terraform_why(call),
        ),
    )


def _assume(call: Call) -> str:
    parts = [
        "aws sts assume-role",
        f"--role-arn {shlex.quote(call.role_arn)}",
        f"--role-session-name {shlex.quote(call.name)}",
        f"--duration-seconds {call.seconds}",
        f"--region {call.region}",
    ]
    if call.external_id is not None:
        parts.append(f"--external-id {shlex.quote(call.external_id)}")
    if call.mfa_serial is not None:
        parts += [f"--serial-number {shlex.quote(call.mfa_serial)}", "--token-code CODE"]
    return " \\\n  ".join(parts)


def _boto3(call: Call) -> str:
    extra = [f"    ExternalId={json.dumps(call.external_id)},"] if call.external_id is not None else []
    if call.mfa_serial is not None:
        extra += [f"    SerialNumber={json.dumps(call.mfa_serial)},", '    TokenCode=input("MFA code: "),']
    lines = [
        "import boto3",
        "",
        f'answer = boto3.client("sts", region_name={json.dumps(call.region)}).assume_role(',
        f"    RoleArn={json.dumps(call.role_arn)},",
        f"    RoleSessionName={json.dumps(call.name)},",
        *extra,
        f"    DurationSeconds={call.seconds},",
        ")",
        'keys = answer["Credentials"]  # they end with the session: ask again before keys["Expiration"]',
        "session = boto3.Session(",
        '    aws_access_key_id=keys["AccessKeyId"],',
        '    aws_secret_access_key=keys["SecretAccessKey"],',
        '    aws_session_token=keys["SessionToken"],',
        f"    region_name={json.dumps(call.region)},",
        ")",
        'print(session.client("sts").get_caller_identity()["Arn"])',
        'lightsail = session.client("lightsail")',
    ]
    return "\n".join(lines) + "\n"


def _terraform(call: Call) -> str:
    facts = [
        ("role_arn", call.role_arn),
        ("session_name", call.name),
        ("duration", _go_duration(call.seconds)),
    ]
    if call.external_id is not None:
        facts.insert(1, ("external_id", call.external_id))
    return hcl("aws", [("region", call.region)], "assume_role", facts)


def _terraform_why(call: Call) -> str:
    if call.mfa_serial is None:
        return ""
    return "Terraform asks for no MFA code: run it with credentials of a session that began with one."


def hcl(provider: str, settings: list[tuple[str, str]], block: str, facts: list[tuple[str, str]]) -> str:
    """A provider with one block, laid out as `terraform fmt` does."""

    def lines(pairs: list[tuple[str, str]], indent: str) -> list[str]:
        widest = max(len(key) for key, _ in pairs)
        return [f"{indent}{key:<{widest}} = {_quoted(value)}" for key, value in pairs]

    inner = [*lines(settings, "  "), "", f"  {block} {{", *lines(facts, "    "), "  }"]
    return "\n".join([f'provider "{provider}" {{', *inner, "}"]) + "\n"


def _go_duration(seconds: int) -> str:
    text = duration_text(seconds)
    return f"{text}s" if text.isdigit() else text


def _quoted(text: str) -> str:
    # ${ and %{ begin templates in Terraform's strings.
    return json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
