"""Short ways to write the examples that each rule carries, and the world that they are checked in."""

from __future__ import annotations

import datetime
import json
from typing import Any

from xacct.lint.context import LintContext

__all__ = ["EXAMPLE_CONTEXT", "GITHUB", "OWNED", "VENDOR", "allow", "deny", "policy", "trust"]

OWN = "111122223333"
OWNED = "222233334444"
VENDOR = "444455556666"
EXTERNAL_ID = "1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11"
GITHUB = f"arn:aws:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com"
INSTANCE = f"arn:aws:lightsail:eu-west-1:{OWN}:Instance/0a1b2c3d-1111-4222-8333-444455556666"

EXAMPLE_CONTEXT = LintContext(
    account=OWN,
    owned_accounts={OWN, OWNED},
    third_party_accounts={VENDOR},
    role=f"arn:aws:iam::{OWN}:role/xacct/backup",
    external_ids_elsewhere={"5a7e9d40-0000-4c1f-9b1e-2f6f5e0c7d21": "other-vendor"},
    today=datetime.date(2026, 11, 22),
)


def policy(*statements: dict[str, Any], version: str | None = "2012-10-17") -> str:
    head = {} if version is None else {"Version": version}
    return _JSON.encode({**head, "Statement": list(statements)})


_JSON = json.JSONEncoder(ensure_ascii=False)


def trust(
    principal: Any, condition: dict[str, Any] | None = None, *, action: Any = "sts:AssumeRole", **more: Any
) -> dict[str, Any]:
    """An Allow statement of a trust policy; an ARN or number is taken for an AWS principal."""
    who = {"AWS": principal} if isinstance(principal, (str, list)) and principal != "*" else principal
    out = {"Effect": "Allow", "Principal": who, "Action": action, **more}
    return {**out, "Condition": condition} if condition else out


def allow(
    action: Any, resource: Any = "*", condition: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """An Allow statement of a permissions policy."""
    out = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return {**out, "Condition": condition} if condition else out


def deny(action: Any, resource: Any = "*", condition: dict[str, Any] | None = None) -> dict[str, Any]:
    return {**allow(action, resource, condition), "Effect": "Deny"}
