"""
Reading one thing at a time, by its name.

The reader uses it where that takes fewer calls than reading in bulk, the writer to find out what became of a
call whose answer was lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar, assert_never

from xacct.aws import answers
from xacct.aws.calls import Answer, Api
from xacct.aws.failures import AwsError
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
    User,
)
from xacct.values import frozen

__all__ = ["ThingReader", "absent_is_none"]

_T = TypeVar("_T")


def absent_is_none(api: Api, operation: str, subject: str, **parameters: Any) -> Answer | None:
    """The answer, or None where IAM says that there is no such entity."""
    try:
        return api.read(operation, subject=subject, **parameters)
    except AwsError as error:
        if error.aws_code == "NoSuchEntity":
            return None
        raise


@frozen
class ThingReader:
    """Reads things of one account by their names; each method costs the calls that it names."""

    api: Api
    account: str
    partition: str

    def current(self, like: Thing) -> Thing | None:
        """What the account holds now under the key of ``like``; None where there is nothing."""
        match like:
            case Role():
                return self.role(like.name)
            case RolePolicy():
                return self.role_policy(like.role, like.name)
            case ManagedPolicy():
                return self.managed_policy(like.arn(self.account, self.partition))
            case PolicyAttachment():
                return like if like in self.attached(like.holder_type, like.holder) else None
            case SamlProvider():
                return self.saml_provider(like.name)
            case OidcProvider():
                return self.oidc_provider(like.url)
            case Group():
                group, _members = self.group(like.name)
                return group
            case GroupPolicy():
                return self.group_policy(like.group, like.name)
            case GroupMember():
                _group, members = self.group(like.group)
                return like if like in members else None
            case User():
                return self.user(like.name)
            case _:
                assert_never(like)

    def role(self, name: str) -> Role | None:
        """GetRole."""
        answer = absent_is_none(self.api, "GetRole", f"role {name}", RoleName=name)
        return None if answer is None else answers.role(answer["Role"])

    def role_policies(self, name: str) -> Iterator[RolePolicy]:
        """ListRolePolicies, and GetRolePolicy for each."""
        for page in self._pages("ListRolePolicies", f"role {name}", RoleName=name):
            for policy in page["PolicyNames"]:
                found = self.role_policy(name, policy)
                if found is not None:
                    yield found

    def role_policy(self, role: str, name: str) -> RolePolicy | None:
        """GetRolePolicy."""
        subject = f"inline policy {name} of role {role}"
        answer = absent_is_none(self.api, "GetRolePolicy", subject, RoleName=role, PolicyName=name)
        if answer is None:
            return None
        return RolePolicy(role=role, name=name, document=answers.document(answer["PolicyDocument"], subject))

    def attached(self, holder_type: HolderType, holder: str) -> list[PolicyAttachment]:
        """ListAttachedRolePolicies, ListAttachedUserPolicies or ListAttachedGroupPolicies."""
        operation, parameter = _LIST_ATTACHED[holder_type]
        subject = f"{holder_type.value} {holder}"
        found: list[PolicyAttachment] = []
        for page in self._pages(operation, subject, **{parameter: holder}):
            found.extend(answers.attachments(holder_type, holder, page["AttachedPolicies"]))
        return found

    def managed_policy(self, arn: str) -> ManagedPolicy | None:
        """GetPolicy and GetPolicyVersion."""
        answer = absent_is_none(self.api, "GetPolicy", arn, PolicyArn=arn)
        if answer is None:
            return None
        policy = answer["Policy"]
        version = absent_is_none(
            self.api, "GetPolicyVersion", arn, PolicyArn=arn, VersionId=policy["DefaultVersionId"]
        )
        return (
            None if version is None else answers.managed_policy(policy, version["PolicyVersion"]["Document"])
        )

    def saml_names(self) -> frozenset[str]:
        """ListSAMLProviders: the names of all."""
        listed = self.api.read("ListSAMLProviders")["SAMLProviderList"]
        return frozenset(item["Arn"].partition(":saml-provider/")[2] for item in listed)

    def oidc_urls(self) -> frozenset[str]:
        """ListOpenIDConnectProviders: the URLs of all, without https://."""
        listed = self.api.read("ListOpenIDConnectProviders")["OpenIDConnectProviderList"]
        return frozenset(item["Arn"].partition(":oidc-provider/")[2] for item in listed)

    def saml_provider(self, name: str) -> SamlProvider | None:
        """GetSAMLProvider."""
        arn = f"arn:{self.partition}:iam::{self.account}:saml-provider/{name}"
        answer = absent_is_none(self.api, "GetSAMLProvider", arn, SAMLProviderArn=arn)
        return None if answer is None else answers.saml_provider(name, answer)

    def oidc_provider(self, url: str) -> OidcProvider | None:
        """GetOpenIDConnectProvider."""
        arn = f"arn:{self.partition}:iam::{self.account}:oidc-provider/{url}"
        answer = absent_is_none(self.api, "GetOpenIDConnectProvider", arn, OpenIDConnectProviderArn=arn)
        return None if answer is None else answers.oidc_provider(url, answer)

    def group(self, name: str) -> tuple[Group | None, list[GroupMember]]:
        """GetGroup, by pages of members."""
        group: Group | None = None
        members: list[GroupMember] = []
        for page in self._pages("GetGroup", f"group {name}", GroupName=name):
            group = Group(name=page["Group"]["GroupName"], path=page["Group"].get("Path", "/"))
            members.extend(GroupMember(group=name, user=user["UserName"]) for user in page["Users"])
        return group, members

    def group_policies(self, name: str) -> Iterator[GroupPolicy]:
        """ListGroupPolicies, and GetGroupPolicy for each."""
        for page in self._pages("ListGroupPolicies", f"group {name}", GroupName=name):
            for policy in page["PolicyNames"]:
                found = self.group_policy(name, policy)
                if found is not None:
                    yield found

    def group_policy(self, group: str, name: str) -> GroupPolicy | None:
        """GetGroupPolicy."""
        subject = f"inline policy {name} of group {group}"
        answer = absent_is_none(self.api, "GetGroupPolicy", subject, GroupName=group, PolicyName=name)
        if answer is None:
            return None
        return GroupPolicy(
            group=group, name=name, document=answers.document(answer["PolicyDocument"], subject)
        )

    def user(self, name: str) -> User | None:
        """GetUser."""
        answer = absent_is_none(self.api, "GetUser", f"user {name}", UserName=name)
        return None if answer is None else answers.user(answer["User"])

    def _pages(self, operation: str, subject: str, **parameters: Any) -> Iterator[Answer]:
        """The pages of a listing; none where its holder is not there."""
        try:
            yield from self.api.pages(operation, subject=subject, **parameters)
        except AwsError as error:
            if error.aws_code != "NoSuchEntity":
                raise


_LIST_ATTACHED = {
    HolderType.ROLE: ("ListAttachedRolePolicies", "RoleName"),
    HolderType.USER: ("ListAttachedUserPolicies", "UserName"),
    HolderType.GROUP: ("ListAttachedGroupPolicies", "GroupName"),
}
