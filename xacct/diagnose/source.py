"""What gives the access that a message is about: a grant, or a role whose grant is not at hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Protocol

import attrs

from xacct.blueprint.expand import Expansion
from xacct.blueprint.model import Parameter
from xacct.diagnose.model import Step, StepKind, Who
from xacct.iam.arn import Arn
from xacct.lightsail.entry import LeftOut, PermissionEntry
from xacct.values import frozen

__all__ = ["GrantSource", "RoleSource", "Source"]


class Source(Protocol):
    """
    What the facts need of it. ``noun`` is how it is called in a sentence.

    What only a grant has is empty for a role.
    """

    @property
    def noun(self) -> str: ...
    @property
    def place(self) -> str:
        """Where it is written: the grant's file, or the role's ARN."""
        ...

    @property
    def option(self) -> str:
        """What names it on the command line of ``xacct diagnose``."""
        ...

    @property
    def account(self) -> str: ...
    @property
    def partition(self) -> str: ...
    @property
    def expires(self) -> date | None: ...
    @property
    def entries(self) -> tuple[PermissionEntry, ...]: ...
    @property
    def left_out(self) -> tuple[LeftOut, ...]: ...
    @property
    def parameters(self) -> Mapping[str, Parameter]: ...
    @property
    def values(self) -> Mapping[str, tuple[str, ...]]: ...

    def change(self, text: str, command: str = "plan") -> Step:
        """The step that changes it, or looks at it."""
        ...


@frozen
class GrantSource:
    expansion: Expansion

    noun = "grant"

    @property
    def account(self) -> str:
        return self.expansion.account

    @property
    def partition(self) -> str:
        return self.expansion.partition

    @property
    def place(self) -> str:
        return self.expansion.grant.file or self.expansion.grant.name

    @property
    def option(self) -> str:
        return f"--grant {self.place}"

    @property
    def expires(self) -> date | None:
        return self.expansion.grant.expires

    @property
    def entries(self) -> tuple[PermissionEntry, ...]:
        return self.expansion.grant.permissions

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        return self.expansion.left_out

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        return self.expansion.blueprint.parameters

    @property
    def values(self) -> Mapping[str, tuple[str, ...]]:
        return self.expansion.values

    def change(self, text: str, command: str = "plan") -> Step:
        return Step(
            kind=StepKind.USE_GRANT,
            who=Who.OWNER_ADMIN,
            account=self.account,
            text=text,
            where=self.place,
            command=f"xacct {command} {self.place}",
        )


@frozen
class RoleSource:
    """A role as the account has it, by its ARN."""

    arn: str

    noun = "role"
    expires = None
    entries: tuple[PermissionEntry, ...] = attrs.field(default=(), init=False)
    left_out: tuple[LeftOut, ...] = attrs.field(default=(), init=False)
    parameters: Mapping[str, Parameter] = attrs.field(factory=dict, init=False, hash=False)
    values: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, init=False, hash=False)

    option = "--live"

    @property
    def place(self) -> str:
        return self.arn

    @property
    def account(self) -> str:
        return Arn.parse(self.arn).account

    @property
    def partition(self) -> str:
        return Arn.parse(self.arn).partition

    def change(self, text: str, command: str = "plan") -> Step:
        name = Arn.parse(self.arn).name
        own = f" If it comes from a grant, change that: xacct {command}." if command == "plan" else ""
        return Step(
            kind=StepKind.CHANGE_ROLE,
            who=Who.OWNER_ADMIN,
            account=self.account,
            text=f"{text}{own}",
            where=self.arn,
            command=f"aws iam get-role --role-name {name}",
        )
