"""The trust as a picture: accounts as boxes, principal, role and resources in them, the checks between."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from xacct.explain.case import Case, Party
from xacct.explain.lasting import console_session, longest_session
from xacct.explain.matching import allowing, names_action
from xacct.explain.model import Box, Edge, Node, Picture
from xacct.explain.nothing import is_nothing
from xacct.explain.party import Kind
from xacct.explain.text import count, duration, listed, phrase
from xacct.iam.policy import Effect, Statement
from xacct.lightsail.catalog import load_catalog
from xacct.plan.access.words import cut_words, denial_words
from xacct.plan.simulate import ASSUME_ACTIONS

__all__ = ["picture_of"]


def picture_of(case: Case) -> Picture:
    """From the caller down to the resources."""
    caller = Node("caller", _caller_title(case), tuple(_principals(case)), "person")
    resources = Node("resources", _services(case), tuple(_resources(case)), "resource")
    if case.party is Party.GROUP:
        return _group(case, caller, resources)
    role = Node(
        "role",
        f"role {case.role.name if case.role else ''}",
        tuple(_lengths(case)),
        "role",
    )
    edges = (
        Edge("caller", "role", _assume_label(case), ("the trust policy is asked", *_trust_checks(case))),
        Edge(
            "role",
            "resources",
            "a role session makes its calls",
            ("the permissions policy is asked", *_checks(case)),
        ),
    )
    own = Box(f"Account {case.account} (yours)", (role, resources), own=True)
    if case.kinds == (Kind.OWN,):
        boxes: tuple[Box, ...] = (Box(own.title, (caller, role, resources), own=True),)
    else:
        boxes = (Box(_outside(case), (caller,)), own)
    return Picture(boxes, edges, _alt(case))


def _lengths(case: Case) -> Iterator[str]:
    """How long sessions last at most: the role's maximum, and what its callers get where that is less."""
    if case.role is None or is_nothing(case) or case.kinds == (Kind.SERVICE,):
        return
    longest = longest_session(case)
    yield f"sessions of at most {duration(longest)}"
    if longest < case.role.max_session:
        yield f"(the role's own maximum is {duration(case.role.max_session)})"
    console = console_session(case)
    if console:
        yield f"(console sessions made from one: {console})"
    if Kind.SERVICE in case.kinds:
        yield "(those of AWS services as long as the service makes them)"


def _group(case: Case, caller: Node, resources: Node) -> Picture:
    edge = Edge(
        "caller",
        "resources",
        "calls with its own credentials",
        ("the group's policy is asked", *_checks(case)),
    )
    box = Box(f"Account {case.account} (yours)", (caller, resources), own=True)
    return Picture((box,), (edge,), _alt(case))


def _caller_title(case: Case) -> str:
    if case.is_mixed:
        return "the caller"
    return {
        Party.OWNED: "the caller",
        Party.VENDOR: "the vendor",
        Party.SAME: "a caller of the same account",
        Party.GROUP: "a member of the group",
        Party.SAML: "a person who signed in",
        Party.WEB: "a program or person with a token",
        Party.SERVICE: "an AWS service",
    }[case.party]


def _outside(case: Case) -> str:
    if case.is_mixed:
        said = listed([kind.value for kind in case.kinds], "or")
        return f"{said[:1].upper()}{said[1:]}"
    if case.party.crosses_accounts:
        whose = "the vendor's" if case.party is Party.VENDOR else "trusted"
        if "*" in case.trusted:
            asked = any(one.conditions for one in case.access.trust.statements) if case.access else False
            return "Any account that meets the conditions" if asked else "Any account"
        if len(case.trusted_accounts) > 1:
            return f"Accounts {listed(case.trusted_accounts)} ({whose})"
        if not case.caller_account:
            return "An account that the trust policy does not name"
        return f"Account {case.caller_account} ({whose})"
    return "The identity provider" if case.party.federated else "AWS"


def _principals(case: Case) -> Iterator[str]:
    if case.access is None:
        yield from (case.holders.holders if case.holders is not None else ())
        return
    names = [
        principal.value
        for statement in case.access.trust.statements
        if statement.effect is Effect.ALLOW
        for principal in statement.principals or ()
    ]
    shown = list(dict.fromkeys(names))
    vain = {*case.shut_out, *case.in_vain}
    yield from (f"{name} (gets in by no call)" if name in vain else name for name in shown[:4])
    if len(shown) > 4:
        yield f"and {len(shown) - 4} more"


def _assume_label(case: Case) -> str:
    return listed(_calls(case), "or")


def _calls(case: Case) -> list[str]:
    """The calls that get the session: that of the example, or all where callers are of several kinds."""
    assume = case.assume_request
    if case.is_mixed and case.access is not None:
        return [one for one in ASSUME_ACTIONS if allowing(case.access.trust, one)]
    return [assume.action if assume is not None else "sts:AssumeRole"]


def _trust_checks(case: Case) -> Iterator[str]:
    if case.access is None:
        return
    calls, statements = _calls(case), case.access.trust.statements
    about = [one for one in statements if any(names_action(one, call) for call in calls)]
    allowing = [one.conditions for one in about if one.effect is Effect.ALLOW]
    for condition in dict.fromkeys(chain.from_iterable(allowing)):
        words = phrase(condition, reveal=case.reveal)
        everywhere = not case.is_mixed or all(condition in conditions for conditions in allowing)
        yield words if everywhere else f"some of them only {words}"
    for one in about:
        if one.effect is Effect.DENY:
            yield denial_words(one) if one.conditions else cut_words(one)


def _checks(case: Case) -> Iterator[str]:
    if is_nothing(case):
        return
    changes = sum(action.is_change for action in case.granted)
    if case.granted:
        yield (
            f"{count(len(case.granted), 'action')} of Lightsail,"
            f" {count(changes, 'change') if changes else 'no change'} among them"
        )
    if case.others:
        yield f"{listed(case.others)}, as written into the grant{case.but_for_denied}"
    allowing = [{phrase(condition) for condition in one.conditions} for one in _of_use(case)]
    for words in sorted({words for found in allowing for words in found}):
        everywhere = all(words in found for found in allowing)
        yield words if everywhere else f"some of them only {words}"


def _of_use(case: Case) -> Iterator[Statement]:
    """The Allow statements but those that are about nothing except actions refused for their tags."""
    short = set(case.short_of_tagging)
    for document in case.documents:
        for one in document.statements:
            if one.effect is Effect.ALLOW and not (one.actions and short.issuperset(one.actions)):
                yield one


def _resources(case: Case) -> Iterator[str]:
    if is_nothing(case):
        return
    found = dict.fromkeys(resource for statement in _of_use(case) for resource in statement.resources or ())
    named = [resource for resource in found if resource != "*"]
    if "*" in found:
        yield _everything(case, beside=bool(named))
    spared = dict.fromkeys(statement.not_resources for statement in _of_use(case) if statement.not_resources)
    yield from (f"everything but {', '.join(texts)}" for texts in spared)
    yield from named[:3]
    if len(named) > 3:
        yield f"and {len(named) - 3} more"


def _everything(case: Case, *, beside: bool) -> str:
    """What ``*`` stands for: where ARNs stand ``beside`` it, often only the actions that take none."""
    wide = [one for one in _of_use(case) if "*" in (one.resources or ())]
    patterns = [pattern for one in wide for pattern in one.actions or ("*",)]
    catalog = load_catalog()
    actions = [catalog.expand(pattern) for pattern in patterns]
    alone = all(found and all(action.wildcard_only for action in found) for found in actions)
    said = (
        "the whole account, for actions that take no ARN"
        if beside and alone
        else "every resource of the account"
    )
    within = ", within the conditions" if any(one.conditions for one in wide) else ""
    return f"{said}{case.but_for_denied or within}"


def _services(case: Case) -> str:
    """The services whose actions are allowed."""
    plain = [pattern.partition(":")[0] for pattern in case.others if ":" in pattern.partition(" ")[0]]
    if is_nothing(case):
        return "nothing"
    others = sorted(set(plain))
    if len(plain) < len(case.others):
        others = ["other services"]
    if case.unknown_policies:
        others.append("what the attached policies allow")
    return listed([*(["Lightsail"] if case.granted else []), *others]) or "nothing"


def _alt(case: Case) -> str:
    if case.party is Party.GROUP:
        return f"Members of the group call Lightsail in account {case.account}; the group's policy is asked."
    who = _caller_title(case)
    checks = "; ".join(_trust_checks(case))
    asked = f" ({checks})" if checks else ""
    if case.is_closed:
        return f"Nobody can assume the role {case.role_arn}: its trust policy asks for MFA{asked}."
    where = {
        Party.SAML: "the identity provider",
        Party.WEB: "the identity provider",
        Party.SERVICE: "AWS itself",
    }.get(case.party, f"account {case.caller_account}" if case.caller_account else "its own account")
    start = f"From {where}, {who} calls"
    if case.is_mixed:
        start = f"Callers of several kinds ({listed([kind.value for kind in case.kinds])}) call"
    return (
        f"{start} {_assume_label(case)} on the role {case.role_arn}; its trust policy is"
        f" asked{asked}. The session then makes its calls in account {case.account}; the permissions policy"
        " is asked."
    )
