"""
How fast the evaluator answers, beside baselines of the same run.

Three loads: cases that each bring policies never seen before, the same cases once more, and many requests
against the same compiled policies. The baselines are reading the same lines with ``json.loads`` alone, and
a plain evaluator of the usual kind (a regular expression per pattern, no caches) on the same lines; it knows
literal and wildcard matches of one allow, and is no judge.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from xacct.evaluate import Policies, Request, compile_policies
from xacct.evaluate.cases import answer_line
from xacct.iam import PolicyDocument

CASES = 4000
REQUESTS = 50_000


def statement(effect: str, **elements: Any) -> dict[str, Any]:
    return {"Effect": effect, **elements}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def case(number: int) -> dict[str, Any]:
    """A case in which every account, name, tag and external ID is its own."""
    own, other = f"{100_000_000_000 + number}", f"{500_000_000_000 + number}"
    common = {
        "id": f"b{number}",
        "boundary": None,
        "scps": None,
        "session_policy": None,
        "resource_policy": None,
    }
    match number % 4:
        case 0:  # a vendor with external ID
            role = f"arn:aws:iam::{own}:role/vendor-{number}"
            trust = statement(
                "Allow",
                Principal={"AWS": f"arn:aws:iam::{other}:root"},
                Action="sts:AssumeRole",
                Condition={"StringEquals": {"sts:ExternalId": f"id-{number}"}},
            )
            return common | {
                "principal": f"arn:aws:iam::{other}:role/caller-{number}",
                "action": "sts:AssumeRole",
                "resource": role,
                "resource_account": own,
                "context": {"sts:ExternalId": f"id-{number}"},
                "identity_policies": [policy(statement("Allow", Action="sts:AssumeRole", Resource=role))],
                "resource_policy": policy(trust),
            }
        case 1:  # a pipeline
            provider = "token.actions.githubusercontent.com"
            trust = statement(
                "Allow",
                Principal={"Federated": f"arn:aws:iam::{own}:oidc-provider/{provider}"},
                Action="sts:AssumeRoleWithWebIdentity",
                Condition={
                    "StringEquals": {f"{provider}:aud": "sts.amazonaws.com"},
                    "StringLike": {f"{provider}:sub": f"repo:owner-{number}/site:*"},
                },
            )
            return common | {
                "principal": f"arn:aws:iam::{own}:oidc-provider/{provider}",
                "action": "sts:AssumeRoleWithWebIdentity",
                "resource": f"arn:aws:iam::{own}:role/deploy-{number}",
                "resource_account": own,
                "context": {
                    f"{provider}:aud": "sts.amazonaws.com",
                    f"{provider}:sub": f"repo:owner-{number}/site:ref",
                },
                "identity_policies": [],
                "resource_policy": policy(trust),
            }
        case _:  # Lightsail by tag, beneath an organization
            prefix = f"arn:aws:lightsail:eu-west-1:{own}"
            allow = statement(
                "Allow",
                Action=["lightsail:Get*", "lightsail:StartInstance", "lightsail:StopInstance"],
                Resource=f"{prefix}:Instance/*",
                Condition={"StringEquals": {"aws:ResourceTag/team": f"team-{number}"}},
            )
            fence = statement(
                "Deny",
                Action="lightsail:*",
                Resource="*",
                Condition={"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", f"eu-{number}"]}},
            )
            everything = policy(statement("Allow", Action="*", Resource="*"))
            return common | {
                "principal": f"arn:aws:sts::{own}:assumed-role/ops-{number}/ana",
                "action": "lightsail:StartInstance",
                "resource": f"{prefix}:Instance/{number}",
                "resource_account": own,
                "context": {"aws:ResourceTag/team": f"team-{number}", "aws:RequestedRegion": "eu-west-1"},
                "identity_policies": [policy(allow)],
                "boundary": [policy(statement("Allow", Action="lightsail:*", Resource=f"{prefix}:*"))]
                if number % 4 == 3
                else None,
                "scps": [[everything], [everything, policy(fence)]],
            }


def plain_allows(line: str) -> bool:
    """The baseline: find one Allow whose action and resource match, each pattern through ``re``."""
    read = json.loads(line)

    def matches(patterns: str | list[str], text: str) -> bool:
        listed = [patterns] if isinstance(patterns, str) else patterns
        return any(
            re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")).fullmatch(text)
            for pattern in listed
        )

    documents = [
        *read["identity_policies"],
        *(read["boundary"] or []),
        *(d for level in read["scps"] or [] for d in level),
    ]
    documents += [read["resource_policy"]] if read["resource_policy"] else []
    found = False
    for document in documents:
        for row in document["Statement"]:
            hit = matches(row["Action"], read["action"]) and matches(
                row.get("Resource", "*"), read["resource"]
            )
            for lines in row.get("Condition", {}).values():
                hit = hit and all(
                    matches(values, read["context"].get(key, "")) for key, values in lines.items()
                )
            found = found or (hit and row["Effect"] == "Allow")
    return found


def rate(work: Callable[[Any], Any], items: Iterable[Any], count: int) -> float:
    start = time.process_time()
    for item in items:
        work(item)
    return count / (time.process_time() - start)


def requests_per_second() -> float:
    vendor = case(0)
    compiled = compile_policies(
        Policies(
            identity=[PolicyDocument.from_json(document) for document in vendor["identity_policies"]],
            resource=PolicyDocument.from_json(vendor["resource_policy"]),
        )
    )
    request = Request(
        principal=vendor["principal"],
        action=vendor["action"],
        resource=vendor["resource"],
        resource_account=vendor["resource_account"],
        context=vendor["context"],
    )
    wrong = Request(
        principal=vendor["principal"],
        action=vendor["action"],
        resource=vendor["resource"],
        resource_account=vendor["resource_account"],
        context={"sts:ExternalId": "wrong"},
    )
    return rate(compiled.decide, [request, wrong] * (REQUESTS // 2), REQUESTS)


def third_time(lines: list[str]) -> float:
    """Policies are kept from their second sight on."""
    for line in lines:
        answer_line(line)
    return rate(answer_as_text, lines, len(lines))


def answer_as_text(line: str) -> str:
    return json.dumps(answer_line(line))


def main() -> None:
    lines = [json.dumps(case(number)) for number in range(CASES)]
    assert all(json.loads(answer_as_text(line))["decision"] == "allowed" for line in lines[-8:])
    rows = [
        ("json.loads of the same lines, nothing else (baseline)", rate(json.loads, lines, CASES), "lines"),
        ("plain evaluator with re (baseline)", rate(plain_allows, lines, CASES), "cases"),
        ("cases that bring their own, new policies", rate(answer_as_text, lines[:-8], CASES - 8), "cases"),
        ("the last 500 of these cases a third time", third_time(lines[-500:]), "cases"),
        ("requests against the same compiled policies", requests_per_second(), "requests"),
    ]
    for what, per_second, unit in rows:
        print(f"{what:<56} {per_second:>10,.0f} {unit}/s of processor time")


if __name__ == "__main__":
    main()
