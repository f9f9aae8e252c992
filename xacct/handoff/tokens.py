"""Snippets for holders of an OpenID Connect token: CI systems known by their issuer, and all others."""

from __future__ import annotations

import json

from xacct.blueprint.write import quote
from xacct.handoff.entry import Entry
from xacct.handoff.model import Snippet
from xacct.handoff.snippets import Call, hcl

__all__ = ["token_snippets"]

IN_THE_JOB = "/tmp/aws-web-identity-token"  # noqa: S108 - in the job's own container


def token_snippets(call: Call, entry: Entry) -> tuple[Snippet, ...]:
    """What the holder of the token pastes, for its system first."""
    return (*_own(call, entry), *_any(call))


def _own(call: Call, entry: Entry) -> tuple[Snippet, ...]:
    issuer = entry.issuer
    host = issuer.partition("/")[0]
    if host.startswith("token.actions."):
        return (_github(call, entry),)
    if host == "app.terraform.io":
        return (_terraform_cloud(call, entry),)
    if host == "api.bitbucket.org":
        return (_bitbucket(call),)
    if any(subject.startswith("project_path:") for subject in _subjects(entry)):
        return (_gitlab(call, entry),)
    return ()


def _subjects(entry: Entry) -> tuple[str, ...]:
    return entry.values(f"{entry.issuer}:sub")


def _audience(entry: Entry) -> str:
    return next(iter(entry.values(f"{entry.issuer}:aud")), "")


# -- GitHub --------------------------------------------------------------------------------------------------


def _github(call: Call, entry: Entry) -> Snippet:
    runs = [subject.split(":", 2)[2] for subject in _subjects(entry) if subject.count(":") >= 2]
    environments = [run.removeprefix("environment:") for run in runs if run.startswith("environment:")]
    audience = _audience(entry)
    lines = ["name: Lightsail", *_github_triggers(runs), "", "permissions:"]
    lines += ["  id-token: write # lets the job ask GitHub for its token", "  contents: read", ""]
    lines += ["jobs:", "  lightsail:", "    runs-on: ubuntu-latest"]
    if environments:
        lines.append(f"    environment: {quote(environments[0])} # part of the token: the role asks for it")
    lines += [
        "    steps:",
        "      - uses: aws-actions/configure-aws-credentials@v6",
        "        with:",
        f"          role-to-assume: {quote(call.role_arn)}",
        f"          role-session-name: {quote(call.name)}",
        f"          role-duration-seconds: {call.seconds}",
        f"          aws-region: {quote(call.region)}",
    ]
    if audience and audience != "sts.amazonaws.com":
        lines.append(f"          audience: {quote(audience)}")
    lines.append("      - run: aws sts get-caller-identity")
    return Snippet(
        name="github-actions",
        title="GitHub Actions workflow",
        language="yaml",
        text="\n".join(lines) + "\n",
        why="As .github/workflows/lightsail.yaml, or its job in a workflow of yours. No secret is needed.",
    )


def _github_triggers(runs: list[str]) -> list[str]:
    branches = [run.removeprefix("ref:refs/heads/") for run in runs if run.startswith("ref:refs/heads/")]
    tags = [run.removeprefix("ref:refs/tags/") for run in runs if run.startswith("ref:refs/tags/")]
    lines = ["on:"]
    if branches or tags:
        lines.append("  push:")
    if branches:
        lines.append(f"    branches: [{', '.join(_flow(branch) for branch in branches)}]")
    if tags:
        lines.append(f"    tags: [{', '.join(_flow(tag) for tag in tags)}]")
    if "pull_request" in runs:
        lines.append("  pull_request:")
    if len(lines) == 1:
        lines.append("  workflow_dispatch:")
    return lines


def _flow(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# -- other systems -------------------------------------------------------------------------------------------


def _gitlab(call: Call, entry: Entry) -> Snippet:
    lines = [
        "lightsail:",
        "  image:",
        "    name: amazon/aws-cli",
        '    entrypoint: [""]',
        "  id_tokens:",
        "    AWS_TOKEN:",
        f"      aud: {quote(_audience(entry))}",
        "  variables:",
        f"    AWS_ROLE_ARN: {quote(call.role_arn)}",
        f"    AWS_ROLE_SESSION_NAME: {quote(call.name)}",
        f"    AWS_WEB_IDENTITY_TOKEN_FILE: {IN_THE_JOB}",
        f"    AWS_DEFAULT_REGION: {quote(call.region)}",
        "  rules:",
        *_gitlab_rules(_subjects(entry)),
        "  script:",
        '    - printf \'%s\' "$AWS_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE"',
        "    - aws sts get-caller-identity",
    ]
    return Snippet(
        name="gitlab-ci",
        title="GitLab CI job",
        language="yaml",
        text="\n".join(lines) + "\n",
        why="In .gitlab-ci.yml. No variable with keys is needed.",
    )


def _gitlab_rules(subjects: tuple[str, ...]) -> list[str]:
    rules: list[str] = []
    for subject in subjects:
        kind, _, ref = subject.partition(":ref_type:")[2].partition(":ref:")
        variable = "CI_COMMIT_TAG" if kind == "tag" else "CI_COMMIT_BRANCH"
        test = f"${variable} =~ /{_regex(ref)}/" if "*" in ref else f'${variable} == "{ref}"'
        rules.append(f"    - if: '{test.replace(chr(39), chr(39) * 2)}'")
    return rules


def _regex(ref: str) -> str:
    escaped = "".join(sign if sign.isalnum() or sign in "-_" else f"\\{sign}" for sign in ref)
    return "^" + escaped.replace("\\*", ".*") + "$"


def _bitbucket(call: Call) -> Snippet:
    lines = [
        "pipelines:",
        "  default:",
        "    - step:",
        "        oidc: true",
        "        image: amazon/aws-cli",
        "        script:",
        f"          - export AWS_ROLE_ARN={call.role_arn}",
        f"          - export AWS_ROLE_SESSION_NAME={call.name}",
        f"          - export AWS_WEB_IDENTITY_TOKEN_FILE={IN_THE_JOB}",
        f"          - export AWS_DEFAULT_REGION={call.region}",
        '          - printf \'%s\' "$BITBUCKET_STEP_OIDC_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE"',
        "          - aws sts get-caller-identity",
    ]
    text = "\n".join(lines) + "\n"
    return Snippet(
        name="bitbucket",
        title="Bitbucket pipeline",
        language="yaml",
        text=text,
        why="In bitbucket-pipelines.yml.",
    )


def _terraform_cloud(call: Call, entry: Entry) -> Snippet:
    lines = ["TFC_AWS_PROVIDER_AUTH=true", f"TFC_AWS_RUN_ROLE_ARN={call.role_arn}"]
    audience = _audience(entry)
    if audience != "aws.workload.identity":
        lines.append(f"TFC_AWS_WORKLOAD_IDENTITY_AUDIENCE={audience}")
    return Snippet(
        name="terraform-cloud",
        title="Environment variables of the workspace",
        language="sh",
        text="\n".join(lines) + "\n",
        why="In HCP Terraform, among the workspace's variables, of the category environment. "
        "Leave the provider's own credentials out.",
    )


# -- whatever holds a token ----------------------------------------------------------------------------------


def _any(call: Call) -> tuple[Snippet, ...]:
    command = "\n".join(
        [
            f"export AWS_ROLE_ARN={call.role_arn}",
            f"export AWS_ROLE_SESSION_NAME={call.name}",
            "export AWS_WEB_IDENTITY_TOKEN_FILE=token.jwt  # the file that holds the token",
            f"export AWS_DEFAULT_REGION={call.region}",
            "aws sts get-caller-identity",
        ]
    )
    program = "\n".join(
        [
            "from pathlib import Path",
            "",
            "import boto3",
            "from botocore import UNSIGNED",
            "from botocore.config import Config",
            "",
            "unsigned = Config(signature_version=UNSIGNED)",
            f'sts = boto3.client("sts", region_name={json.dumps(call.region)}, config=unsigned)',
            "answer = sts.assume_role_with_web_identity(",
            f"    RoleArn={json.dumps(call.role_arn)},",
            f"    RoleSessionName={json.dumps(call.name)},",
            '    WebIdentityToken=Path("token.jwt").read_text().strip(),',
            f"    DurationSeconds={call.seconds},",
            ")",
            'print(answer["AssumedRoleUser"]["Arn"])',
        ]
    )
    facts = [
        ("role_arn", call.role_arn),
        ("session_name", call.name),
        ("web_identity_token_file", "token.jwt"),
    ]
    return (
        Snippet(
            name="aws-cli",
            title="AWS CLI or any SDK, with the token in a file",
            language="sh",
            text=command + "\n",
        ),
        Snippet(name="boto3", title="Python with boto3", language="python", text=program + "\n"),
        Snippet(
            name="terraform",
            title="Terraform's AWS provider",
            language="hcl",
            text=hcl("aws", [("region", call.region)], "assume_role_with_web_identity", facts),
        ),
    )
