"""
The rules: one small function each, entered into one table under a stable code.

XA1xx tell who gets in, XA2xx of federated callers, XA3xx of conditions, XA4xx of permissions, XA5xx of form.
A rule takes a document and what is known around it, and yields the places that it objects to.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from xacct.errors import InputError
from xacct.lint.rules import (  # noqa: F401  each enters its rules into the table
    actions,
    condition_keys,
    condition_operators,
    condition_values,
    consistency,
    escalation,
    external_id,
    federation,
    form,
    principals,
    resources,
    sensitive,
    subjects,
    texts,
    unreadable,
)
from xacct.lint.rules.table import TABLE, Hit, Rule

__all__ = ["RULES", "Hit", "Rule", "rule"]

RULES: Mapping[str, Rule] = MappingProxyType(dict(sorted(TABLE.items())))


def rule(code: str) -> Rule:
    """The rule with that code, in any case. Raises InputError with the nearest one."""
    found = RULES.get(code.strip().upper())
    if found is None:
        from difflib import get_close_matches

        # The letter O for a zero is the usual slip.
        close = get_close_matches(code.strip().upper().replace("O", "0"), RULES, n=1, cutoff=0.5)
        raise InputError(
            f"there is no rule {code!r}",
            fix=f"did you mean {close[0]}?" if close else f"codes run from {min(RULES)} to {max(RULES)}",
            code="unknown-rule",
        )
    return found
