"""A role and a resource-based policy side by side: in general, and with the numbers of one grant."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.explain.case import Case, Party
from xacct.explain.facts import contrasts
from xacct.explain.model import Grid, Row, Section, Text
from xacct.explain.path import is_chained
from xacct.explain.text import duration

__all__ = ["contrast_section", "general_contrast"]

_TITLE = "A role or a resource-based policy?"
_HEAD = ("The question", "A role", "A resource-based policy")
_LEAD = (
    "AWS knows two ways across accounts. A role lends an identity of the owning account for a while; a"
    " resource-based policy names the outsider on the resource itself."
)


def general_contrast() -> Section:
    """The comparison without a grant."""
    rows = tuple(Row((one.question, one.role, one.policy), source=one.source) for one in contrasts())
    return Section("contrast", _TITLE, (Text(_LEAD), Grid("Role and resource-based policy", _HEAD, rows)))


def contrast_section(case: Case) -> Section:
    """The comparison with a column for this grant."""
    here = dict(_here(case))
    rows = tuple(
        Row((one.question, one.role, one.policy, here.get(one.question, "—")), source=one.source)
        for one in contrasts()
        if one.question != "Within one account" or not case.party.crosses_accounts
    )
    head = (*_HEAD, "This grant")
    return Section("contrast", _TITLE, (Text(_LEAD), Grid("Role and resource-based policy", head, rows)))


def _here(case: Case) -> Iterator[tuple[str, str]]:
    grant = case.expansion.grant
    yield "Amazon Lightsail", "A group, within one account." if case.party is Party.GROUP else "A role."
    yield "What can be shared", f"Resources of account {case.account}."
    if case.party is Party.GROUP:
        yield "Who writes what, and where", f"One policy on a group in account {case.account}."
        yield "What the caller gives up", "Nothing: no role is assumed."
        yield "How long it lasts", _until(grant.expires)
        yield "Who is the principal in the owner's logs", "The user."
        return
    yield "Who writes what, and where", _writers(case)
    yield "What the caller gives up", _given_up(case)
    yield "How long it lasts", _lasting(case)
    yield "Who is the principal in the owner's logs", case.session_arn
    yield "External ID, against the confused deputy", _external_id(case)
    yield "MFA", _mfa(case)
    yield "Naming a whole account", _whole_account(case)
    yield "Taking it back", f"Up to {duration(_longest(case))} for sessions that run."
    yield "Size and number", _size(case)
    if case.party.federated:
        yield "People and programs that sign in elsewhere", "This is the case here."
    if case.party is Party.VENDOR:
        yield "Third parties", "This is the case here."


def _until(expires: object) -> str:
    return f"Until {expires} (UTC)." if expires is not None else "Until it is removed."


def _longest(case: Case) -> int:
    return case.role.max_session if case.role is not None else 3600


def _writers(case: Case) -> str:
    if case.party.crosses_accounts:
        return f"The role in {case.account}; a policy on the caller in {case.caller_account}."
    if case.party.federated:
        return f"The role in {case.account}; nothing in another AWS account."
    return f"The role in {case.account}."


def _given_up(case: Case) -> str:
    if case.party.federated:
        return "Nothing: the caller has no permissions in AWS besides."
    return "Its own permissions, in the calls made with the session."


def _lasting(case: Case) -> str:
    seconds = min(_longest(case), 3600) if is_chained(case) else _longest(case)
    said = f"Sessions of at most {duration(seconds)}"
    said += ", the caller being a role." if is_chained(case) else "."
    expires = case.expansion.grant.expires
    return f"{said} {_until(expires)}" if expires is not None else said


def _condition_keys(case: Case) -> set[str]:
    trust = case.access.trust.statements if case.access is not None else ()
    return {condition.key.lower() for one in trust for condition in one.conditions}


def _external_id(case: Case) -> str:
    if "sts:externalid" in _condition_keys(case):
        return "Asked for."
    if case.party.federated:
        return "Not possible; audience and subject of the token stand in for it."
    return "Not asked for: both accounts have one owner." if case.party is Party.OWNED else "Not asked for."


def _mfa(case: Case) -> str:
    if "aws:multifactorauthpresent" in _condition_keys(case):
        return "Asked for, when the role is assumed."
    if case.party.federated:
        return "Up to the identity provider: such callers carry no MFA context of AWS."
    return "Not asked for."


def _whole_account(case: Case) -> str:
    trust = case.access.trust.statements if case.access is not None else ()
    named = {principal.value for one in trust for principal in one.principals or ()}
    whole = any(value.endswith(":root") or value.isdigit() for value in named)
    if not whole:
        return "No whole account is named."
    narrowed = "aws:principalarn" in _condition_keys(case)
    return (
        "The account is named, and narrowed by aws:PrincipalArn."
        if narrowed
        else "The whole account is named."
    )


def _size(case: Case) -> str:
    trust = case.access.trust.size if case.access is not None else 0
    return (
        f"{trust:,} characters of trust policy, {sum(one.size for one in case.documents):,} of permissions."
    )
