"""From a box of requests to single requests that lie in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice, product, zip_longest

import attrs

from xacct.errors import InputError
from xacct.evaluate.principals import CallerKind, parse_caller, principal_arn
from xacct.iam.arn import is_account_id
from xacct.lightsail.catalog import load_catalog
from xacct.plan.access.boxes import Box
from xacct.plan.access.keys import KeyDimension, Value
from xacct.plan.access.operators import Line
from xacct.plan.access.principals import Requester
from xacct.plan.access.space import ACTION, PRINCIPAL, RESOURCE, TRUE, Space
from xacct.values import frozen

__all__ = ["SAMPLE", "Context", "Example", "examples"]

MAX_EXAMPLES = 24
MAX_ASKING = 12
SAMPLE = "example"
_OF_USERS = ("aws:multifactorauth", "aws:username")
"""Keys of users alone (id_credentials_mfa_configure-api-require, reference_policies_variables)."""
_UUID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"

Context = Mapping[str, str | tuple[str, ...]]


@frozen
class Example:
    """A request in the evaluator's terms. ``requester`` is None where the question has no principals."""

    requester: Requester | None
    action: str
    resource: str
    context: Context = attrs.field(hash=False)


def examples(space: Space, box: Box) -> Iterator[Example]:
    """Requests of the box, the plainest first; none where no example is known."""
    context = _context(space, box)
    if context is None:
        return
    resources = _resources(space, box, context)
    actions = space.actions.examples(box.get(ACTION, space.sizes[ACTION]))
    asking = _asking(space, box, context)
    if any(key.lower().startswith(_OF_USERS) for key in context):
        asking.sort(key=lambda one: one[0] is not None and ":user/" not in one[0].text)
    pairs = sorted(product(resources[:4], actions[:4]), key=lambda pair: not _go_together(*pair))
    for (resource, action), (requester, told) in islice(product(pairs, asking[:MAX_ASKING]), MAX_EXAMPLES):
        lifelike = _lifelike(resource, told, action)
        if lifelike != resource:
            yield Example(requester, action, lifelike, told)
        yield Example(requester, action, resource, told)


def _go_together(resource: str, action: str) -> bool:
    """Whether the resource is of the action's service, and of a type that the action takes where known."""
    parts, known = resource.split(":", 5), load_catalog().action(action)
    if len(parts) < 6 or known is None:
        return len(parts) < 6 or parts[2] == action.partition(":")[0]
    kinds = {use.type for use in known.resource_types}
    return parts[2] == "lightsail" and (parts[5].partition("/")[0] in kinds or "/" not in parts[5])


def _lifelike(resource: str, context: Context, action: str) -> str:
    """A shortest text that matches, such as ``arn:aws:lightsail:x:111122223333:Instance/``, filled out."""
    parts = resource.split(":")
    if len(parts) != 6 or parts[2] != "lightsail":
        return resource
    if len(parts[3]) < 2:
        region = context.get("aws:RequestedRegion", "eu-west-1")
        parts[3] = region if isinstance(region, str) else "eu-west-1"
    kind, slash, name = parts[5].partition("/")
    if not slash:
        known = load_catalog().action(action)
        parts[5] = f"{known.resource_types[0].type}/{_UUID}" if known and known.resource_types else "*"
    elif len(name) < 2:
        parts[5] = f"{kind}/{_UUID}"
    return ":".join(parts)


def _requesters(space: Space, box: Box) -> list[Requester | None]:
    if not space.principals.requesters:
        return [None]
    mask = box.get(PRINCIPAL, space.sizes[PRINCIPAL])
    covered = [one for index, one in enumerate(space.principals.requesters) if mask >> index & 1]
    covered.sort(key=lambda one: _telling(one, space.principals.account))
    return list(covered)


def _telling(requester: Requester, own: str) -> tuple[bool, bool, bool]:
    """Sorts whom a reviewer asks about first: who comes from outside; a root user can assume no role."""
    caller = requester.caller
    return (caller.kind is CallerKind.ROOT, caller.kind is CallerKind.SERVICE, caller.account == own)


def _asking(space: Space, box: Box, context: Context) -> list[tuple[Requester | None, Context]]:
    """Who asks, and in which context; what is likeliest for each comes before what is next."""
    lists = [list(_likely(_in_account(one, space, context), context)) for one in _requesters(space, box)]
    turns = [pair for turn in zip_longest(*lists) for pair in turn if pair is not None]
    turns.sort(key=lambda pair: pair[1] != context)
    return [pair for index, pair in enumerate(turns) if pair not in turns[:index]]


def _in_account(requester: Requester | None, space: Space, context: Context) -> Requester | None:
    """The requester that stands for the accounts which nobody names, in the one that the context tells of."""
    if requester is None or requester.caller.account != space.principals.unknown:
        return requester
    told = _told(context, "aws:principalaccount")
    arn = _told(context, "aws:principalarn").split(":", 5)
    account = told or (arn[4] if len(arn) == 6 else "")
    if not is_account_id(account):
        return requester
    return attrs.evolve(requester, text=requester.text.replace(space.principals.unknown, account))


def _likely(requester: Requester | None, context: Context) -> Iterator[tuple[Requester | None, Context]]:
    """
    The requester as the one whom the context's ``aws:PrincipalArn`` tells of.

    Where that is nobody's ARN, as the shortest text that a pattern matches may be, it becomes somebody's: a
    pattern for several kinds of principals has users and roles. None where the two are never the same.
    """
    told = _told(context, "aws:principalarn")
    if requester is None or not requester.caller.has_identity_side:
        if requester is None or not told:  # who signs in elsewhere, and a service, has no such ARN
            yield requester, context
        return
    account = requester.caller.account or ""
    if _told(context, "aws:principalaccount") not in ("", account):
        return
    if not told:
        yield requester, context
        return
    for arn in _callers(told, principal_arn(requester.text), account):
        kept = {key: value for key, value in context.items() if key.lower() != "aws:principalarn"}
        mended = context if arn == told else {**kept, "aws:PrincipalArn": arn}
        if arn == principal_arn(requester.text):
            yield requester, mended
        elif parse_caller(arn).kind is not CallerKind.ROOT:
            yield attrs.evolve(requester, text=arn), mended


def _told(context: Context, key: str) -> str:
    """The one text that the context has for the key; "" without one."""
    found = next((value for one, value in context.items() if one.lower() == key), "")
    return found if isinstance(found, str) else ""


def _callers(told: str, own: str, account: str) -> Iterator[str]:
    """ARNs of principals of the account that may do where ``told`` would: itself, ``own``, and like it."""
    partition = own.split(":")[1]
    head = f"arn:{partition}:iam::{account}:"
    resource = told.split(":", 5)[-1]
    tail = resource.rpartition("/")[2] or SAMPLE
    for candidate in (told, f"{head}{resource}", own, f"{head}user/{tail}", f"{head}role/{tail}"):
        try:
            found = parse_caller(candidate)
        except InputError:
            continue
        if found.account == account:
            yield candidate


def _resources(space: Space, box: Box, context: dict[str, str | tuple[str, ...]]) -> list[str]:
    for name, mask in box.items():
        meaning = space.meanings.get(name)
        if isinstance(meaning, str) and mask == TRUE:
            return [_filled(meaning, context)]
    return space.resources.examples(box.get(RESOURCE, space.sizes[RESOURCE]))


def _context(space: Space, box: Box) -> dict[str, str | tuple[str, ...]] | None:
    """A context in the box; keys are left out where they may be. None when a needed value is not known."""
    context: dict[str, str | tuple[str, ...]] = {}
    for key, dimension in space.keys.items():
        mask = box.get(f"key:{key}")
        if mask is None:
            continue
        found = _value(dimension, mask)
        if found is None:
            return None
        value = found[0]
        if value is not None:
            context[space.key_names[key]] = value
    for name, mask in box.items():
        meaning = space.meanings.get(name)
        # A line with a policy variable: met by what it names, or, negated, missed by that alone.
        if isinstance(meaning, Line) and (mask == TRUE) is not meaning.operator.negated:
            written = space.key_names[meaning.key]
            if all(line.operator.base == "null" for line in space.keys[meaning.key].lines):
                context.pop(written, None)  # any value would do there
            context.setdefault(written, _filled(meaning.values[0] if meaning.values else "", context))
    return context


def _value(dimension: KeyDimension, mask: int) -> tuple[Value] | None:
    states = [state for index, state in enumerate(dimension.states) if mask >> index & 1 and state.known]
    states.sort(key=lambda state: (state.example is not None, isinstance(state.example, tuple)))
    return (states[0].example,) if states else None


def _filled(text: str, context: dict[str, str | tuple[str, ...]]) -> str:
    """The text with its variables given values, which go into the context, and its wildcards filled."""

    def value_of(match: re.Match[str]) -> str:
        key, _, default = match[1].partition(",")
        if key in ("*", "?", "$"):
            return key
        known = context.setdefault(key.strip(), default.strip().strip("'") or SAMPLE)
        return known if isinstance(known, str) else SAMPLE

    plain = text.replace("*", "") if "${*}" not in text else text
    return re.sub(r"\$\{([^}]*)\}", value_of, plain)
