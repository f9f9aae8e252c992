"""A role's policies with what they ask of the role itself answered: its ARN is the same in every request."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from xacct.errors import InputError
from xacct.evaluate.engine import evaluate
from xacct.evaluate.model import Outcome, Policies, Request
from xacct.iam.arn import Arn
from xacct.iam.policy import Condition, Effect, PolicyDocument, Statement

__all__ = ["as_asked_by"]

_KEY = "aws:principalarn"


def as_asked_by(document: PolicyDocument, role_arn: str) -> PolicyDocument:
    """
    The document as sessions of the role see it, without conditions on ``aws:PrincipalArn``.

    The key holds the role's ARN in their requests (reference_policies_condition-keys). A condition that it
    meets is left out, a statement with one that it does not is. What can't be decided stays as it is.
    """
    if not any(_asks(one) for statement in document.statements for one in statement.conditions):
        return document
    return attrs.evolve(document, statements=tuple(_answered(document, role_arn)))


def _answered(document: PolicyDocument, role_arn: str) -> Iterator[Statement]:
    for statement in document.statements:
        answers = {one: _met(document, one, role_arn) for one in statement.conditions if _asks(one)}
        if False not in answers.values():
            kept = tuple(one for one in statement.conditions if answers.get(one) is None)
            yield attrs.evolve(statement, conditions=kept)


def _asks(condition: Condition) -> bool:
    return condition.key.lower() == _KEY and not any("${" in value for value in condition.values)


def _met(document: PolicyDocument, condition: Condition, role_arn: str) -> bool | None:
    """Whether the role's ARN meets the condition; None where the evaluator cannot tell."""
    asked = Statement(effect=Effect.ALLOW, actions=("*",), resources=("*",), conditions=(condition,))
    arn = Arn.parse(role_arn)
    request = Request(
        principal=f"arn:{arn.partition}:sts::{arn.account}:assumed-role/{arn.name}/session",
        action="lightsail:GetRegions",
        resource="*",
        resource_account=arn.account,
        context={"aws:PrincipalArn": role_arn},
    )
    try:
        policies = Policies(identity=(attrs.evolve(document, statements=(asked,)),))
        found = evaluate(request, policies).outcome
    except InputError:
        return None
    return None if found is Outcome.UNDETERMINED else found is Outcome.ALLOWED
