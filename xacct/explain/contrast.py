"""A role and a resource-based policy side by side: in general, and with the numbers of one grant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

import attrs

from xacct.blueprint.model import Intent
from xacct.explain.case import Case, Party
from xacct.explain.facts import contrasts
from xacct.explain.lasting import console_session, longest_session, services_beside
from xacct.explain.matching import allowing
from xacct.explain.model import Grid, Row, Section, Text
from xacct.explain.party import Kind
from xacct.explain.text import duration, listed
from xacct.iam.arn import Arn
from xacct.iam.policy import Condition, Effect, Statement
from xacct.plan.simulate import ASSUME_ACTIONS

__all__ = ["contrast_section", "general_contrast"]

_TITLE = "A role or a resource-based policy?"
_HEAD = ("The question", "A role", "A resource-based policy")
_LEAD = (
    "AWS has two general ways across accounts; some services have others of their own, such as lists of the"
    " accounts that something is shared with. A role lends an identity of the owning account for a while; a"
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
        if one.question != "Within one account" or Kind.OWN in case.kinds or not case.party.crosses_accounts
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
        yield "The console", "The users' own sign-in, where they have a password."
        return
    yield "Who writes what, and where", _writers(case)
    yield "What the caller gives up", _given_up(case)
    yield "How long it lasts", _lasting(case)
    yield "Who is the principal in the owner's logs", case.session_arn
    yield "External ID, against the confused deputy", _external_id(case)
    yield "MFA", _mfa(case)
    yield "Naming a whole account", _whole_account(case)
    yield "Taking it back", _running_on(case)
    yield "Size and number", _size(case)
    if not case.is_mixed:
        yield "The console", _console(case)
    if case.party.federated:
        yield "People and programs that sign in elsewhere", "This is the case here."
    if case.party is Party.VENDOR:
        yield "Third parties", "This is the case here."


def _until(expires: object) -> str:
    return f"Until {expires} (UTC)." if expires is not None else "Until it is removed."


def _running_on(case: Case) -> str:
    if case.kinds == (Kind.SERVICE,):
        return "Sessions that run go on as long as the service made them last."
    console = console_session(case)
    beside = f", and up to {console} more for console sessions made from them" if console else ""
    return (
        f"Up to {duration(longest_session(case))} for sessions that run{beside}, where only the trust policy"
        f" changes.{services_beside(case)}"
    )


def _writers(case: Case) -> str:
    if case.is_one_of_many and Kind.OTHERS in case.kinds:
        return f"The role in {case.account}; for callers of other accounts, policies on them there."
    if case.party.crosses_accounts:
        theirs = case.caller_account or "its own account"
        return f"The role in {case.account}; a policy on the caller in {theirs}."
    if case.party.federated:
        return f"The role in {case.account}; nothing in another AWS account."
    return f"The role in {case.account}."


def _given_up(case: Case) -> str:
    own = "Its own permissions, in the calls made with the session."
    if case.is_mixed and {Kind.SAML, Kind.WEB} & set(case.kinds):
        return f"{own} Nothing where a token or an assertion is sent: no credentials of AWS make that call."
    return "Nothing by this call: it is made without credentials of AWS." if case.party.federated else own


def _lasting(case: Case) -> str:
    seconds = longest_session(case)
    said = f"Sessions of at most {duration(seconds)}"
    if case.kinds == (Kind.SERVICE,):
        said = "Sessions as long as the service makes them"
    shorter = case.role is not None and seconds < case.role.max_session
    said += f"{', the callers being roles' * shorter}.{services_beside(case)}"
    console = console_session(case)
    if console:
        said += f" A console session made from one: {console}."
    expires = case.expansion.grant.expires
    return f"{said} {_until(expires)}" if expires is not None else said


def _assuming(case: Case) -> list[Statement]:
    """The Allow statements by which a session is had."""
    assume = case.assume_request
    one = assume.action if assume is not None else "sts:AssumeRole"
    trust = case.access.trust if case.access is not None else None
    found = [allowing(trust, action) for action in (ASSUME_ACTIONS if case.is_mixed else (one,))]
    return list(dict.fromkeys(chain.from_iterable(found)))


def _asked(case: Case, demands: Callable[[Condition], bool], key: str) -> str:
    """
    Whether every way in asks for it, or one at least, or none.

    ``key``, or what it begins with, is looked for in Denies: they may ask for it as well.
    """
    found = [any(demands(condition) for condition in one.conditions) for one in _assuming(case)]
    if (found and all(found)) or _denied_without(case, key):
        return _EVERYWHERE
    return "Asked for by a part of the trust policy alone" if any(found) else ""


def _denied_without(case: Case, key: str) -> bool:
    """Whether a Deny that mentions the key, or the only way in, refuses the example without it."""
    assume, access = case.assume_request, case.access
    if assume is None or access is None:
        return False
    telling = [one for one in access.trust.statements if one.effect is Effect.DENY]
    telling += ways if len(ways := _assuming(case)) == 1 else []
    if not any(line.key.lower().startswith(key) for one in telling for line in one.conditions):
        return False
    kept = {name: value for name, value in assume.context.items() if not name.lower().startswith(key)}
    return not case.admits(attrs.evolve(assume, context=kept))


_EVERYWHERE = "Asked for"


def _external_id(case: Case) -> str:
    asked = _asked(case, lambda one: _positive_on(one, _EXTERNAL), _EXTERNAL)
    if asked:
        return f"{asked}."
    if case.party.federated and not case.is_mixed:
        return "Not possible; what the token or assertion says stands in for it."
    blueprint = case.expansion.blueprint
    told = blueprint.given is None and blueprint.intent is Intent.ANOTHER_ACCOUNT
    same = told and case.party is Party.OWNED
    return "Not asked for: both accounts have one owner." if same else "Not asked for."


_POSITIVE = ("StringEquals", "StringLike", "StringEqualsIgnoreCase")


def _demands_recent_mfa(condition: Condition) -> bool:
    is_age = condition.key.lower() == "aws:multifactorauthage"
    return is_age and condition.operator in ("NumericLessThan", "NumericLessThanEquals")


def _demands_mfa(condition: Condition) -> bool:
    """Only what a caller without MFA cannot meet: ``BoolIfExists`` lets long-term access keys in."""
    key = condition.key.lower()
    if _demands_recent_mfa(condition):
        return True
    true = tuple(value.lower() for value in condition.values) == ("true",)
    return key == "aws:multifactorauthpresent" and condition.operator == "Bool" and true


def _mfa(case: Case) -> str:
    asked = _asked(case, _demands_mfa, _MFA)
    if asked:
        return f"{asked}, when the role is assumed."
    if case.party.federated and not case.is_mixed:
        return "Up to the identity provider: such callers carry no MFA context of AWS."
    lines = [line for one in case.statements for line in one.conditions]
    if any(line.key.lower().startswith("aws:multifactorauth") for line in lines):
        return "Not asked for by the trust policy. The permissions ask, and no session of a role carries it."
    return "Not asked for."


def _console(case: Case) -> str:
    """How a person would get the session in the console, by what every way in asks for."""
    if case.party is Party.SAML:
        return "By the identity provider's own sign-in, not by Switch Role."
    if case.party is Party.SERVICE:
        return "None: the trust policy lets an AWS service in, not a person."
    if not allowing(case.access.trust if case.access is not None else None, "sts:AssumeRole"):
        return "No Switch Role: the trust policy does not allow sts:AssumeRole."
    sent = {name: _asked(case, demands, key) for name, (key, demands) in _NOT_SENT.items()}
    kept_out = [name for name, asked in sent.items() if asked == _EVERYWHERE]
    if kept_out:
        return f"No Switch Role: it cannot send {listed(kept_out, 'or')}."
    if case.role is not None and len(case.role.path.lstrip("/") + case.role.name) > _SWITCHES_TO:
        return f"No Switch Role: it takes path and name of at most {_SWITCHES_TO} characters."
    if _asked(case, _demands_mfa, _MFA) != _EVERYWHERE:
        return "Switch Role."
    recent = " recently enough" if _asked(case, _demands_recent_mfa, _MFA_AGE) else ""
    return f"Switch Role, for users who signed in with MFA{recent}."


_SWITCHES_TO = 64
"""Characters of path and role name (id_roles_use_switch-role-console)."""

_EXTERNAL, _MFA, _MFA_AGE = "sts:externalid", "aws:multifactorauth", "aws:multifactorauthage"
_NOT_SENT: dict[str, tuple[str, Callable[[Condition], bool]]] = {
    "an external ID": (_EXTERNAL, lambda one: _positive_on(one, _EXTERNAL)),
    "a source identity": ("sts:sourceidentity", lambda one: _positive_on(one, "sts:sourceidentity")),
    "session tags": ("aws:requesttag/", lambda one: _positive_on(one, "aws:requesttag/")),
}
"""What the console does not send (id_roles_create_for-user, id_credentials_temp_control-access_monitor)."""


def _positive_on(condition: Condition, key: str) -> bool:
    return condition.key.lower().startswith(key) and condition.operator in _POSITIVE


def _whole_account(case: Case) -> str:
    if "*" in case.trusted:
        return "Every account is named by *, as far as the conditions let it."
    whole = [one for one in _assuming(case) if any(_is_whole(name.value) for name in one.principals or ())]
    if not whole:
        return "No whole account is trusted."
    keys = [{condition.key.lower() for condition in one.conditions} for one in whole]
    narrowed = ", and narrowed by aws:PrincipalArn" if all("aws:principalarn" in one for one in keys) else ""
    named = [name.value for one in whole for name in one.principals or () if _is_whole(name.value)]
    if len(case.trusted) > 1:
        return f"Named as a whole: {listed([_number(name) for name in dict.fromkeys(named)])}{narrowed}."
    return f"The account is named{narrowed}." if narrowed else "The whole account is named."


def _is_whole(principal: str) -> bool:
    return principal.endswith(":root") or principal.isdigit()


def _number(account: str) -> str:
    parsed = Arn.try_parse(account)
    return parsed.account if parsed is not None else account


def _size(case: Case) -> str:
    trust = case.access.trust.size if case.access is not None else 0
    return (
        f"{trust:,} characters of trust policy, {sum(one.size for one in case.documents):,} of permissions."
    )
