"""
Reading an account: as few calls as the question allows.

``ListRoles`` under our path has session length and description, ``GetAccountAuthorizationDetails`` all else
of every role; together they cost pages, not roles. One role alone is asked for by name first, for a new one
that is the end of it. Providers, managed policies' tags, groups and users cost a read more each and are read
only where a grant names them. Where the bulk read is denied, things are read one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from xacct.aws import answers
from xacct.aws.background import Background
from xacct.aws.calls import Answer, Api
from xacct.aws.failures import AwsError
from xacct.aws.session import Identity
from xacct.aws.things import ThingReader
from xacct.aws.wanted import Wanted
from xacct.iam.ownership import TAG_GRANT
from xacct.iam.policy import PolicyDocument
from xacct.iam.things import (
    AccountThings,
    HolderType,
    ManagedPolicy,
    Role,
    Thing,
    ThingKey,
    ThingType,
)
from xacct.plan.snapshot import ReadScope, Snapshot

__all__ = ["read_account"]

_FEW = 4
"""Up to this many managed policies are read one by one (two calls each) rather than in bulk."""


def read_account(api: Api, scope: ReadScope, identity: Identity) -> Snapshot:
    """
    Read what the scope asks for.

    A role in scope comes whole: with all its inline policies and attachments. Raises AwsError where a read is
    denied that has no other way round, InputError for a document that cannot be read.
    """
    return _Reading(api, scope, identity).run()


class _Reading:
    """One reading under way."""

    def __init__(self, api: Api, scope: ReadScope, identity: Identity) -> None:
        self.api = api
        self.scope = scope
        self.identity = identity
        self.wanted = Wanted.of(scope.keys)
        self.one = ThingReader(api, identity.account, identity.partition)
        self.things: dict[ThingKey, Thing] = {}
        self.documents: dict[str, PolicyDocument] = {}
        self.role_arns: dict[str, str] | None = None
        self.provider_users: dict[str, set[str]] = {}

    def run(self) -> Snapshot:
        if self._needs_bulk():
            self._read_bulk()
        else:
            for name in sorted(self.wanted.roles):
                self._read_one_role(name)
            for name in sorted(self.wanted.policies):
                self._read_policy_by_name(name)
            for name in sorted(self.wanted.groups):
                self._read_group(name)
            self._read_holders(HolderType.ROLE, self.wanted.holder_roles)
        self._read_small_things()
        self._read_missing_documents()
        users = {arn: tuple(sorted(names)) for arn, names in sorted(self.provider_users.items())}
        return Snapshot(
            things=AccountThings(self.identity.account, self.things, self.identity.partition),
            role_arns=self.role_arns,
            provider_users=users,
            policy_documents=self.documents,
        )

    def _needs_bulk(self) -> bool:
        wanted = self.wanted
        if self.scope.ours or wanted.saml or wanted.oidc:
            return True
        return len(wanted.roles | wanted.holder_roles) > 1 or len(wanted.policies) > _FEW

    def _add(self, *things: Thing) -> None:
        self.things.update((thing.key, thing) for thing in things)

    # --- roles -----------------------------------------------------------------------------------

    def _read_one_role(self, name: str) -> None:
        """
        GetRole and one bulk page; its parts one by one where it is not on that page.

        For a role that is not there the page is read only where the scope asks for what a grant made under
        another name.
        """
        role = self.one.role(name)
        if role is None and not self.scope.grants:
            return
        details = self._first_page()
        detail = details.pop(name, None)
        for other in details.values():
            if self._is_ours(other):
                self._take_role(other, {})
        if role is None:
            return
        if detail is None:
            self._add(role, *self.one.role_policies(name), *self.one.attached(HolderType.ROLE, name))
        else:
            self._add_role(detail, role.description, role.max_session)

    def _first_page(self) -> dict[str, Answer]:
        """The details of the first thousand roles by name."""
        try:
            page = next(self.api.pages("GetAccountAuthorizationDetails", Filter=["Role"]))
        except AwsError as error:
            _raise_unless_denied(error)
            return {}
        if not page.get("IsTruncated"):
            self._note_roles([page])
        return {detail["RoleName"]: detail for detail in page["RoleDetailList"]}

    def _read_bulk(self) -> None:
        try:
            listed, pages = self._fetch_bulk()
        except AwsError as error:
            _raise_unless_denied(error)
            self._read_one_by_one()
            return
        self._note_roles(pages)
        self._take_policies(pages)
        self._take_groups(pages)
        for page in pages:
            for detail in page.get("RoleDetailList") or ():
                self._take_role(detail, listed)

    def _fetch_bulk(self) -> tuple[dict[str, Answer], list[Answer]]:
        """Both bulk reads, at the same time."""
        listing = Background(self._list_roles)
        pages = list(self.api.pages("GetAccountAuthorizationDetails", Filter=self._bulk_filter()))
        return listing.result(), pages

    def _list_roles(self) -> dict[str, Answer]:
        pages = self.api.pages("ListRoles", PathPrefix=self.scope.path)
        return {role["RoleName"]: role for page in pages for role in page["Roles"]}

    def _bulk_filter(self) -> list[str]:
        wanted = self.wanted
        kinds = ["Role"]
        if self.scope.ours or wanted.policies or wanted.holders:
            kinds.append("LocalManagedPolicy")
        if wanted.holders:
            kinds.append("AWSManagedPolicy")
        if self.scope.ours or wanted.groups:
            kinds.append("Group")
        return kinds

    def _note_roles(self, pages: Iterable[Answer]) -> None:
        """Every role of the account by name, and which providers their trust policies name."""
        self.role_arns = {}
        for page in pages:
            for detail in page.get("RoleDetailList") or ():
                self.role_arns[detail["RoleName"].lower()] = detail["Arn"]
                for provider in answers.federated_principals(detail.get("AssumeRolePolicyDocument")):
                    self.provider_users.setdefault(provider, set()).add(detail["RoleName"])

    def _take_role(self, detail: Answer, listed: Mapping[str, Answer]) -> None:
        name = detail["RoleName"]
        if name in self.wanted.roles or self._is_ours(detail):
            extra = listed.get(name)
            if extra is None:
                # Outside our path, or made between the two reads.
                extra = self.api.read("GetRole", subject=detail["Arn"], RoleName=name)["Role"]
            self._add_role(detail, extra.get("Description", ""), extra.get("MaxSessionDuration"))
        elif name in self.wanted.holder_roles:
            held = answers.attachments(HolderType.ROLE, name, detail.get("AttachedManagedPolicies"))
            self._add(*(item for item in held if item.key in self.scope.keys))

    def _is_ours(self, detail: Answer) -> bool:
        """Whether the scope asks for a role by its tag or path, though not by its name."""
        grant = answers.tags(detail.get("Tags")).get(TAG_GRANT)
        if self.scope.ours:
            return grant is not None or detail.get("Path", "/").startswith(self.scope.path)
        return grant in self.scope.grants

    def _add_role(self, detail: Answer, description: str, max_session: int | None) -> None:
        name = detail["RoleName"]
        self._add(answers.role(detail, description=description, max_session=max_session))
        self._add(*answers.role_policies(detail))
        self._add(*answers.attachments(HolderType.ROLE, name, detail.get("AttachedManagedPolicies")))

    def _read_one_by_one(self) -> None:
        """Where the bulk read is denied: names from the scope, and from the listings under our path."""
        names = set(self.wanted.roles)
        if self.scope.ours:
            names.update(self._list_roles())
        for name in sorted(names):
            role = self.one.role(name)
            if role is not None:
                self._add(role, *self.one.role_policies(name), *self.one.attached(HolderType.ROLE, name))
                for provider in answers.federated_principals(role.trust.to_json()):
                    self.provider_users.setdefault(provider, set()).add(name)
        self._read_policies_one_by_one()
        for name in sorted(self.wanted.groups):
            self._read_group(name)
        self._read_holders(HolderType.ROLE, self.wanted.holder_roles)

    # --- managed policies ------------------------------------------------------------------------

    def _read_policy_by_name(self, name: str) -> None:
        self._read_policy(
            f"arn:{self.identity.partition}:iam::{self.identity.account}:policy{self.scope.path}{name}"
        )

    def _read_policy(self, arn: str) -> None:
        policy = self.one.managed_policy(arn)
        if policy is not None:
            self._add(policy)
            self.documents[arn] = policy.document

    def _read_policies_one_by_one(self) -> None:
        if self.scope.ours:
            for page in self.api.pages("ListPolicies", Scope="Local", PathPrefix=self.scope.path):
                for policy in page["Policies"]:
                    self._read_policy(policy["Arn"])
        for name in sorted(self.wanted.policies):
            if ThingKey(ThingType.MANAGED_POLICY, name) not in self.things:
                self._read_policy_by_name(name)

    def _take_policies(self, pages: Iterable[Answer]) -> None:
        for page in pages:
            for detail in page.get("Policies") or ():
                body = answers.default_version(detail)
                if body is None:
                    continue
                if self._is_wanted_policy(detail):
                    # GetPolicy has tags and description, which the bulk read does not promise.
                    full = self.api.read("GetPolicy", subject=detail["Arn"], PolicyArn=detail["Arn"])[
                        "Policy"
                    ]
                    self._add(answers.managed_policy(full, body))
                if detail.get("AttachmentCount") or detail.get("PermissionsBoundaryUsageCount"):
                    self._note_document(detail["Arn"], body)

    def _is_wanted_policy(self, detail: Answer) -> bool:
        if f":iam::{self.identity.account}:" not in detail["Arn"]:
            return False
        ours = self.scope.ours and detail.get("Path", "/").startswith(self.scope.path)
        return ours or detail["Arn"].rpartition("/")[2] in self.wanted.policies

    def _note_document(self, arn: str, body: Any) -> None:
        from xacct.errors import InputError

        try:
            self.documents[arn] = answers.document(body, f"managed policy {arn}")
        except InputError:
            return  # not ours to judge; a plan says that it could not be read

    def _read_missing_documents(self) -> None:
        """The managed policies that roles in scope carry, whoever made them."""
        missing = sorted(self._carried() - self.documents.keys())
        try:
            if len(missing) > _FEW:
                kinds = ["LocalManagedPolicy", "AWSManagedPolicy"]
                for page in self.api.pages("GetAccountAuthorizationDetails", Filter=kinds):
                    for detail in page.get("Policies") or ():
                        if detail["Arn"] in missing:
                            self._note_document(detail["Arn"], answers.default_version(detail))
                return
            for arn in missing:
                self._read_document(arn)
        except AwsError as error:
            _raise_unless_denied(error)

    def _read_document(self, arn: str) -> None:
        policy: ManagedPolicy | None = self.one.managed_policy(arn)
        if policy is not None:
            self.documents[arn] = policy.document

    def _carried(self) -> set[str]:
        boundaries = {thing.boundary for thing in self.things.values() if isinstance(thing, Role)}
        attached = {
            key.name.split("/", 2)[2] for key in self.things if key.type is ThingType.POLICY_ATTACHMENT
        }
        return attached | {boundary for boundary in boundaries if boundary}

    # --- groups, users, providers ----------------------------------------------------------------

    def _take_groups(self, pages: Iterable[Answer]) -> None:
        for page in pages:
            for detail in page.get("GroupDetailList") or ():
                ours = self.scope.ours and detail.get("Path", "/").startswith(self.scope.path)
                if ours or detail["GroupName"] in self.wanted.groups:
                    self._read_group(detail["GroupName"])

    def _read_group(self, name: str) -> None:
        group, members = self.one.group(name)
        if group is not None:
            self._add(group, *members, *self.one.group_policies(name))
            self._add(*self.one.attached(HolderType.GROUP, name))

    def _read_holders(self, kind: HolderType, names: Iterable[str]) -> None:
        for name in sorted(names):
            self._add(*(item for item in self.one.attached(kind, name) if item.key in self.scope.keys))

    def _read_small_things(self) -> None:
        wanted = self.wanted
        for kind in (HolderType.USER, HolderType.GROUP):
            names = {name for holder, name, _arn in wanted.holders if holder is kind}
            self._read_holders(kind, names - wanted.groups if kind is HolderType.GROUP else names)
        for name in sorted(wanted.users):
            user = self.one.user(name)
            if user is not None:
                self._add(user)
        saml_names, urls = wanted.saml, wanted.oidc
        if self.scope.providers:
            saml_names, urls = saml_names | self.one.saml_names(), urls | self.one.oidc_urls()
        for name in sorted(saml_names):
            saml = self.one.saml_provider(name)
            if saml is not None:
                self._add(saml)
        for url in sorted(urls):
            oidc = self.one.oidc_provider(url)
            if oidc is not None:
                self._add(oidc)


def _raise_unless_denied(error: AwsError) -> None:
    if error.aws_code != "AccessDenied":
        raise error
