"""
What roles, users and groups have in common: inline and attached policies, boundaries, tags.

The operations differ only in the noun of their names, so each is written once and put into the table for
every noun.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias
from urllib.parse import quote

import attrs

from xacct.sandbox.call import Answer, Call, Handler, page
from xacct.sandbox.documents import ATTACHED_QUOTA, INLINE_QUOTAS, check_identity_policy, size_of
from xacct.sandbox.entities import Group, Role, User
from xacct.sandbox.iam_roles import check_boundary
from xacct.sandbox.lookup import find_group, find_policy, find_role, find_user, policy_of
from xacct.sandbox.problems import AwsError, no_such
from xacct.sandbox.tagging import merge_tags, read_tags, tag_list, without_tags

__all__ = ["HANDLERS", "attached_answer", "inline_answer"]

Holder: TypeAlias = Role | User | Group
Find: TypeAlias = Callable[[Call], Holder]


def inline_answer(holder: Holder) -> list[Answer]:
    return [
        {"PolicyName": name, "PolicyDocument": quote(text, safe="")}
        for name, text in sorted(holder.inline.items())
    ]


def attached_answer(holder: Holder) -> list[Answer]:
    return [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in sorted(holder.attached)]


def put_inline(find: Find, call: Call) -> Answer:
    holder = find(call)
    name, text = call.params["PolicyName"], call.params["PolicyDocument"]
    check_identity_policy(text)
    inline = {**holder.inline, name: text}
    quota = INLINE_QUOTAS[holder.kind]
    if sum(size_of(document) for document in inline.values()) > quota:
        raise AwsError(
            "LimitExceeded", f"Maximum policy size of {quota} bytes exceeded for {holder.kind} {holder.name}"
        )
    call.world.put(attrs.evolve(holder, inline=inline))
    return {}


def get_inline(find: Find, call: Call) -> Answer:
    holder = find(call)
    name = call.params["PolicyName"]
    if name not in holder.inline:
        raise no_such(f"{holder.kind} policy", name)
    return {
        f"{holder.kind.capitalize()}Name": holder.name,
        "PolicyName": name,
        "PolicyDocument": quote(holder.inline[name], safe=""),
    }


def delete_inline(find: Find, call: Call) -> Answer:
    holder = find(call)
    name = call.params["PolicyName"]
    if name not in holder.inline:
        raise no_such(f"{holder.kind} policy", name)
    kept = {held: text for held, text in holder.inline.items() if held != name}
    call.world.put(attrs.evolve(holder, inline=kept))
    return {}


def list_inline(find: Find, call: Call) -> Answer:
    return page(call, "PolicyNames", find(call).inline, str)


def attach(find: Find, call: Call) -> Answer:
    holder = find(call)
    arn = call.params["PolicyArn"]
    if policy_of(call.world, call.account, arn) is None:
        raise AwsError("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.")
    if arn in holder.attached:
        return {}
    if len(holder.attached) >= ATTACHED_QUOTA:
        raise AwsError(
            "LimitExceeded",
            f"Cannot exceed quota for PoliciesPer{holder.kind.capitalize()}: {ATTACHED_QUOTA}",
        )
    call.world.put(attrs.evolve(holder, attached=(*holder.attached, arn)))
    return {}


def detach(find: Find, call: Call) -> Answer:
    holder = find(call)
    arn = call.params["PolicyArn"]
    if arn not in holder.attached:
        raise AwsError("NoSuchEntity", f"Policy {arn} was not found.")
    call.world.put(attrs.evolve(holder, attached=tuple(held for held in holder.attached if held != arn)))
    return {}


def list_attached(find: Find, call: Call) -> Answer:
    prefix = call.params.get("PathPrefix") or "/"
    shown = []
    for item in attached_answer(find(call)):
        policy = policy_of(call.world, call.account, item["PolicyArn"])
        if policy is None or policy.path.startswith(prefix):
            shown.append(item)
    return page(call, "AttachedPolicies", shown, lambda item: str(item["PolicyArn"]))


def put_boundary(find: Find, call: Call) -> Answer:
    call.world.put(attrs.evolve(find(call), boundary=check_boundary(call)))
    return {}


def delete_boundary(find: Find, call: Call) -> Answer:
    holder = find(call)
    if holder.boundary is None:
        raise AwsError(
            "NoSuchEntity", f"Permissions boundary for {holder.kind} {holder.name} cannot be found."
        )
    call.world.put(attrs.evolve(holder, boundary=None))
    return {}


def tag(find: Callable[[Call], Role | User], call: Call) -> Answer:
    holder = find(call)
    added = read_tags(call.params.get("Tags"))
    tags = merge_tags(holder.tags, added, f"TagsPer{holder.kind.capitalize()}")
    call.world.put(attrs.evolve(holder, tags=tags))
    return {}


def untag(find: Callable[[Call], Role | User], call: Call) -> Answer:
    holder = find(call)
    call.world.put(attrs.evolve(holder, tags=without_tags(holder.tags, call.params["TagKeys"])))
    return {}


def list_tags(find: Callable[[Call], Role | User], call: Call) -> Answer:
    return page(call, "Tags", tag_list(find(call).tags), lambda item: item["Key"])


def list_entities_for_policy(call: Call) -> Answer:
    arn = find_policy(call).arn
    wanted = call.params.get("EntityFilter")
    usage = call.params.get("PolicyUsageFilter")
    kinds: tuple[tuple[str, type[Holder], str], ...] = (
        ("User", User, "PolicyUsers"),
        ("Role", Role, "PolicyRoles"),
        ("Group", Group, "PolicyGroups"),
    )
    answer: Answer = {"IsTruncated": False}
    for noun, kind, key in kinds:
        answer[key] = []
        if wanted in (None, noun):
            answer[key] = [
                {f"{noun}Name": holder.name, f"{noun}Id": holder.id}
                for holder in call.world.all(kind, call.account)
                if _uses(holder, arn, usage)
            ]
    return answer


def _uses(holder: Holder, arn: str, usage: str | None) -> bool:
    as_policy = arn in holder.attached and usage != "PermissionsBoundary"
    return as_policy or (holder.boundary == arn and usage != "PermissionsPolicy")


HANDLERS: dict[str, Handler] = {"ListEntitiesForPolicy": list_entities_for_policy}

_NOUNS: tuple[tuple[str, Find], ...] = (("Role", find_role), ("User", find_user), ("Group", find_group))
for _noun, _find in _NOUNS:
    HANDLERS |= {
        f"Put{_noun}Policy": partial(put_inline, _find),
        f"Get{_noun}Policy": partial(get_inline, _find),
        f"Delete{_noun}Policy": partial(delete_inline, _find),
        f"List{_noun}Policies": partial(list_inline, _find),
        f"Attach{_noun}Policy": partial(attach, _find),
        f"Detach{_noun}Policy": partial(detach, _find),
        f"ListAttached{_noun}Policies": partial(list_attached, _find),
    }
_TAGGED: tuple[tuple[str, Callable[[Call], Role | User]], ...] = (("Role", find_role), ("User", find_user))
for _noun, _find_tagged in _TAGGED:
    HANDLERS |= {
        f"Put{_noun}PermissionsBoundary": partial(put_boundary, _find_tagged),
        f"Delete{_noun}PermissionsBoundary": partial(delete_boundary, _find_tagged),
        f"Tag{_noun}": partial(tag, _find_tagged),
        f"Untag{_noun}": partial(untag, _find_tagged),
        f"List{_noun}Tags": partial(list_tags, _find_tagged),
    }
