"""
Callers as a dimension: who can make an assume request, as far as the trust policies can tell.

Every principal that a document names stands for itself; beside these stand, for each account, a user, role,
session and federated session that nobody names, and an account that nobody names. A caller of the role's own
account comes several times, by how much its own policies leave open: a trust policy that names only the
account leaves the decision to them, one that names the user, role or session passes over some of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import attrs

from xacct.errors import InputError
from xacct.evaluate.principals import Caller, CallerKind, Level, PrincipalElement, parse_caller
from xacct.iam.arn import Arn, is_account_id
from xacct.iam.policy import PrincipalType, TypedPrincipal, canonical_principal
from xacct.values import frozen

__all__ = ["PrincipalDimension", "Requester", "is_clear", "principal_dimension"]

_OTHER = "someone-else"

# What else a caller of the role's own account may need (reference_policies_evaluation-logic). The root user
# is bound by none of the policies in question.
_LEVELS = {
    CallerKind.USER: (Level.USER,),
    CallerKind.ROLE: (Level.ROLE, Level.DIRECT),
    CallerKind.SESSION: (Level.ROLE, Level.DIRECT),
    CallerKind.FEDERATED_USER: (Level.DIRECT,),
}


@frozen
class Requester:
    """
    Who asks: the ARN of a principal or session, a provider, or a service's name.

    ``needs`` is how the trust policy has to name it: ``ACCOUNT`` when all its own policies allow the request,
    ``ROLE`` when its identity-based policies are silent, ``USER`` when its permissions boundary is as well,
    ``DIRECT`` when the session policy is too.
    """

    text: str
    needs: Level = Level.ACCOUNT

    @property
    def caller(self) -> Caller:
        return parse_caller(self.text)


@frozen
class PrincipalDimension:
    """Bit i of a mask is requester i. ``account`` owns the role, ``unknown`` stands for all not named."""

    account: str
    requesters: tuple[Requester, ...]
    unknown: str = ""
    _masks: dict[object, int] = attrs.field(factory=dict, init=False, eq=False, repr=False)
    """What ``mask`` has answered: hundreds of roles trust the same few principals."""

    def mask(self, principals: Sequence[TypedPrincipal], *, allows: bool) -> int:
        """Whom a statement's principals cover; an Allow may need the caller's own policy too."""
        question = (tuple(principals), allows)
        if question not in self._masks:
            self._masks[question] = self._mask(principals, allows=allows)
        return self._masks[question]

    def _mask(self, principals: Sequence[TypedPrincipal], *, allows: bool) -> int:
        element = PrincipalElement([(one.type, one.value) for one in principals], negated=False)
        out = 0
        for index, requester in enumerate(self.requesters):
            level = element.level(requester.caller, None)
            covered = level >= requester.needs if allows else level > Level.NONE
            out |= covered << index
        return out

    def mask_without(self, principals: Sequence[TypedPrincipal]) -> int:
        """Whom a Deny with NotPrincipal covers."""
        element = PrincipalElement([(one.type, one.value) for one in principals], negated=True)
        return sum(
            1 << index
            for index, requester in enumerate(self.requesters)
            if not element.exempts(requester.caller)
        )


def is_clear(principal: TypedPrincipal) -> bool:
    """Whether it is known here whom the principal covers; of unique IDs and malformed texts it is not."""
    value = principal.value
    if value == "*" or (principal.type is PrincipalType.AWS and is_account_id(value)):
        return True
    caller = _caller_of(value)
    if caller is None or "*" in value or "?" in value:
        return False
    if principal.type is PrincipalType.AWS:
        return caller.kind in _LEVELS or canonical_principal(principal).value == caller.account
    return caller.type is principal.type


def _caller_of(text: str) -> Caller | None:
    try:
        return parse_caller(text)
    except InputError:
        return None


@lru_cache(maxsize=256)
def principal_dimension(
    principals: tuple[TypedPrincipal, ...], account: str, partition: str
) -> PrincipalDimension:
    """Who has to be told apart, given every (clear) principal that some document names."""
    named = [principal.value for principal in principals]
    arns = [arn for text in named if (arn := Arn.try_parse(text))]
    texts = [text for value in named for text in (value, *_sessions_of(value))]
    accounts = {arn.account for arn in arns} | set(filter(is_account_id, named)) | {account}
    unknown = next(number for digit in "9876543210" if (number := digit * 12) not in accounts)
    for section in sorted({arn.partition for arn in arns} | {partition}):
        for number in (*sorted(accounts - {account}), account, unknown):
            texts += _unnamed(section, number)
    texts += [f"arn:{partition}:iam::{account}:saml-provider/{_OTHER}", f"{_OTHER}.amazonaws.com"]
    texts += [text for value in named for text in _namesakes_of(value)]
    requesters: dict[Requester, None] = {}
    for text in texts:
        for requester in _requesters(text, account):
            requesters.setdefault(requester)
    return PrincipalDimension(account, tuple(requesters), unknown)


def _requesters(text: str, account: str) -> Iterator[Requester]:
    caller = _caller_of(text)
    if caller is None:
        return
    yield Requester(text)
    if caller.account == account:
        for level in _LEVELS.get(caller.kind, ()):
            yield Requester(text, level)


def _sessions_of(value: str) -> Iterator[str]:
    """Sessions that a named role or session needs told apart."""
    arn = Arn.try_parse(value)
    if arn is not None and arn.service == "iam" and arn.resource_type == "role":
        yield f"arn:{arn.partition}:sts::{arn.account}:assumed-role/{arn.name}/session"


def _namesakes_of(value: str) -> Iterator[str]:
    """A role of the same name under another path; another session of the same role."""
    arn = Arn.try_parse(value)
    if arn is not None and arn.service == "iam" and arn.resource_type == "role":
        yield f"arn:{arn.partition}:iam::{arn.account}:role/{_OTHER}/{arn.name}"
    if arn is not None and arn.service == "sts" and arn.resource_type == "assumed-role":
        role = arn.resource_path.partition("/")[0]
        yield f"arn:{arn.partition}:sts::{arn.account}:assumed-role/{role}/{_OTHER}"


def _unnamed(partition: str, account: str) -> list[str]:
    return [
        f"arn:{partition}:iam::{account}:user/{_OTHER}",
        f"arn:{partition}:sts::{account}:assumed-role/{_OTHER}/session",
        f"arn:{partition}:iam::{account}:role/{_OTHER}",
        f"arn:{partition}:sts::{account}:federated-user/{_OTHER}",
        f"arn:{partition}:iam::{account}:root",
    ]
