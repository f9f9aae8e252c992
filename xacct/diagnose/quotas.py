"""Which quota of IAM is full, and what makes room."""

from __future__ import annotations

import re

from xacct.diagnose.model import Cause, Found, Likelihood, Step, StepKind, Who

__all__ = ["quota_advice"]

_QUOTA = re.compile(r"Cannot exceed quota for (\w+)\s*:\s*(\d+)")
# Name of the quota -> what it counts, what makes room, command.
_KNOWN: dict[str, tuple[str, str, str | None]] = {
    "AccessKeysPerUser": (
        "access keys of a user, inactive ones included",
        (
            "Delete the key that is not used, after looking when it was last used. A lost secret "
            "cannot be seen again: rotate. For a third party make no key at all: give it a role with "
            "an external ID."
        ),
        "xacct keys list",
    ),
    "PoliciesPerRole": (
        "managed policies attached to the role",
        "Merge policies, or write statements inline; the quota can be raised.",
        None,
    ),
    "ACLSizePerRole": (
        "characters of the role's trust policy",
        "Trust an account with a condition instead of listing principals; the quota can be raised.",
        None,
    ),
    "PolicySize": (
        "characters of the policy",
        "Split the policy, or use wildcards that mean the same; white space is free.",
        None,
    ),
    "RolesPerAccount": (
        "roles in the account",
        "Delete roles that nobody uses; the quota can be raised.",
        None,
    ),
    "VersionsPerPolicy": (
        "versions of a managed policy",
        "Delete the oldest version that is not the default one.",
        "aws iam list-policy-versions --policy-arn <POLICY-ARN>",
    ),
}


def quota_advice(found: Found) -> tuple[tuple[Cause, ...], tuple[Step, ...]] | None:
    """Causes and steps for the quota that the message names; None when it is none of those known here."""
    match = _QUOTA.search(found.text)
    if match is None or match[1] not in _KNOWN:
        return None
    counts, room, command = _KNOWN[match[1]]
    cause = Cause(
        title=f"The quota {match[1]} is full: {match[2]}",
        why=f"It counts {counts}. The number in the message is the present one of this account.",
        likelihood=Likelihood.CERTAIN,
    )
    step = Step(kind=StepKind.FREE_QUOTA, who=Who.OWNER_ADMIN, text=room, command=command)
    return (cause,), (step,)
