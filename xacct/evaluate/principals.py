"""
Who calls, and whether a Principal element names them.

The level at which a resource-based policy names its caller decides what its Allow can do without the
caller's own policies, so a match is not a yes but a ``Level``. Source: IAM User Guide,
reference_policies_elements_principal and reference_policies_evaluation-logic.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, IntEnum
from functools import lru_cache
from typing import NamedTuple

from xacct.errors import InputError
from xacct.iam import Arn, PrincipalType, is_account_id

__all__ = [
    "BUILT_IN_IDENTITY_PROVIDERS",
    "Caller",
    "CallerKind",
    "Level",
    "PrincipalElement",
    "parse_caller",
    "principal_arn",
]

# Web identity providers that are principals by their host (reference_policies_elements_principal).
BUILT_IN_IDENTITY_PROVIDERS = frozenset(
    {"accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"}
)


class CallerKind(Enum):
    ROOT = "root user"
    USER = "user"
    ROLE = "role"
    SESSION = "role session"
    FEDERATED_USER = "federated-user session"
    FEDERATED = "federated identity"
    SERVICE = "service"


class Level(IntEnum):
    """How a Principal element names the caller; the higher of several counts."""

    NONE = 0
    ACCOUNT = 1
    ROLE = 2
    USER = 3
    DIRECT = 4
    """By its own name, as a session, service or federated identity, or as anyone."""


class Caller(NamedTuple):
    """A parsed principal. ``names`` are the texts by which a Principal element can name it, nearest first."""

    kind: CallerKind
    account: str | None
    type: PrincipalType
    names: tuple[tuple[str, Level], ...]
    service_linked: bool = False

    @property
    def has_identity_side(self) -> bool:
        """Federated and service callers are decided by the resource's policy alone."""
        return self.type is PrincipalType.AWS


def _caller(
    kind: CallerKind, arn: Arn, own: Iterable[tuple[str, Level]], service_linked: bool = False
) -> Caller:
    root = f"arn:{arn.partition}:iam::{arn.account}:root"
    account = ((root, Level.ACCOUNT), (arn.account, Level.ACCOUNT))
    return Caller(kind, arn.account, PrincipalType.AWS, (*own, *account), service_linked)


def _role_name_key(partition: str, account: str, name: str) -> str:
    # No Principal reads like this: sessions carry their role's name without its path.
    return f"role {partition} {account} {name}"


@lru_cache(maxsize=4096)
def parse_caller(text: str) -> Caller:
    """Raises InputError when the text names nothing that can call AWS."""
    if not text.startswith("arn:"):
        return _unnumbered(text)
    arn = Arn.try_parse(text)
    if arn is None or arn.region or not is_account_id(arn.account):
        raise _no_caller(text)
    kind, _, rest = arn.resource.partition("/")
    match (arn.service, kind):
        case ("iam", "root") if not rest and arn.resource == "root":
            return _caller(CallerKind.ROOT, arn, ())
        case ("iam", "user") if rest:
            return _caller(CallerKind.USER, arn, [(text, Level.USER)])
        case ("iam", "role") if rest:
            linked = rest.startswith("aws-service-role/")
            return _caller(CallerKind.ROLE, arn, [(text, Level.ROLE)], linked)
        case ("sts", "assumed-role") if rest.count("/") == 1 and all(rest.split("/")):
            key = _role_name_key(arn.partition, arn.account, rest.partition("/")[0])
            return _caller(CallerKind.SESSION, arn, [(text, Level.DIRECT), (key, Level.ROLE)])
        case ("sts", "federated-user") if rest:
            return _caller(CallerKind.FEDERATED_USER, arn, [(text, Level.DIRECT)])
        case ("iam", "saml-provider" | "oidc-provider") if rest:
            return _single(CallerKind.FEDERATED, PrincipalType.FEDERATED, text)
    raise _no_caller(text)


def _unnumbered(text: str) -> Caller:
    if text in BUILT_IN_IDENTITY_PROVIDERS:
        return _single(CallerKind.FEDERATED, PrincipalType.FEDERATED, text)
    if "." in text and ":" not in text and "/" not in text and " " not in text:
        return _single(CallerKind.SERVICE, PrincipalType.SERVICE, text)
    raise _no_caller(text)


def _single(kind: CallerKind, type_: PrincipalType, text: str) -> Caller:
    return Caller(kind, None, type_, ((text, Level.DIRECT),))


def _no_caller(text: str) -> InputError:
    return InputError(
        f"principal {text[:200]!r} is nobody who can make a request",
        where="principal",
        fix="give the ARN of a user, role, role session, federated-user session, account root, SAML or OIDC "
        "provider, or the name of a service",
        code="principal",
    )


def principal_arn(caller: str) -> str:
    """
    What ``aws:PrincipalArn`` holds: for a role session the ARN of its role.

    A session's ARN does not show the role's path (IAM User Guide, reference_policies_condition-keys), so the
    path is missing here, too.
    """
    parsed = Arn.try_parse(caller)
    if parsed is None or parsed.service != "sts" or parsed.resource_type != "assumed-role":
        return caller
    return f"arn:{parsed.partition}:iam::{parsed.account}:role/{parsed.resource_path.split('/')[0]}"


class PrincipalElement:
    """A compiled Principal or NotPrincipal: what it lists, by principal type."""

    __slots__ = ("_anyone", "_ids", "_names", "negated", "written")

    def __init__(self, listed: Iterable[tuple[PrincipalType, str]], *, negated: bool) -> None:
        self.negated = negated
        self.written = tuple(text for _, text in listed)
        self._anyone = False
        names: dict[PrincipalType, set[str]] = {}
        ids = []
        for type_, text in listed:
            if type_ is PrincipalType.ANYONE or (type_ is PrincipalType.AWS and text == "*"):
                self._anyone = True
                continue
            of_type = names.setdefault(type_, set())
            of_type.add(text)
            if type_ is not PrincipalType.AWS:
                continue
            if text.startswith(("AIDA", "AROA")):
                ids.append(text)
            elif (
                ":role/" in text and (arn := Arn.try_parse(text)) is not None and arn.resource_type == "role"
            ):
                of_type.add(_role_name_key(arn.partition, arn.account, arn.name))
        self._names = names
        self._ids = tuple(ids)

    def level(self, caller: Caller, user_id: str | None) -> Level:
        """
        Tell how the element names the caller; ``Level.NONE`` when it does not.

        ``user_id`` is the request's ``aws:userid``: IAM writes a principal that was deleted as its unique ID
        (AIDA…, AROA…), which names no ARN but is the first part of this key.
        """
        if self._anyone:
            return Level.DIRECT
        names = self._names.get(caller.type)
        if names is None:
            return Level.NONE
        for name, level in caller.names:
            if name in names:
                return level
        if caller.type is PrincipalType.AWS:
            return self._level_by_id(user_id)
        return Level.DIRECT if "*" in names else Level.NONE

    def _level_by_id(self, user_id: str | None) -> Level:
        if self._ids and user_id is not None and user_id.partition(":")[0] in self._ids:
            return Level.ROLE if user_id.startswith("AROA") else Level.USER
        return Level.NONE

    def depends_on_user_id(self, caller: Caller) -> bool:
        """Tell whether ``aws:userid`` could lift the level of this caller."""
        return bool(self._ids) and not self._anyone and caller.type is PrincipalType.AWS

    def exempts(self, caller: Caller) -> bool:
        """
        Tell whether the list spares the caller a Deny with NotPrincipal.

        It has to hold the caller itself, its role and its account: AWS may test the account first, then the
        role, then the session (reference_policies_elements_notprincipal).
        """
        if self._anyone:
            return True
        listed = self._names.get(caller.type, set())
        own = [name for name, level in caller.names if level is not Level.ACCOUNT]
        account = [name for name, level in caller.names if level is Level.ACCOUNT]
        return listed.issuperset(own) and (not account or not listed.isdisjoint(account))
