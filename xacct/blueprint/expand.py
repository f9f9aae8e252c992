"""
From a grant and its blueprint to the IAM things that they ask for.

Everything that is wrong is told at once: values, house rules, permissions. The result holds the things by
account, and beside them what a reviewer is told: reasons, notes, what stays account-wide, what was left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from xacct.blueprint.checks import check_role_name
from xacct.blueprint.house import HouseRules, broken_rules
from xacct.blueprint.making import Maker, placed
from xacct.blueprint.model import Blueprint, Grant, Note
from xacct.blueprint.placeholders import Values, expand_all
from xacct.blueprint.reading import suggest
from xacct.blueprint.resolve import Resolved, holds, resolve
from xacct.blueprint.saml import load_metadata
from xacct.blueprint.statements import Statements, given_trust, write_templates
from xacct.errors import InputError, Problem
from xacct.iam.arn import PARTITIONS
from xacct.iam.ownership import DEFAULT_PATH
from xacct.iam.policy import PolicyDocument
from xacct.iam.things import (
    GroupPolicy,
    ManagedPolicy,
    OidcProvider,
    Role,
    RolePolicy,
    SamlProvider,
    Thing,
    ThingKey,
)
from xacct.values import frozen

if TYPE_CHECKING:
    from xacct.lightsail.writing import LeftOut, Written

__all__ = ["Expansion", "built_in_values", "expand"]

_SIGNIN_HOSTS = {
    "aws": "signin.aws.amazon.com",
    "aws-cn": "signin.amazonaws.cn",
    "aws-us-gov": "signin.amazonaws-us-gov.com",
}


@frozen(kw_only=True)
class Expansion:
    """
    What one grant asks for.

    ``values`` are the texts of every parameter and built-in name. ``order`` lists the accounts as they are to
    be worked on. ``shared`` are the providers that other grants may use too. ``reasons`` maps ``Sid`` and
    ``Sid/operator/key`` of the trust policy to why it is there, ``uses`` the latter to the parameters behind
    it. ``notes`` are for the reviewer, ``handoff`` for the trusted party.
    """

    grant: Grant
    blueprint: Blueprint
    values: Values
    account: str
    partition: str
    things: Mapping[str, tuple[Thing, ...]]
    role: Role | None
    order: tuple[str, ...]
    notes: tuple[str, ...] = ()
    handoff: tuple[str, ...] = ()
    account_wide: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    shared: frozenset[ThingKey] = frozenset()
    reasons: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    uses: Mapping[str, frozenset[str]] = attrs.field(factory=dict, hash=False)
    expired: bool = False
    """Whether the last day was over on the day that the grant was expanded for, if one was named."""

    @property
    def role_arn(self) -> str | None:
        return self.role.arn(self.account, self.partition) if self.role is not None else None

    def permissions(self) -> tuple[PolicyDocument, ...]:
        """The documents that say what the grant allows in the trusting account."""
        return tuple(
            thing.document
            for thing in self.things[self.account]
            if isinstance(thing, (RolePolicy, GroupPolicy, ManagedPolicy))
        )


def expand(
    grant: Grant,
    blueprint: Blueprint,
    *,
    account: str | None = None,
    partition: str = "aws",
    house: HouseRules | None = None,
    today: date | None = None,
) -> Expansion:
    """
    Make the things of one grant.

    ``account`` is the credentials' account, used where the grant names none. ``today`` serves only to say
    that a grant has expired. SAML metadata named by a path is read relative to the grant's file. Raises
    InputError with every problem.
    """
    return _Expander(grant, blueprint, account, partition, house or HouseRules(), today).run()


def built_in_values(grant: Grant, account: str, partition: str = "aws", path: str = DEFAULT_PATH) -> Values:
    """The names that every blueprint may insert; ``path`` is where the role lives."""
    name = grant.role
    signin = _SIGNIN_HOSTS.get(partition)
    return {
        "account": (account,),
        "partition": (partition,),
        "grant": (grant.name,),
        "role_name": (name,),
        "role_path": (path,),
        "role_arn": (f"arn:{partition}:iam::{account}:role{path}{name}",),
        "dns_suffix": (PARTITIONS.get(partition, ""),),
        "signin_host": (signin,) if signin else (),
        "sts_audience": ("sts.amazonaws.com.cn" if partition == "aws-cn" else "sts.amazonaws.com",),
    }


class _Expander:
    def __init__(
        self,
        grant: Grant,
        blueprint: Blueprint,
        account: str | None,
        partition: str,
        house: HouseRules,
        today: date | None,
    ) -> None:
        self.grant = grant
        self.blueprint = blueprint
        self.account = grant.account or house.default_account or account
        self.partition = partition
        self.house = house
        self.today = today
        self.path = grant.path or house.path or DEFAULT_PATH
        self.problems: list[Problem] = []

    def run(self) -> Expansion:
        self.check()
        account = self.account or "000000000000"
        resolved, problems = resolve(self.grant, self.blueprint, self.built_in(account), self.metadata)
        self.problems += problems
        written = self.permissions(account)
        if self.problems or written is None:
            raise InputError(self.problems)
        trust = self.trust(resolved)
        maker = self.maker(account, written)
        role, things = self.things(maker, resolved, trust)
        self.problems += maker.problems
        self.check_unique(things)
        if self.problems:
            raise InputError(self.problems)
        return Expansion(
            grant=self.grant,
            blueprint=self.blueprint,
            values=resolved.texts,
            account=account,
            partition=self.partition,
            things={owner: tuple(found) for owner, found in things.items()},
            role=role,
            order=tuple(things),
            notes=(*self.notes(), *_notes(self.blueprint.notes, resolved), *written.notes),
            handoff=_notes(self.blueprint.handoff, resolved),
            account_wide=written.account_wide,
            left_out=written.left_out,
            shared=frozenset(
                thing.key for thing in things[account] if isinstance(thing, (SamlProvider, OidcProvider))
            ),
            reasons=trust.reasons,
            uses=trust.uses,
            expired=self.expired(),
        )

    def maker(self, account: str, written: Written) -> Maker:
        return Maker(
            self.grant,
            self.blueprint,
            self.house,
            account=account,
            partition=self.partition,
            path=self.path,
            statements=written.statements,
        )

    def things(
        self, maker: Maker, resolved: Resolved, trust: Statements
    ) -> tuple[Role | None, dict[str, list[Thing]]]:
        """The role, and all things by account; the trusting account comes first."""
        things: dict[str, list[Thing]] = {maker.account: []}
        role: Role | None = None
        if holds(self.blueprint.role_when, resolved.texts):
            role, held = self.role(maker, resolved, trust)
            things[maker.account] += [role, *held]
        for template in self.blueprint.things:
            if holds(template.when, resolved.texts):
                owner, made = maker.things_of(template, resolved)
                things.setdefault(owner, []).extend(made)
        return role, things

    def trust(self, resolved: Resolved) -> Statements:
        given = self.blueprint.given
        if given is not None:
            return given_trust(resolved.texts[given.trust][0], self.grant.expires)
        return write_templates(self.blueprint.trust, resolved, self.grant.expires, self.blueprint.derived)

    def role(self, maker: Maker, resolved: Resolved, trust: Statements) -> tuple[Role, list[Thing]]:
        given = self.blueprint.given
        if given is None:
            return maker.role_with_policies(PolicyDocument(trust.statements))
        written = PolicyDocument.from_json(resolved.texts[given.trust][0])
        policies = resolved.maps.get(given.policies or "", {})
        attached = resolved.texts.get(given.attached or "", ())
        return maker.role_as_given(
            attrs.evolve(written, statements=trust.statements),
            {name: PolicyDocument.from_json(texts[0]) for name, texts in policies.items()},
            attached,
        )

    # What is looked at before anything is made

    def problem(self, path: str, message: str, fix: str = "", code: str = "value") -> None:
        self.problems.append(Problem(message, self.grant.where(path), fix, code))

    def check(self) -> None:
        if self.grant.blueprint != self.blueprint.name:
            self.problem("blueprint", f"the grant uses {self.grant.blueprint}, not {self.blueprint.name}")
        if self.account is None:
            self.problem(
                "account",
                "the grant names no account, and no credentials tell which it is",
                "add `account:` with the 12 digits of the account that owns the resources",
                "missing-value",
            )
        if self.partition not in PARTITIONS:
            self.problem("account", f"{self.partition!r} is no partition of AWS", code="partition")
        elif self.partition != "aws":
            self.problem(
                "account",
                f"Lightsail exists in the partition aws only, not in {self.partition}",
                "use credentials of an account in the partition aws",
                "partition",
            )
        try:
            check_role_name(self.grant.role)
        except InputError as error:
            problem = error.problems[0]
            self.problem(
                "role_name" if self.grant.role_name else "name", problem.message, problem.fix, problem.code
            )
        self.problems += broken_rules(self.grant, self.house)
        if not self.grant.permissions and self.blueprint.given is None:
            self.problem(
                "permissions",
                "the grant names no permissions",
                "add `permissions: [{set: read-only}]` or --set permissions=read-only; "
                "`xacct permissions list` shows the sets",
                "missing-value",
            )
        self.check_expect()

    def check_expect(self) -> None:
        for side in ("allow", "deny"):
            for index, line in enumerate(getattr(self.grant.expect, side)):
                if line.without is not None and line.without not in self.blueprint.parameters:
                    self.problem(
                        f"expect.{side}.{index}.without",
                        f"{line.without!r} is no parameter of the blueprint {self.blueprint.name}",
                        suggest(line.without, tuple(self.blueprint.parameters)),
                        "unknown-parameter",
                    )
                self.check_expected_action(f"expect.{side}.{index}.action", line.action)

    def check_expected_action(self, path: str, action: str) -> None:
        """A misspelt action is never allowed, so that its line in ``deny`` would hold and promise nothing."""
        from xacct.lightsail.catalog import load_catalog

        catalog = load_catalog()
        if action.lower().startswith("lightsail:") and not catalog.expand(action):
            near = catalog.nearest(action)
            fix = f"did you mean {near}?" if near else "`xacct permissions show full-access` lists all"
            self.problem(path, f"Lightsail has no action {action}", fix, "unknown-action")

    def built_in(self, account: str) -> Values:
        return built_in_values(self.grant, account, self.partition, self.path)

    def metadata(self, text: str) -> str:
        return load_metadata(text, Path(self.grant.file).parent if self.grant.file else Path())

    # Permissions

    def permissions(self, account: str) -> Written | None:
        from xacct.lightsail.writing import Written, write_statements

        if not self.grant.permissions:
            return None if self.blueprint.given is None else Written(statements=())
        try:
            return write_statements(self.grant.permissions, account=account, partition=self.partition)
        except InputError as error:
            self.problems += [placed(self.grant, problem) for problem in error.problems]
            return None

    def check_unique(self, things: Mapping[str, list[Thing]]) -> None:
        for owner, found in things.items():
            keys = [thing.key for thing in found]
            for key in sorted({key for key in keys if keys.count(key) > 1}):
                self.problem("name", f"account {owner} would get the {key} twice", "name them apart", "twice")

    def notes(self) -> list[str]:
        out: list[str] = []
        length = len(self.path.lstrip("/")) + len(self.grant.role)
        if length > 64:
            out.append(
                f"Path and role name have {length} characters; the console's switch-role link takes 64."
            )
        if self.grant.expires is not None and self.expired():
            out.append(f"The grant expired on {self.grant.expires.isoformat()}: nobody gets in any more.")
        return out

    def expired(self) -> bool:
        expires = self.grant.expires
        return expires is not None and self.today is not None and expires < self.today


def _notes(notes: tuple[Note, ...], resolved: Resolved) -> tuple[str, ...]:
    return tuple(
        text
        for note in notes
        if holds(note.when, resolved.texts)
        for text in expand_all((note.text,), resolved.texts)
    )
