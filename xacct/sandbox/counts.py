"""How many things an account may hold: the most that AWS raises each quota to (reference_iam-quotas)."""

from __future__ import annotations

from xacct.sandbox.call import Call
from xacct.sandbox.entities import Entity
from xacct.sandbox.problems import limit

__all__ = ["ACCOUNT_QUOTAS", "check_count"]

ACCOUNT_QUOTAS = {
    "group": 300,
    "oidc_provider": 100,
    "policy": 5000,
    "role": 5000,
    "saml_provider": 100,
    "user": 5000,
}


def check_count(call: Call, kind: type[Entity], quota_name: str) -> None:
    """Raises AwsError when the account holds as many of these as it may."""
    quota = ACCOUNT_QUOTAS[kind.kind]
    if call.world.count(kind, call.account) >= quota:
        raise limit(quota_name, quota)
