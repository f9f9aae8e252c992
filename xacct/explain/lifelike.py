"""
Makes an example request one that AWS would really see.

The access delta finds a request that passes the policies. Which call a token makes, what ``*`` stands for and
how an object is named is not its business: that is set right here, and each change is decided anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from xacct.evaluate.model import Request
from xacct.iam.arn import Arn
from xacct.lightsail.catalog import load_catalog
from xacct.plan.model import Witness

if TYPE_CHECKING:
    from xacct.explain.case import Case

__all__ = ["lifelike"]


def lifelike(case: Case, witness: Witness) -> Witness | None:
    """Asked as AWS asks: about ``*`` if the action takes no resource, else about one of its types."""
    called = _as_called(case, witness)
    if called is None:
        return None
    witness = called
    action = load_catalog().action(witness.action)
    if action is None:
        return _elsewhere(case, witness)
    if witness.resource == "*":
        return witness
    if action.wildcard_only:
        asked = attrs.evolve(witness, resource="*")
        return asked if case.decide(case.request_of(asked)).allowed else None
    parsed = Arn.try_parse(witness.resource)
    kinds = {use.type for use in action.resource_types}
    foreign = parsed is not None and parsed.service == "lightsail" and parsed.resource_type not in kinds
    return None if foreign else witness


def _as_called(case: Case, witness: Witness) -> Witness | None:
    """AssumeRole is signed by a principal of AWS; who signs in elsewhere makes one of the other calls."""
    if "-provider/" not in witness.principal or witness.assume_action.lower() != "sts:assumerole":
        return witness
    assert case.access is not None
    kind = "SAML" if ":saml-provider/" in witness.principal else "WebIdentity"
    called = attrs.evolve(witness, assume_action=f"sts:AssumeRoleWith{kind}")
    asked = Request(
        principal=called.principal,
        action=called.assume_action,
        resource=case.access.role_arn,
        resource_account=case.account,
        context=called.assume_context,
    )
    return called if case.decide_assume(asked).allowed else None


def _elsewhere(case: Case, witness: Witness) -> Witness | None:
    """Of another service: named as the grant writes it; S3 asks about an object, not its bucket."""
    spelled = {pattern.lower(): pattern for pattern in case.allowed_patterns}
    named = attrs.evolve(witness, action=spelled.get(witness.action.lower(), witness.action))
    about_object = named.action.lower().startswith("s3:") and "object" in named.action.lower()
    if not about_object or not named.resource.startswith("arn:") or "/" in named.resource:
        return named
    asked = attrs.evolve(named, resource=f"{named.resource}/x")
    return asked if case.decide(case.request_of(asked)).allowed else None
