"""
Makes an example request one that AWS would really see.

The access delta finds a request that passes the policies. Which call a token makes, what ``*`` stands for,
which Region answers and how an object is named is not its business: that is set right here, each change is
decided anew, and a request that cannot be set right cannot happen and is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import attrs

from xacct.evaluate.model import ContextValue
from xacct.explain.asked import asks_for_user
from xacct.explain.callers import entering
from xacct.explain.matching import allowing
from xacct.explain.places import answering_region, region_of
from xacct.explain.services import load_services
from xacct.explain.times import in_time
from xacct.iam.arn import Arn
from xacct.lightsail.catalog import REGIONS, Action, account_arn, load_catalog
from xacct.lint.carried import carries
from xacct.lint.facts import action_facts, action_names
from xacct.plan.access import SAMPLE
from xacct.plan.model import Witness

if TYPE_CHECKING:
    from xacct.explain.case import Case

__all__ = ["example_elsewhere", "lifelike", "moved_to", "with_region"]

_REGION = "aws:RequestedRegion"


def lifelike(case: Case, witness: Witness) -> Witness | None:
    """Asked as AWS asks: about ``*`` or about one of the types that the action takes, and in one Region."""
    called = entering(case, witness)
    if called is None:
        return None
    called = _carried(case, called)
    action = load_catalog().action(called.action)
    if action is None:
        named: Iterable[Witness] = [_elsewhere(case, called)] if _is_known(called.action) else []
    else:
        named = _named(case, called, action)
    placed = (
        _placed(case, one_of, action)
        for one in named
        for later in in_time(case, one)
        for one_of in _variants(case, later)
    )
    return next((one for one in placed if one is not None), None)


def _variants(case: Case, witness: Witness) -> Iterator[Witness]:
    """By each user of a group; with the role's tags, then with others where the caller may bring them."""
    yield witness
    if case.holders is not None and asks_for_user(case.documents):
        yield from (attrs.evolve(witness, principal=one) for one in case.holders.holders)
    if case.own_context and case.access is not None and allowing(case.access.trust, "sts:TagSession"):
        brought = dict.fromkeys(case.own_context, SAMPLE)
        yield attrs.evolve(witness, context={**brought, **witness.context})


def _is_known(action: str) -> bool:
    """Whether AWS has the action of another service, as far as the names of its actions are known."""
    service, _, name = action.lower().partition(":")
    names = action_names(service)
    return names is None or name in names


def _named(case: Case, witness: Witness, action: Action) -> Iterator[Witness]:
    """About what AWS asks for this action, the likeliest first."""
    if action.wildcard_only:
        places = dict.fromkeys([region_of(witness.resource), _told_region(witness), case.region, *REGIONS])
        for region in (one for one in places if one not in ("", "global")):
            there = attrs.evolve(witness, context=with_region(witness.context, region))
            arn = account_arn(case.expansion.partition, region, case.account)
            yield from (attrs.evolve(there, resource=resource) for resource in ("*", arn))
    elif witness.resource == "*":
        needed = action.required_types[:1]
        yield attrs.evolve(witness, resource=case.arn_of(needed[0]) if needed else "*")
    elif _is_own(resource := _whole(case, witness), action, case.account):
        yield attrs.evolve(witness, resource=resource)


def _carried(case: Case, witness: Witness) -> Witness:
    """Without keys that no such request carries: a tag of a resource where there is none, a session's MFA."""
    facts = action_facts(witness.action.lower())
    context = dict(witness.context)
    for key in witness.context:
        of_users = key.lower() in _OF_USERS and case.access is not None
        if of_users or (facts is not None and not carries(facts, key.lower())):
            del context[key]
        elif key.lower() in _ACCOUNTS and context[key] == SAMPLE:
            context[key] = case.account
    return attrs.evolve(witness, context=_with_tag_keys(context))


def _with_tag_keys(context: dict[str, str | tuple[str, ...]]) -> dict[str, str | tuple[str, ...]]:
    """``aws:TagKeys`` names just the tags that the request gives, where it is asked for."""
    asked = next((key for key in context if key.lower() == "aws:tagkeys"), None)
    if asked is None:
        return context
    given = {key.partition("/")[2] for key in context if key.lower().startswith("aws:requesttag/")}
    told = context[asked]
    wanted = {told} if isinstance(told, str) else set(told)
    more = {f"aws:RequestTag/{name}": SAMPLE for name in sorted(wanted - given)} if not given else {}
    return {**context, **more, asked: tuple(sorted(given or wanted))}


_OF_USERS = ("aws:multifactorauthpresent", "aws:multifactorauthage", "aws:username")
"""Not in requests of roles (id_credentials_mfa_configure-api-require, reference_policies_variables)."""
_ACCOUNTS = ("aws:principalaccount", "aws:resourceaccount")


def _whole(case: Case, witness: Witness) -> str:
    """The resource's ARN with Region and account, which a pattern with a policy variable leaves empty."""
    parts = witness.resource.split(":")
    if len(parts) != 6:
        return witness.resource
    kind = load_catalog().resource_type(parts[5].partition("/")[0])
    place = "global" if kind is not None and kind.is_global else _told_region(witness) or case.region
    return ":".join([*parts[:3], parts[3] or place, parts[4] or case.account, parts[5]])


def _is_own(resource: str, action: Action, account: str) -> bool:
    """Whether it is the ARN of one thing in the account, of a type that the action takes."""
    parsed = Arn.try_parse(resource)
    if parsed is None or (parsed.service, parsed.account) != ("lightsail", account):
        return False
    kind = load_catalog().resource_type(parsed.resource_type)
    if kind is None or kind.name not in {use.type for use in action.resource_types}:
        return False
    is_one = ":" not in parsed.resource and parsed.resource.count("/") == 1
    return is_one and kind.is_global is (parsed.region == "global")


# -- the Region ----------------------------------------------------------------------------------------------


def _placed(case: Case, witness: Witness, action: Action | None) -> Witness | None:
    """With the ARN's Region and ``aws:RequestedRegion`` as one call has them."""
    found = (one for one in _placings(case, witness, action) if case.passes(case.request_of(one)))
    return next(found, None)


def _placings(case: Case, witness: Witness, action: Action | None) -> Iterator[Witness]:
    asked = _told_region(witness)
    answered = answering_region(action, witness.resource) or asked or case.region
    if region_of(witness.resource) not in ("", "global", answered):
        yield _in_region(witness, moved_to(witness.resource, answered), answered)
    yield _in_region(witness, witness.resource, answered)
    if asked and asked != answered and (action is None or action.only_region is None):
        yield _in_region(witness, moved_to(witness.resource, asked), asked)


def _told_region(witness: Witness) -> str:
    found = next((value for key, value in witness.context.items() if key.lower() == _REGION.lower()), "")
    return found if isinstance(found, str) else next(iter(found), "")


def _in_region(witness: Witness, resource: str, region: str) -> Witness:
    return attrs.evolve(witness, resource=resource, context=with_region(witness.context, region))


def with_region(context: Mapping[str, ContextValue], region: str) -> dict[str, ContextValue]:
    """The context of a call to this Region."""
    kept = {key: value for key, value in context.items() if key.lower() != _REGION.lower()}
    return {**kept, _REGION: region}


def moved_to(resource: str, region: str) -> str:
    """The ARN in another Region; as it is where it has none."""
    if region_of(resource) in ("", "global"):
        return resource
    parts = resource.split(":", 5)
    return ":".join([*parts[:3], region, *parts[4:]])


# -- other services ------------------------------------------------------------------------------------------


def _elsewhere(case: Case, witness: Witness) -> Witness:
    """Of another service: named as the grant writes it; S3 asks about an object, not its bucket."""
    spelled = {pattern.lower(): pattern for pattern in case.allowed_patterns}
    named = attrs.evolve(witness, action=spelled.get(witness.action.lower(), witness.action))
    parts = named.resource.split(":", 5)
    if len(parts) == 6 and (len(parts[3]) == 1 or len(parts[4]) == 1):
        # The shortest text that a pattern matches has a Region or an account of one letter.
        region = case.region if len(parts[3]) == 1 else parts[3]
        account = case.account if region or len(parts[4]) == 1 else parts[4]
        named = attrs.evolve(named, resource=":".join([*parts[:3], region, account, parts[5]]))
    if named.resource == "*":
        return attrs.evolve(named, resource=example_elsewhere(case, named.action) or "*")
    about_object = named.action.lower().startswith("s3:") and "object" in named.action.lower()
    if about_object and named.resource.startswith("arn:") and "/" not in named.resource:
        return attrs.evolve(named, resource=f"{named.resource}/x")
    return named


def example_elsewhere(case: Case, action: str) -> str | None:
    """An example's ARN for an action of another service, where the table of services has one; else None."""
    service = load_services().by_prefix(action.partition(":")[0])
    need = service.need if service is not None else None
    if need is None or action.lower() not in {one.lower() for one in (*need.reads, *need.works)}:
        return None
    resource = need.resources[0 if action.lower() == "s3:listbucket" else -1]
    return resource.replace("{account}", case.account).replace("*", "report.csv")
