"""
The IAM things of one grant: its role with the policies it carries, and what else the blueprint lists.

Sizes and quotas are looked at here, so that a plan tells them and not an apply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from xacct.blueprint.house import HouseRules
from xacct.blueprint.model import Blueprint, Grant, ThingTemplate
from xacct.blueprint.placeholders import expand_all
from xacct.blueprint.resolve import Resolved
from xacct.blueprint.statements import expire, expiry_deny, write_templates
from xacct.errors import InputError, Problem
from xacct.iam.ownership import (
    TAG_BLUEPRINT,
    TAG_DIGEST,
    TAG_GRANT,
    TAG_MANAGED,
    group_path,
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
    ThingType,
    User,
)

__all__ = ["Maker"]

POLICY_NAME = "xacct-permissions"
GROUP_INLINE, ROLE_INLINE = 5120, 10240
"""Characters of all inline policies together."""


class Maker:
    """
    Makes things for one grant in one account.

    ``statements`` are the permissions as written, without their end. Problems are collected.
    """

    def __init__(
        self,
        grant: Grant,
        blueprint: Blueprint,
        house: HouseRules,
        *,
        account: str,
        partition: str,
        path: str,
        statements: tuple[Statement, ...],
    ) -> None:
        self.grant = grant
        self.blueprint = blueprint
        self.house = house
        self.account = account
        self.partition = partition
        self.path = path
        self.statements = statements
        self.problems: list[Problem] = []

    def role_with_policies(self, trust: PolicyDocument) -> tuple[Role, list[Thing]]:
        """The role, tagged with its digest, and what it carries."""
        role = self.role(trust)
        held = self.held(HolderType.ROLE, role.name)
        return attrs.evolve(role, tags={**role.tags, TAG_DIGEST: _digest(role, held)}), held

    def role_as_given(
        self, trust: PolicyDocument, policies: Mapping[str, PolicyDocument], attached: Iterable[str]
    ) -> tuple[Role, list[Thing]]:
        """A role whose documents the grant holds whole; permissions of the grant come beside them."""
        role = self.role(trust)
        held: list[Thing] = [
            RolePolicy(role=role.name, name=name, document=document) for name, document in policies.items()
        ]
        held += [
            PolicyAttachment(holder_type=HolderType.ROLE, holder=role.name, policy_arn=arn)
            for arn in attached
        ]
        if self.ending(HolderType.ROLE):
            held += self.held(
                HolderType.ROLE, role.name, sum(document.size for document in policies.values())
            )
        return attrs.evolve(role, tags={**role.tags, TAG_DIGEST: _digest(role, held)}), held

    def held(self, kind: HolderType, holder: str, beside: int = 0) -> list[Thing]:
        """
        The policies that a role or group carries: inline where they fit, managed ones where not.

        ``beside`` are the characters that other inline policies take.
        """
        from xacct.lightsail.fitting import fit_policies

        used = beside if kind is HolderType.ROLE else ROLE_INLINE - GROUP_INLINE
        try:
            fitted = fit_policies(self.ending(kind), name=POLICY_NAME, other_inline_size=used)
        except InputError as error:
            self.problems += [placed(self.grant, problem) for problem in error.problems]
            return []
        out: list[Thing] = []
        for name, document in fitted.inline:
            if kind is HolderType.ROLE:
                out.append(RolePolicy(role=holder, name=name, document=document))
            else:
                out.append(GroupPolicy(group=holder, name=name, document=document))
        for name, document in fitted.managed:
            # Managed policies' names are unique in the account, so the holder's name goes into them.
            policy = self.managed_policy(f"{holder}-{name}", document)
            arn = policy.arn(self.account, self.partition)
            out += [policy, PolicyAttachment(holder_type=kind, holder=holder, policy_arn=arn)]
        return out

    def ending(self, kind: HolderType) -> tuple[Statement, ...]:
        """Let the permissions end when the grant expires."""
        expires = self.grant.expires
        if expires is None:
            return self.statements
        if kind is HolderType.ROLE:
            return (*self.statements, expiry_deny(expires))
        # A Deny of everything in a group would take from its members what they have from elsewhere, too.
        return tuple(
            expire(statement, expires) if statement.effect is Effect.ALLOW else statement
            for statement in self.statements
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

    def role(self, trust: PolicyDocument) -> Role:
        if trust.size > self.house.trust_quota:
            self.problems.append(
                Problem(
                    f"the trust policy has {trust.size} characters; IAM takes {self.house.trust_quota}",
                    self.grant.where("parameters"),
                    "name fewer principals, or a pattern in their place; where the quota was raised, set "
                    "rules.trust_quota in xacct.yaml",
                    "trust-size",
                )
            )
        name = self.grant.name
        return Role(
            name=self.grant.role,
            trust=trust,
            path=self.path,
            description=f"Made by xacct: grant {name}, blueprint {self.blueprint.name}"
            if self.grant.description is None
            else self.grant.description,
            max_session=self.grant.max_session,
            boundary=self.house.boundary or self.grant.boundary,
            tags=own_tags(name, self.blueprint.name, self.house.tags(self.grant)),
        )

    def things_of(self, template: ThingTemplate, resolved: Resolved) -> tuple[str, list[Thing]]:
        """The things of one template, and the account that they are in. Raises InputError."""
        owner = expand_all((template.account or "{{account}}",), resolved.texts)
        if len(owner) != 1:
            raise InputError(
                f"a {template.type.value} of the blueprint stands in {len(owner)} accounts",
                where=template.place,
                fix="`account` is one account",
                code="blueprint",
            )
        texts = {name: expand_all(values, resolved.texts) for name, values in template.fields.items()}
        return owner[0], self.make(template, texts, resolved)

    def make(
        self, template: ThingTemplate, texts: Mapping[str, tuple[str, ...]], resolved: Resolved
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
                group = Group(name=one("name"), path=group_path(self.grant.name))
                if not template.holds_permissions:
                    return [group]
                return [group, *self.held(HolderType.GROUP, group.name)]
            case ThingType.GROUP_MEMBER:
                return [GroupMember(group=one("group"), user=user) for user in texts["user"]]
            case ThingType.USER:
                tags = own_tags(self.grant.name, self.blueprint.name, self.house.tags(self.grant))
                path = next(iter(texts.get("path", ())), self.path)
                return [
                    User(name=name, path=path, boundary=self.house.boundary or self.grant.boundary, tags=tags)
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


def _digest(role: Role, held: list[Any]) -> str:
    return role_digest(
        role,
        [thing for thing in held if isinstance(thing, RolePolicy)],
        [thing for thing in held if isinstance(thing, PolicyAttachment)],
    )


def placed(grant: Grant, problem: Problem) -> Problem:
    """Give a problem of the permissions' writer, whose place is ``permissions[1].add[0]``, its line."""
    path = re.sub(r"\[(\d+)\]", r".\1", problem.where)
    inside = path.startswith("permissions")
    return attrs.evolve(problem, where=grant.where(path if inside else "permissions"))
