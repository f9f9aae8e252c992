"""What each line of the policies is for: the blueprint's reasons, and those of the statements' writer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from xacct.explain.case import Case
from xacct.explain.mfa import asks_mfa
from xacct.explain.model import Block, Code, Grid, Point, Points, Row, Section, Text
from xacct.explain.reasons import why_actions, why_condition, why_denied, why_resources
from xacct.explain.search import everything_but
from xacct.explain.sources import CONDITION_KEYS, LIGHTSAIL, PRINCIPAL, QUOTAS
from xacct.explain.text import document_text, phrase, short_actions
from xacct.iam.arn import is_account_id
from xacct.iam.policy import (
    Effect,
    PrincipalType,
    Statement,
    TypedPrincipal,
)
from xacct.iam.things import (
    Group,
    GroupMember,
    ManagedPolicy,
    OidcProvider,
    PolicyAttachment,
    RolePolicy,
    SamlProvider,
    Thing,
    User,
)

__all__ = ["lines_section", "trust_rows"]

_HEAD = ("Line", "In words", "Why it is there")


def lines_section(case: Case) -> Section:
    """Tables over both policies, the trust policy as it is written, and what else is made."""
    return Section("lines", "What each line is for", tuple(_blocks(case)))


def _blocks(case: Case) -> Iterator[Block]:
    if case.access is not None:
        yield Grid("The trust policy: who may become the role", _HEAD, tuple(trust_rows(case)))
        yield Code("The trust policy as it is written", document_text(case.access.trust, reveal=case.reveal))
    title = "The permissions policy: what a session may do" if case.access else "The group's policy"
    expires = case.expansion.grant.expires
    statements = [one for document in case.documents for one in document.statements]
    rows = tuple(row for statement in statements for row in _statement_rows(statement, expires))
    yield Grid(title, _HEAD, rows)
    others = tuple(_other_things(case))
    if others:
        yield Text("What else the grant makes:")
        yield Points(others)
    if case.expansion.notes:
        yield Text("What the writer of the statements has to say:")
        yield Points(tuple(Point(note) for note in case.expansion.notes))
    if case.expansion.left_out:
        yield Text("Asked for and left out, because a limit of the grant cannot reach it:")
        yield Points(tuple(Point(item.why, short_actions([item.action])) for item in case.expansion.left_out))


# -- trust ---------------------------------------------------------------------------------------------------


def trust_rows(case: Case) -> Iterator[Row]:
    """A row for each element of the trust policy, with the blueprint's reason."""
    assert case.access is not None
    reasons = case.expansion.reasons
    for statement in case.access.trust.statements:
        sid = statement.sid or ""
        allows = statement.effect is Effect.ALLOW
        named = statement.principals or ()
        whole_words = _WHOLE_WITH_MFA if asks_mfa(case.access.trust, statement) else _WHOLE
        words = [one.value + (whole_words if allows and _is_account(one) else "") for one in named]
        who = ", ".join(words) if statement.not_principals is None else _everybody_but(statement)
        head = f"{statement.effect.value} {_actions(statement)} to {who}"
        whole = allows and any(_is_account(one) for one in named)
        yield Row((sid or "(no Sid)", head, reasons.get(sid, "")), source=PRINCIPAL if whole else "")
        for condition in statement.conditions:
            why = reasons.get(f"{sid}/{condition.operator}/{condition.key}", "")
            yield Row((f"{condition.operator} {condition.key}", phrase(condition, reveal=case.reveal), why))


_WHOLE = (
    " (the whole account: any user or role that its administrators allow; its root user can assume no role)"
)


_WHOLE_WITH_MFA = (
    " (the whole account: any user that its administrators allow; sessions of roles carry no MFA, and its"
    " root user can assume no role)"
)


def _is_account(principal: TypedPrincipal) -> bool:
    return principal.canonical.type is PrincipalType.AWS and is_account_id(principal.canonical.value)


def _everybody_but(statement: Statement) -> str:
    return f"everybody but {', '.join(one.value for one in statement.not_principals or ())}"


def _actions(statement: Statement) -> str:
    return ", ".join(statement.actions) if statement.actions is not None else everything_but(statement)


# -- permissions ---------------------------------------------------------------------------------------------


def _denied_where(statement: Statement) -> str:
    """On what a Deny holds, where not on everything."""
    if statement.not_resources is not None:
        return f" on everything but {', '.join(statement.not_resources)}"
    named = statement.resources or ()
    return "" if "*" in named else f" on {', '.join(named)}"


def _statement_rows(statement: Statement, expires: date | None) -> Iterator[Row]:
    name = statement.sid or "(no Sid)"
    if statement.effect is Effect.DENY:
        conditions = ", ".join(phrase(condition) for condition in statement.conditions)
        what = f"{_actions(statement)}{_denied_where(statement)}"
        yield Row((name, f"Deny {what} {conditions}".rstrip(), why_denied(statement, expires)))
        return
    what = short_actions(statement.actions or (everything_but(statement),))
    yield Row((f"{name}: Action", what, why_actions(statement)))
    resources = statement.resources or ("all but " + ", ".join(statement.not_resources or ()),)
    yield Row((f"{name}: Resource", ", ".join(resources), why_resources(statement)), source=LIGHTSAIL)
    for condition in statement.conditions:
        why = why_condition(condition, statement, expires)
        yield Row((f"{condition.operator} {condition.key}", phrase(condition), why), source=CONDITION_KEYS)


# -- the rest ------------------------------------------------------------------------------------------------


def _other_things(case: Case) -> Iterator[Point]:
    for account, things in case.expansion.things.items():
        for thing in things:
            said = _thing(thing, account)
            if said is not None:
                yield said
    if case.access is not None:
        trust = case.access.trust.size
        own = case.expansion.things[case.account]
        inline = sum(thing.document.size for thing in own if isinstance(thing, RolePolicy))
        text = (
            f"At most {trust:,} of 2,048 characters for the trust policy, and {inline:,} of 10,240 for inline"
            " policies; white space does not count."
        )
        yield Point(text, "Room", source=QUOTAS)


def _thing(thing: Thing, account: str) -> Point | None:
    match thing:
        case OidcProvider():
            text = (
                f"The OIDC provider {thing.url} in account {account}, unless it is there: through it IAM"
                " knows whose tokens to check."
            )
        case SamlProvider():
            text = (
                f"The SAML provider {thing.name} in account {account}, unless it is there: it holds the"
                " identity provider's keys."
            )
        case ManagedPolicy():
            text = (
                f"The managed policy {thing.name} in account {account}:"
                f" {thing.description or 'made by the grant'}."
            )
        case PolicyAttachment():
            text = f"The policy {thing.policy_arn} attached to {thing.holder_type.value} {thing.holder}."
        case Group():
            text = f"The group {thing.name}: it carries the permissions for its members."
        case GroupMember():
            text = f"The user {thing.user} in the group {thing.group}."
        case User():
            text = f"The user {thing.name}, without a password and without keys."
        case _:
            return None
    return Point(text)
