"""What is asked of the policies: one refused action, or one refused assumption of a role."""

from __future__ import annotations

from collections.abc import Mapping

from xacct.diagnose.caller import Caller
from xacct.diagnose.model import Diagnosis
from xacct.diagnose.source import Source
from xacct.evaluate.model import ContextValue
from xacct.iam.arn import Arn
from xacct.iam.policy import PolicyDocument
from xacct.lightsail.catalog import Action, load_catalog
from xacct.plan.access import RoleAccess
from xacct.values import frozen

__all__ = ["EXAMPLE_ID", "ActionQuestion", "TrustQuestion"]

EXAMPLE_ID = "00000000-0000-4000-8000-000000000000"
"""Stands for the UUID of a resource that a message does not tell."""


@frozen(kw_only=True)
class ActionQuestion:
    """
    One refused action of somebody who has the grant's permissions.

    ``principal`` is that somebody's ARN; ``context`` holds the condition keys that are known.
    """

    diagnosis: Diagnosis
    action: str
    principal: str
    source: Source
    policies: tuple[PolicyDocument, ...]
    context: Mapping[str, ContextValue]

    @property
    def noun(self) -> str:
        """What gives the access, in a sentence."""
        return self.source.noun

    @property
    def known(self) -> Action | None:
        return load_catalog().action(self.action)

    @property
    def resource(self) -> str:
        """What IAM checks: ``*`` for actions without resource types, else the message's ARN or an example."""
        if self.known is None or self.known.wildcard_only:
            return "*"
        asked = Arn.try_parse(self.diagnosis.resource or "")
        if asked is not None and asked.service == "lightsail" and asked.resource_path:
            return str(asked)
        kind = self.known.resource_types[0].type
        region = "global" if kind == "Domain" else self.region or "eu-west-1"
        return f"arn:{self.source.partition}:lightsail:{region}:{self.source.account}:{kind}/{EXAMPLE_ID}"

    @property
    def is_example(self) -> bool:
        return self.resource.endswith(EXAMPLE_ID)

    @property
    def region(self) -> str | None:
        """The Region of the call, as far as context or ARN tell."""
        given = self.context.get("aws:RequestedRegion")
        if isinstance(given, str):
            return given
        asked = Arn.try_parse(self.diagnosis.resource or "")
        return asked.region if asked is not None and asked.region not in ("", "*", "global") else None


@frozen(kw_only=True)
class TrustQuestion:
    """One refused assumption: ``action`` is the bare name; ``context`` holds the keys that are known."""

    diagnosis: Diagnosis
    action: str
    source: Source
    access: RoleAccess
    context: Mapping[str, ContextValue]

    @property
    def caller(self) -> Caller:
        return Caller.of(self.diagnosis.principal)

    @property
    def noun(self) -> str:
        """What gives the access, in a sentence."""
        return self.source.noun

    @property
    def owner(self) -> str:
        return self.access.account
