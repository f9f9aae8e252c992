"""What each line of the policies is for: the blueprint's reasons, and those of the statements' writer."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.explain.case import Case
from xacct.explain.mfa import asks_mfa
from xacct.explain.model import Block, Code, Grid, Point, Points, Row, Section, Text
from xacct.explain.search import everything_but
from xacct.explain.sources import CONDITION_KEYS, LIGHTSAIL, PRINCIPAL, QUOTAS
from xacct.explain.text import count, document_text, phrase, short_actions
from xacct.iam.arn import is_account_id
from xacct.iam.policy import (
    Condition,
    Effect,
    PolicyDocument,
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
    SamlProvider,
    Thing,
    User,
)
from xacct.lightsail.catalog import Action, Source, covers_account, load_catalog

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
    rows = tuple(row for document in case.documents for row in _permission_rows(document))
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
        named = statement.principals or ()
        whole_words = _WHOLE_WITH_MFA if asks_mfa(case.access.trust, statement) else _WHOLE
        who = ", ".join(one.value + (whole_words if _is_account(one) else "") for one in named)
        head = f"{statement.effect.value} {', '.join(statement.actions or ())} to {who}"
        whole = any(_is_account(one) for one in named)
        yield Row((sid or "(no Sid)", head, reasons.get(sid, "")), source=PRINCIPAL if whole else "")
        for condition in statement.conditions:
            why = reasons.get(f"{sid}/{condition.operator}/{condition.key}", "") or _known_why(condition)
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


def _known_why(condition: Condition) -> str:
    if condition.key.lower() == "aws:currenttime":
        return (
            "The grant's last day: nobody gets a session afterwards. Sessions that run then are ended"
            " elsewhere."
        )
    return ""


# -- permissions ---------------------------------------------------------------------------------------------


def _permission_rows(document: PolicyDocument) -> Iterator[Row]:
    for statement in document.statements:
        yield from _statement_rows(statement)


def _denied(statement: Statement) -> str:
    return ", ".join(statement.actions) if statement.actions is not None else everything_but(statement)


def _denied_where(statement: Statement) -> str:
    """On what a Deny holds, where not on everything."""
    if statement.not_resources is not None:
        return f" on everything but {', '.join(statement.not_resources)}"
    named = statement.resources or ()
    return "" if "*" in named else f" on {', '.join(named)}"


def _statement_rows(statement: Statement) -> Iterator[Row]:
    name = statement.sid or "(no Sid)"
    if statement.effect is Effect.DENY:
        conditions = ", ".join(phrase(condition) for condition in statement.conditions)
        what = f"{_denied(statement)}{_denied_where(statement)}"
        why = "A Deny wins over every Allow, whoever wrote it."
        if any(condition.key.lower() == "aws:currenttime" for condition in statement.conditions):
            why = "Ends sessions that still run after the grant's last day; it needs nothing that runs."
        yield Row((name, f"Deny {what} {conditions}".rstrip(), why))
        return
    actions = _known(statement)
    what = short_actions(statement.actions or ("everything but " + ", ".join(statement.not_actions or ()),))
    yield Row((f"{name}: Action", what, _why_actions(actions, statement)))
    resources = statement.resources or ("all but " + ", ".join(statement.not_resources or ()),)
    yield Row(
        (f"{name}: Resource", ", ".join(resources), _why_resources(actions, resources)), source=LIGHTSAIL
    )
    for condition in statement.conditions:
        yield Row(
            (f"{condition.operator} {condition.key}", phrase(condition), _why_condition(condition)),
            source=CONDITION_KEYS,
        )


def _known(statement: Statement) -> tuple[Action, ...]:
    catalog = load_catalog()
    found = {action.name: action for pattern in statement.actions or () for action in catalog.expand(pattern)}
    return tuple(found.values())


def _why_actions(actions: tuple[Action, ...], statement: Statement) -> str:
    if not actions:
        return "Written into the grant as it stands here."
    reads = sum(action.is_read for action in actions)
    parts = [count(reads, "read")] if reads else []
    if len(actions) > reads:
        parts.append(count(len(actions) - reads, "change"))
    said = f"{' and '.join(parts)} of Lightsail"
    if any("*" in pattern for pattern in statement.actions or ()):
        said += " as known today; the wildcard takes in what AWS adds later"
    if unpublished := _unpublished(actions):
        said += f"; of {len(unpublished)} that AWS has not published, by what the SDK says they do"
    return said + "."


def _unpublished(actions: tuple[Action, ...]) -> list[Action]:
    """Those that no authorization data lists: level and resource types are guessed."""
    return [action for action in actions if action.source is Source.SDK]


def _why_resources(actions: tuple[Action, ...], resources: tuple[str, ...]) -> str:
    if not actions:
        return "Written into the grant as it stands here."
    unpublished = _unpublished(actions)
    alone = [action for action in actions if action.wildcard_only and action not in unpublished]
    if "*" not in resources:
        said = "Only these resources. Their ARNs end in an ID that AWS gives, never in the name."
        if alone and any(map(covers_account, resources)):
            said += (
                f" AWS documents * alone for {count(len(alone), 'action')} of these. Its denials name an ARN"
                " that this covers, so it is taken to allow them; to be sure of it, write *."
            )
        elif alone:
            names = short_actions(action.name for action in alone)
            said += f" AWS checks some of the actions against * alone, so this allows none of them: {names}."
        return said
    return _why_everything(len(actions), len(alone), len(unpublished))


def _why_everything(actions: int, alone: int, unpublished: int) -> str:
    """Why ``*``: of how many actions AWS takes nothing else, and of how many that is not known."""
    not_known = f" Of {unpublished} AWS has not published what they take." if unpublished else ""
    if unpublished == actions:
        return "AWS has not published what resources these take; xacct writes them with *."
    if alone + unpublished == actions:
        said = "AWS checks these actions against * alone; the ARN of a resource would match nothing here."
        return said + not_known
    if not alone:
        which = "the others" if unpublished else "these actions"
        return f"The statement names no resources; {which} could be limited by ARN.{not_known}"
    return (
        f"The statement names no resources. {count(alone, 'action')} of these take * alone; the others"
        f" could be limited by ARN.{not_known}"
    )


def _why_condition(condition: Condition) -> str:
    key = condition.key.lower()
    if key == "aws:requestedregion":
        said = "Keeps the calls to these Regions, also those of actions that take no ARN."
        if set(condition.values) >= {"us-east-1"}:
            said += " Calls about domains and distributions are answered in us-east-1 only."
        return said
    if key.startswith("aws:resourcetag/"):
        return "Only resources that have this tag already; one without the tag does not match."
    if key.startswith("aws:requesttag/"):
        return "What is made must get this tag in the same call."
    if key == "aws:currenttime":
        return "The grant's last day."
    if key.startswith("lightsail:"):
        return "Lightsail has no condition keys of its own: no request of AWS carries this one."
    return "Written into the grant as it stands here."


# -- the rest ------------------------------------------------------------------------------------------------


def _other_things(case: Case) -> Iterator[Point]:
    for account, things in case.expansion.things.items():
        for thing in things:
            said = _thing(thing, account)
            if said is not None:
                yield said
    if case.access is not None:
        trust = case.access.trust.size
        inline = sum(document.size for document in case.documents)
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
