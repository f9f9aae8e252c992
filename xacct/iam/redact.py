"""How an external ID is shown where it shall not be read off: enough to see that it changed."""

from __future__ import annotations

from hashlib import sha256

import attrs

from xacct.iam.policy import Condition, PolicyDocument, Statement

__all__ = ["redact_document", "redact_external_id"]

_SHOWN = 4
_HASHED = 6


def redact_external_id(text: str) -> str:
    """
    The last four characters and a short hash: ``…7a11 (#5e8d2c)``.

    Of a text of eight characters or less nothing but the hash is shown. Equal texts read alike, other texts
    differ in the hash.
    """
    shown = text[-_SHOWN:] if len(text) > 2 * _SHOWN else ""
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"…{shown} (#{digest[:_HASHED]})"


def redact_document(document: PolicyDocument) -> PolicyDocument:
    """The document with the values of ``sts:ExternalId`` redacted, for showing."""
    statements = tuple(_redact_statement(statement) for statement in document.statements)
    return attrs.evolve(document, statements=statements)


def _redact_statement(statement: Statement) -> Statement:
    return attrs.evolve(
        statement, conditions=tuple(_redact_condition(condition) for condition in statement.conditions)
    )


def _redact_condition(condition: Condition) -> Condition:
    if condition.key.lower() != "sts:externalid" or condition.operator.lower() == "null":
        return condition
    return attrs.evolve(condition, values=tuple(redact_external_id(value) for value in condition.values))
