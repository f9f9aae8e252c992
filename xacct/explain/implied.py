"""
Keys of the request context that are in every call, with the one value that they have there.

Which account a caller is in, of what kind it is, and that AWS did not make the call itself: a policy may ask
for them, and no request is without them (reference_policies_condition-keys).
"""

from __future__ import annotations

from collections.abc import Mapping

from xacct.errors import InputError
from xacct.evaluate.model import ContextValue
from xacct.evaluate.principals import CallerKind, parse_caller, principal_arn

__all__ = ["KEYS", "of_caller", "of_user"]

KEYS = ("aws:principalaccount", "aws:principalarn", "aws:principalisawsservice", "aws:principaltype")
"""In lower case, what a caller does not choose."""

Context = dict[str, ContextValue]

_TYPES = {
    CallerKind.ROOT: "Account",
    CallerKind.USER: "User",
    CallerKind.ROLE: "AssumedRole",
    CallerKind.SESSION: "AssumedRole",
    CallerKind.FEDERATED_USER: "FederatedUser",
}


def of_caller(principal: str, context: Mapping[str, ContextValue], asked: str) -> Context:
    """The context of a call to STS by this principal; ``asked`` is the trust policy in lower case."""
    told = _told_of(principal)
    own = {"aws:PrincipalArn": principal_arn(principal)} if "aws:PrincipalAccount" in told else {}
    return _with(context, {**told, **own}, asked)


def of_user(principal: str, context: Mapping[str, ContextValue], asked: str) -> Context:
    """The context of a call with the permissions; ``asked`` is their documents in lower case."""
    told = _told_of(principal)
    return _with(context, {**told, "aws:ResourceAccount": told.get("aws:PrincipalAccount", "")}, asked)


def _told_of(principal: str) -> dict[str, str]:
    try:
        caller = parse_caller(principal)
    except InputError:
        return {}
    told = {"aws:PrincipalIsAWSService": "true" if caller.kind is CallerKind.SERVICE else "false"}
    if caller.kind in _TYPES:
        told |= {"aws:PrincipalType": _TYPES[caller.kind], "aws:PrincipalAccount": caller.account or ""}
    return told


def _with(context: Mapping[str, ContextValue], told: Mapping[str, str], asked: str) -> Context:
    """With those of the keys that are asked about, in place of what the context has for them."""
    wanted = {key: value for key, value in told.items() if value and key.lower() in asked}
    folded = {key.lower() for key in wanted}
    return {**{key: value for key, value in context.items() if key.lower() not in folded}, **wanted}
