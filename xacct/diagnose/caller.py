"""Who was refused, read from a message's principal: what kind it is, whose, where its policies live."""

from __future__ import annotations

import re
from enum import StrEnum

from xacct.iam.arn import Arn, is_account_id
from xacct.values import frozen

__all__ = ["Caller", "CallerKind", "account_of"]


class CallerKind(StrEnum):
    USER = "user"
    ROLE = "role"
    FEDERATED_USER = "federated user"
    ROOT = "root user"
    SERVICE = "service"
    ANONYMOUS = "anonymous"
    UNKNOWN = "unknown"


_SSO = re.compile(r"AWSReservedSSO_(.+)_[0-9a-f]{16}$")


def account_of(arn: str | None) -> str | None:
    """The account in an ARN; None when there is none, or it is hidden."""
    parsed = None if arn is None else Arn.try_parse(arn)
    return parsed.account if parsed is not None and is_account_id(parsed.account) else None


@frozen(kw_only=True)
class Caller:
    """
    The principal of a message.

    ``name`` is the user's name or the role's, without the path, which a session's ARN does not tell;
    ``text`` is the principal as written.
    """

    text: str
    kind: CallerKind
    account: str | None = None
    name: str | None = None
    partition: str = "aws"

    @classmethod
    def of(cls, text: str | None) -> Caller:
        if not text:
            return cls(text="the caller", kind=CallerKind.UNKNOWN)
        if text.lower() == "anonymous":
            return cls(text=text, kind=CallerKind.ANONYMOUS)
        if re.fullmatch(r"[\w.-]+\.amazonaws\.com(?:\.cn)?", text):
            return cls(text=text, kind=CallerKind.SERVICE, name=text)
        return cls._of_arn(text, Arn.try_parse(text))

    @classmethod
    def _of_arn(cls, text: str, arn: Arn | None) -> Caller:
        kinds = {
            "user": CallerKind.USER,
            "role": CallerKind.ROLE,
            "assumed-role": CallerKind.ROLE,
            "federated-user": CallerKind.FEDERATED_USER,
            "root": CallerKind.ROOT,
        }
        kind = CallerKind.UNKNOWN if arn is None else kinds.get(arn.resource_type, CallerKind.UNKNOWN)
        if arn is None or kind is CallerKind.UNKNOWN:
            return cls(text=text, kind=CallerKind.UNKNOWN)
        name = arn.resource_path.partition("/")[0] if arn.resource_type == "assumed-role" else arn.name
        return cls(text=text, kind=kind, account=account_of(text), name=name or None, partition=arn.partition)

    @property
    def permission_set(self) -> str | None:
        """The permission set of IAM Identity Center that made this role, if one did."""
        match = _SSO.search(self.name or "")
        return match[1] if match else None

    @property
    def words(self) -> str:
        """The caller in a sentence: ``role deploy in account 111122223333``."""
        place = f" in account {self.account}" if self.account else ""
        match self.kind:
            case CallerKind.USER | CallerKind.ROLE | CallerKind.FEDERATED_USER:
                return f"{self.kind.value} {self.name}{place}"
            case CallerKind.ROOT:
                return f"the root user{place}"
            case CallerKind.SERVICE:
                return f"the service {self.name}"
            case CallerKind.ANONYMOUS:
                return "an anonymous caller (the request was not signed)"
            case CallerKind.UNKNOWN:
                return self.text

    @property
    def policy_place(self) -> str:
        """Where a statement for this caller goes."""
        if self.permission_set is not None:
            return f"the inline policy of permission set {self.permission_set} in IAM Identity Center"
        match self.kind:
            case CallerKind.USER | CallerKind.ROLE:
                return f"a permissions policy of {self.words}"
            case CallerKind.FEDERATED_USER:
                return "the policies of the IAM user that called GetFederationToken, and the policy it passed"
            case _:
                return "a permissions policy of the caller"

    @property
    def arn_for_trust(self) -> str | None:
        """The ARN to name in another policy. A session's ARN has the role's name, not its path."""
        if self.account is None or self.name is None or not re.fullmatch(r"[\w+=,.@-]+", self.name):
            return None
        if self.kind is CallerKind.ROLE:
            text = Arn.try_parse(self.text)
            if text is not None and text.service == "iam":
                return self.text
            # Its path has the Region of Identity Center, except for us-east-1; the session does not tell.
            if self.permission_set is not None:
                return None
            return f"arn:{self.partition}:iam::{self.account}:role/{self.name}"
        return self.text if self.kind is CallerKind.USER else None

    def put_command(self, policy_name: str) -> str | None:
        """The command that adds the statement, saved as statement.json, as an inline policy."""
        if self.permission_set is not None or self.name is None:
            return None
        if self.kind is CallerKind.ROLE:
            verb, option = "put-role-policy", "--role-name"
        elif self.kind is CallerKind.USER:
            verb, option = "put-user-policy", "--user-name"
        else:
            return None
        if not re.fullmatch(r"[\w+=,.@-]+", self.name):
            return None
        return f"aws iam {verb} {option} {self.name} --policy-name {policy_name} --policy-document file://statement.json"
