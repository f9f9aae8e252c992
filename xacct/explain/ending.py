"""How access ends: by date, by hand, and what outlives the role; and who shows up in the logs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from xacct.explain.case import Case, Party
from xacct.explain.lasting import console_session, is_chained, longest_session, services_beside
from xacct.explain.matching import allowing
from xacct.explain.model import Block, Point, Points, Section, Text, Tone
from xacct.explain.party import Kind
from xacct.explain.sources import (
    ACCESS_KEYS,
    CLOUDTRAIL,
    CONSISTENCY,
    CONSOLE_URL,
    DELETE_USER,
    JUDGED,
    REVOKE,
    SAML,
    SOURCE_IDENTITY,
)
from xacct.explain.text import duration, listed
from xacct.iam.things import User

__all__ = ["ending_section", "logs_section"]


def ending_section(case: Case) -> Section:
    """Expiry, removal, sessions that run on, and what remains."""
    blocks: list[Block] = [Points(tuple(_ends(case)))]
    left = tuple(_remains(case))
    if left:
        said = "What these actions hand out or leave behind does not end with the access:"
        blocks += [Text(said, Tone.WARN), Points(left)]
    else:
        said = (
            "As far as the catalog of Lightsail knows, no action of this grant hands out a login, a key or a"
            " password that works for longer than the access lasts."
        )
        if case.others:
            said += " Actions of other services were not looked at."
        if case.unknown_policies:
            said += " What the attached policies allow is not at hand."
        blocks.append(Text(said))
    blocks.append(
        Text(
            "What was read stays known, and what was made or changed does not end with the access:"
            " copies, snapshots, DNS records, certificates got by them."
        )
    )
    return Section("ending", "How access ends", tuple(blocks))


def _ends(case: Case) -> Iterator[Point]:
    yield _expiry(case)
    if case.party is Party.GROUP:
        yield Point(
            "Taking the user out of the group, or xacct destroy, ends it: IAM asks the policies at each"
            " request.",
            "By hand",
            source=CONSISTENCY,
        )
        yield _users_credentials(case)
        return
    longest = f"up to {duration(longest_session(case))} (the longest session that a caller gets by API)"
    if case.kinds == (Kind.SERVICE,):
        longest = "as long as the service made them last"
    yield Point(
        "xacct destroy removes the role with its policies. A session that still runs then has no"
        " permissions left.",
        "By hand",
        source=JUDGED,
    )
    yield Point(
        "Changing only the trust policy ends no session: those that run keep the role's permissions, for"
        f" {longest}.{services_beside(case)} To end them at once, deny everything to sessions issued before"
        " now, by aws:TokenIssueTime.",
        "Running sessions",
        source=REVOKE,
    )
    console = console_session(case)
    if console:
        yield Point(
            f"AWS's federation endpoint makes one of a session's credentials, for up to {console}, whatever"
            " the role's maximum is. Denying sessions issued before now ends it as well.",
            "Console sessions",
            source=CONSOLE_URL,
        )
    yield Point(
        "IAM spreads a change within seconds, rarely minutes; until then the old policies may still answer.",
        "Delay",
        source=CONSISTENCY,
    )
    yield from _provider(case)


def _users_credentials(case: Case) -> Point:
    made = [thing.name for thing in case.expansion.things[case.account] if isinstance(thing, User)]
    if not made:
        text = "The users' own passwords and access keys are not part of this grant and stay."
        return Point(text, "Credentials", source=ACCESS_KEYS)
    text = (
        f"xacct destroy deletes {listed(made)} as well. A password or access keys made since are not part of"
        " this grant: take them away first, IAM deletes no user by API that has any."
    )
    return Point(text, "Credentials", source=DELETE_USER)


def _provider(case: Case) -> Iterator[Point]:
    if case.expansion.shared:
        names = listed([key.name for key in sorted(case.expansion.shared)])
        text = (
            f"{names} goes with the last of xacct's roles that trust it, if xacct made it and no other role"
            " trusts it; else it stays."
        )
        yield Point(text, "The identity provider")


def _expiry(case: Case) -> Point:
    expires = case.expansion.grant.expires
    if expires is None:
        return Point("The grant has no last day; it holds until somebody removes it.", "By date", Tone.WARN)
    after = (expires + timedelta(days=1)).isoformat()
    if case.party is Party.GROUP:
        text = f"{expires.isoformat()} is the last day (UTC): from {after} on the policy allows nothing."
    else:
        text = (
            f"{expires.isoformat()} is the last day (UTC): from {after} on nobody gets a session, and"
            " sessions that still run are denied all that policies decide."
        )
    return Point(f"{text} This is written into the policies; nothing has to run for it.", "By date")


def _remains(case: Case) -> Iterator[Point]:
    for action in case.granted:
        sensitive = action.sensitive
        if sensitive is None or action.name in case.hindered:
            continue
        label = f"{action.name}: {sensitive.hands_out}" if sensitive.hands_out else action.name
        if sensitive.outlives:
            yield Point(f"for how long: {sensitive.outlives}", label, Tone.WARN)
        elif sensitive.hands_out and action.returns_secrets:
            yield Point("whoever read it still knows it", label, Tone.WARN)


def logs_section(case: Case) -> Section:
    """Who appears in CloudTrail, in which account, and how."""
    return Section("logs", "Who appears in CloudTrail, and how", (Points(tuple(_logs(case))),))


def _logs(case: Case) -> Iterator[Point]:
    request = case.request
    if case.party is Party.GROUP:
        who = request.principal if request is not None else "the user"
        yield Point(
            f"Each call is recorded under the user's own ARN, such as {who}.", "The calls", source=CLOUDTRAIL
        )
        return
    yield Point(f"{_example_of_many(case)}{_sts_event(case)}", "Getting the session", source=CLOUDTRAIL)
    yield Point(
        f"In account {case.account} under the session's ARN, such as {case.session_arn}. The part after the"
        f" last slash is the session name.{_DATA_EVENTS if case.others else ''}",
        "The calls",
        source=CLOUDTRAIL,
    )
    yield from _person(case)


def _example_of_many(case: Case) -> str:
    """Begins what differs between callers of several kinds or accounts."""
    return "As for the caller of the example: " if case.is_one_of_many else ""


_DATA_EVENTS = (
    " Data events, such as reading and writing objects of S3, are recorded only where something is set to log"
    " them, such as a trail or an event data store."
)


def _sts_event(case: Case) -> str:
    assume = case.assume_request
    action = assume.action.partition(":")[2] if assume is not None else "AssumeRole"
    match case.party:
        case Party.WEB:
            return (
                f"{action} is recorded in account {case.account}, with the provider and the token's subject."
            )
        case Party.SAML:
            return (
                f"{action} is recorded in account {case.account}, with the provider and the assertion's"
                " subject."
            )
        case Party.OWNED | Party.VENDOR:
            theirs = case.caller_account or "the caller's"
            return (
                f"{action}, where it succeeds, is recorded in both accounts:"
                f" {theirs}, which calls, with the caller's ARN; and"
                f" {case.account}, which owns the role, with the caller's account number and unique ID. A"
                " call that is refused is recorded in the caller's account alone."
            )
        case _:
            return f"{action} is recorded in account {case.account}, with the caller."


def _person(case: Case) -> Iterator[Point]:
    label, start = "The person behind it", _example_of_many(case)
    if _allows(case, "sts:SetSourceIdentity"):
        yield Point(start + _source_identity(case), label, source=SOURCE_IDENTITY)
    elif case.party is Party.SAML:
        text = (
            "The session name comes from the assertion's RoleSessionName attribute; make it name the person."
        )
        yield Point(start + text, label, source=SAML)
    elif case.party is Party.SERVICE:
        yield Point(
            f"{start}None is known to STS: the service chooses the session name.", label, source=JUDGED
        )
    elif not case.party.federated:
        name = (
            "The trust policy says which session names pass; see its line about sts:RoleSessionName."
            if _asks_about(case, "sts:rolesessionname")
            else "The session name is the caller's word, not checked."
        )
        text = (
            f"{name} A source identity would be kept through chains of roles; the trust policy does not let"
            " it be set, and refuses a caller whose own session has one."
        )
        if is_chained(case):
            text += " The caller of the example is a role itself; who used that is in its own account's log."
        yield Point(start + text, label, source=SOURCE_IDENTITY)


_NAMED_BY = {
    Party.SAML: "the identity provider set a source identity, by the assertion's SourceIdentity attribute",
    Party.WEB: "the issuer set a source identity, by a claim of its token",
}
"""Who vouches, and by what (id_credentials_temp_control-access_monitor); else the caller, in its call."""


def _source_identity(case: Case) -> str:
    """Whose word it is, whether it is asked for or checked, and that it stays."""
    if case.party is Party.SERVICE:
        return "The trust policy lets the service set a source identity; which one, is the service's choice."
    by = _NAMED_BY.get(case.party, "the caller set a source identity")
    whose = " make it name the person." if case.party.federated else " it is the caller's own word."
    if _asks_about(case, "sts:sourceidentity"):
        asked = " Which ones pass, its line about sts:SourceIdentity says."
    else:
        asked = " It may be left out, and the trust policy does not check it."
    kept = " Once set it cannot be changed, and it is kept through chains of roles."
    if not case.party.federated:
        kept += " A session that has one already keeps that."
    return f"The trust policy lets {by};{whose}{asked}{kept}"


def _asks_about(case: Case, key: str) -> bool:
    statements = case.access.trust.statements if case.access is not None else ()
    return any(condition.key.lower() == key for one in statements for condition in one.conditions)


def _allows(case: Case, action: str) -> bool:
    return bool(allowing(case.access.trust if case.access is not None else None, action))
