"""
External IDs where people look: their last four characters and a short hash.

An external ID is no secret, but it is what keeps a vendor's other customers out, so it is not spread through
logs and pull requests. The hash shows that a value changed without showing the value.
"""

from __future__ import annotations

import hashlib

import attrs

from xacct.iam.policy import Condition, PolicyDocument, Statement

__all__ = ["redact_document", "redact_external_id"]

_KEY = "sts:externalid"


def redact_external_id(text: str) -> str:
    """Write an external ID as ``…7a11 (#5e8d2c)``; a short one shows none of its characters."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:6]
    shown = text[-4:] if len(text) >= 12 else ""
    return f"…{shown} (#{digest})"


def redact_document(document: PolicyDocument) -> PolicyDocument:
    """The document with the values of ``sts:ExternalId`` redacted, for showing."""
    statements = tuple(_redact_statement(statement) for statement in document.statements)
    return attrs.evolve(document, statements=statements)


def _redact_statement(statement: Statement) -> Statement:
    return attrs.evolve(
        statement, conditions=tuple(_redact_condition(condition) for condition in statement.conditions)
    )


def _redact_condition(condition: Condition) -> Condition:
    if condition.key.lower() != _KEY or condition.operator.lower() == "null":
        return condition
    return attrs.evolve(condition, values=tuple(redact_external_id(value) for value in condition.values))
