"""
From a grant and its blueprint to the IAM things that they ask for.

Everything that is wrong is told at once: values, house rules, permissions. The result holds the things by
account, and beside them what a reviewer is told: reasons, notes, what stays account-wide, what was left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from xacct.blueprint.grant_nodes import check_role_name
from xacct.blueprint.house import HouseRules, broken_rules
from xacct.blueprint.model import Blueprint, Grant, Note, ThingTemplate
from xacct.blueprint.placeholders import Values, expand_all
from xacct.blueprint.reading import suggest
from xacct.blueprint.resolve import Resolved, holds, resolve
from xacct.blueprint.saml import load_metadata
from xacct.blueprint.statements import expire, expiry_deny, write_templates
from xacct.errors import InputError, Problem
from xacct.iam.arn import PARTITIONS
from xacct.iam.ownership import (
    DEFAULT_PATH,
    TAG_BLUEPRINT,
    TAG_DIGEST,
    TAG_GRANT,
    TAG_MANAGED,
    own_tags,
    role_digest,
)
from xacct.iam.policy import Effect, PolicyDocument, Statement
from xacct.iam.things import (
    Group,
    GroupMember,
    GroupPolicy,
    HolderType,
    ManagedPolicy,
    OidcProvider,
    PolicyAttachment,
    Role,
    RolePolicy,
    SamlProvider,
    Thing,
    ThingKey,
    ThingType,
    User,
)

if TYPE_CHECKING:
    from xacct.lightsail.writing import LeftOut, Written

__all__ = ["Expansion", "expand"]

POLICY_NAME = "xacct-permissions"
MAX_TRUST = 2048
"""Characters; the quota of a trust policy that every account has without asking."""
GROUP_INLINE, ROLE_INLINE = 5120, 10240
"""Characters of all inline policies together."""

_SIGNIN_HOSTS = {
    "aws": "signin.aws.amazon.com",
    "aws-cn": "signin.amazonaws.cn",
    "aws-us-gov": "signin.amazonaws-us-gov.com",
}


@attrs.frozen(kw_only=True)
class Expansion:
    """
    What one grant asks for.

    ``values`` are the texts of every parameter and built-in name. ``order`` lists the accounts as they are to
    be worked on. ``shared`` are the providers that other grants may use too. ``reasons`` maps ``Sid`` and
    ``Sid/operator/key`` of the trust policy to why it is there. ``notes`` are for the reviewer, ``handoff``
    for the trusted party.
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
        trust = write_templates(self.blueprint.trust, resolved, self.grant.expires)
        things: dict[str, list[Thing]] = {account: []}
        statements = written.statements
        role: Role | None = None
        if holds(self.blueprint.role_when, resolved.texts):
            role = self.role(PolicyDocument(trust.statements))
            held = self.held(HolderType.ROLE, role.name, statements, account)
            role = attrs.evolve(role, tags={**role.tags, TAG_DIGEST: _digest(role, held)})
            things[account] += [role, *held]
        for template in self.blueprint.things:
            if holds(template.when, resolved.texts):
                self.add_things(template, resolved, statements, things)
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
        if not self.grant.permissions:
            self.problem(
                "permissions",
                "the grant names no permissions",
                "add `permissions: [{set: read-only}]` or --set permissions=read-only; "
                "`xacct permissions list` shows the sets",
                "missing-value",
            )

        for side in ("allow", "deny"):
            for index, line in enumerate(getattr(self.grant.expect, side)):
                if line.without is not None and line.without not in self.blueprint.parameters:
                    self.problem(
                        f"expect.{side}.{index}.without",
                        f"{line.without!r} is no parameter of the blueprint {self.blueprint.name}",
                        suggest(line.without, tuple(self.blueprint.parameters)),
                        "unknown-parameter",
                    )

    def built_in(self, account: str) -> Values:
        partition, name = self.partition, self.grant.role
        signin = _SIGNIN_HOSTS.get(partition)
        return {
            "account": (account,),
            "partition": (partition,),
            "grant": (self.grant.name,),
            "role_name": (name,),
            "role_path": (self.path,),
            "role_arn": (f"arn:{partition}:iam::{account}:role{self.path}{name}",),
            "dns_suffix": (PARTITIONS.get(partition, ""),),
            "signin_host": (signin,) if signin else (),
            "sts_audience": ("sts.amazonaws.com.cn" if partition == "aws-cn" else "sts.amazonaws.com",),
        }

    def metadata(self, text: str) -> str:
        return load_metadata(text, Path(self.grant.file).parent if self.grant.file else Path())

    # Permissions

    def permissions(self, account: str) -> Written | None:
        from xacct.lightsail.writing import write_statements

        if not self.grant.permissions:
            return None
        try:
            return write_statements(self.grant.permissions, account=account, partition=self.partition)
        except InputError as error:
            self.problems += map(self.placed, error.problems)
            return None

    def placed(self, problem: Problem) -> Problem:
        """Give a problem of the writer, whose place is ``permissions[1].add[0]``, its line in the file."""
        path = re.sub(r"\[(\d+)\]", r".\1", problem.where)
        inside = path.startswith("permissions")
        return attrs.evolve(problem, where=self.grant.where(path if inside else "permissions"))

    def held(
        self, kind: HolderType, holder: str, statements: tuple[Statement, ...], account: str
    ) -> list[RolePolicy | GroupPolicy | ManagedPolicy | PolicyAttachment]:
        """The policies that a role or group carries: inline where they fit, managed ones where not."""
        from xacct.lightsail.fitting import fit_policies

        used = 0 if kind is HolderType.ROLE else ROLE_INLINE - GROUP_INLINE
        try:
            ending = self.ending(kind, statements)
            fitted = fit_policies(ending, name=POLICY_NAME, other_inline_size=used)
        except InputError as error:
            self.problems += map(self.placed, error.problems)
            return []
        out: list[RolePolicy | GroupPolicy | ManagedPolicy | PolicyAttachment] = []
        for name, document in fitted.inline:
            if kind is HolderType.ROLE:
                out.append(RolePolicy(role=holder, name=name, document=document))
            else:
                out.append(GroupPolicy(group=holder, name=name, document=document))
        for name, document in fitted.managed:
            # Managed policies' names are unique in the account, so the holder's name goes into them.
            policy = self.managed_policy(f"{holder}-{name}", document)
            arn = policy.arn(account, self.partition)
            out += [policy, PolicyAttachment(holder_type=kind, holder=holder, policy_arn=arn)]
        return out

    def ending(self, kind: HolderType, statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
        """Let the permissions end when the grant expires."""
        expires = self.grant.expires
        if expires is None:
            return statements
        if kind is HolderType.ROLE:
            return (*statements, expiry_deny(expires))
        # A Deny of everything in a group would take from its members what they have from elsewhere, too.
        return tuple(
            expire(statement, expires) if statement.effect is Effect.ALLOW else statement
            for statement in statements
        )

    def managed_policy(self, name: str, document: PolicyDocument, description: str = "") -> ManagedPolicy:
        tags = {TAG_GRANT: self.grant.name, TAG_BLUEPRINT: self.blueprint.name}
        return ManagedPolicy(
            name=name,
            document=document,
            path=self.path,
            description=description or f"Of the grant {self.grant.name}, made by xacct",
            tags={**self.house.tags(self.grant), **tags},
        )

    # Things

    def role(self, trust: PolicyDocument) -> Role:
        if trust.size > MAX_TRUST:
            self.problem(
                "parameters",
                f"the trust policy has {trust.size} characters; IAM takes {MAX_TRUST} by default",
                "name fewer principals, or a pattern in their place",
                "trust-size",
            )
        name = self.grant.name
        return Role(
            name=self.grant.role,
            trust=trust,
            path=self.path,
            description=self.grant.description
            or f"Made by xacct: grant {name}, blueprint {self.blueprint.name}",
            max_session=self.grant.max_session,
            boundary=self.house.boundary or self.grant.boundary,
            tags=own_tags(name, self.blueprint.name, self.house.tags(self.grant)),
        )

    def add_things(
        self,
        template: ThingTemplate,
        resolved: Resolved,
        statements: tuple[Statement, ...],
        things: dict[str, list[Thing]],
    ) -> None:
        owner = expand_all((template.account or "{{account}}",), resolved.texts)
        if len(owner) != 1:
            raise InputError(
                f"a {template.type.value} of the blueprint stands in {len(owner)} accounts",
                where=template.place,
                fix="`account` is one account",
                code="blueprint",
            )
        texts = {name: expand_all(values, resolved.texts) for name, values in template.fields.items()}
        made = self.make(template, texts, resolved, owner[0], statements)
        things.setdefault(owner[0], []).extend(made)

    def make(
        self,
        template: ThingTemplate,
        texts: Mapping[str, tuple[str, ...]],
        resolved: Resolved,
        owner: str,
        statements: tuple[Statement, ...],
    ) -> list[Thing]:
        def one(field: str) -> str:
            found = texts.get(field, ())
            if len(found) != 1:
                raise InputError(
                    f"{template.type.value}.{field} of the blueprint comes out as {len(found)} values",
                    where=template.place,
                    fix="give one value",
                    code="blueprint",
                )
            return found[0]

        # A provider is shared: what one grant says of its own role has no place on it.
        provider_tags = {**self.house.default_tags, TAG_MANAGED: "true"}
        match template.type:
            case ThingType.SAML_PROVIDER:
                return [SamlProvider(name=one("name"), metadata=one("metadata"), tags=provider_tags)]
            case ThingType.OIDC_PROVIDER:
                return [
                    OidcProvider(
                        url=one("url"),
                        client_ids=texts["client_ids"],
                        thumbprints=texts.get("thumbprints", ()),
                        tags=provider_tags,
                    )
                ]
            case ThingType.GROUP:
                group = Group(name=one("name"), path=self.path)
                if not template.holds_permissions:
                    return [group]
                return [group, *self.held(HolderType.GROUP, group.name, statements, owner)]
            case ThingType.GROUP_MEMBER:
                return [GroupMember(group=one("group"), user=user) for user in texts["user"]]
            case ThingType.USER:
                tags = own_tags(self.grant.name, self.blueprint.name, self.house.tags(self.grant))
                path = next(iter(texts.get("path", ())), self.path)
                return [
                    User(name=name, path=path, boundary=self.house.boundary, tags=tags)
                    for name in texts["name"]
                ]
            case ThingType.MANAGED_POLICY:
                document = PolicyDocument(write_templates(template.statements, resolved).statements)
                description = next(iter(texts.get("description", ())), "")
                return [self.managed_policy(one("name"), document, description)]
            case _:
                raise InputError(
                    f"a blueprint makes no {template.type.value}", where=template.place, code="blueprint"
                )

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
        expires = self.grant.expires
        if expires is not None and self.today is not None and expires < self.today:
            out.append(f"The grant expired on {expires.isoformat()}: nobody gets in any more.")
        return out


def _digest(role: Role, held: list[Any]) -> str:
    return role_digest(
        role,
        [thing for thing in held if isinstance(thing, RolePolicy)],
        [thing for thing in held if isinstance(thing, PolicyAttachment)],
    )


def _notes(notes: tuple[Note, ...], resolved: Resolved) -> tuple[str, ...]:
    return tuple(
        text
        for note in notes
        if holds(note.when, resolved.texts)
        for text in expand_all((note.text,), resolved.texts)
    )
