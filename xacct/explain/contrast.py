"""A role and a resource-based policy side by side: in general, and with the numbers of one grant."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.explain import sources
from xacct.explain.case import Case, Party
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

_GENERAL: tuple[tuple[str, str, str, str], ...] = (
    (
        "Who writes what, and where",
        "The owner: one role with a trust policy (who) and permissions policies (what). The other side: a policy"
        " that allows its principals sts:AssumeRole on that role.",
        "The owner: a policy on each resource. The other side: identity-based policies that allow the same actions"
        " on the foreign ARN.",
        sources.CROSS_ACCOUNT,
    ),
    (
        "What the caller gives up",
        "Its own permissions, for the calls that it makes with the role's credentials. Its own credentials stay"
        " valid beside them.",
        "Nothing. The caller stays who it is and can work in both accounts in one call.",
        sources.COMPARE,
    ),
    (
        "Copying from one account to the other",
        "Source and target are reached with different credentials, so the data passes through the program, or the"
        " role itself is let in on the other side by a resource-based policy there.",
        "Natural: the caller reads here and writes there with the same credentials, as in a copy between buckets.",
        sources.COMPARE,
    ),
    (
        "How long it lasts",
        "A session: 15 minutes to 12 hours, at most the role's own maximum; at most 1 hour from another role's"
        " session (role chaining).",
        "As long as the policy stands. The caller uses its own credentials, which may be long-term access keys.",
        sources.CHAINING,
    ),
    (
        "Who is the principal in the owner's logs",
        "The role session: role name and session name, and the source identity where one is set.",
        "The caller itself, by the ARN that it has in its own account.",
        sources.CLOUDTRAIL,
    ),
    (
        "External ID, against the confused deputy",
        "Yes: sts:ExternalId in the trust policy. AssumeRole alone carries it; SAML and web identity do not.",
        "No such key. Only what the caller's own identity tells can be tested.",
        sources.EXTERNAL_ID,
    ),
    (
        "MFA",
        "Tested once, when the role is assumed. The session that comes out carries no MFA context, so test it in"
        " the trust policy, not in the role's permissions.",
        "Tested on every request, as far as the caller's own credentials carry it: long-term access keys do not.",
        sources.MFA,
    ),
    (
        "Tags and other conditions",
        "On the way in: the caller's organization, ARN, tags, network. Afterwards the session's own tags and the"
        " role's tags count as the principal's.",
        "On every request: the caller's organization, ARN, tags, network, as it is in its own account.",
        sources.CONDITION_KEYS,
    ),
    (
        "Taking it back",
        "Changing the trust policy stops new sessions; running ones go on until they expire, or until the role"
        " denies everything to sessions issued before now.",
        "Changing the policy stops the next request. There is no session to wait for.",
        sources.REVOKE,
    ),
    (
        "The delay of taking it back",
        "IAM spreads changes within seconds, rarely minutes.",
        "The same holds; it is IAM or the service that spreads them.",
        sources.CONSISTENCY,
    ),
    (
        "Naming a whole account",
        "Delegates: that account's administrators decide which of their principals may assume the role, never to"
        " do more than the role may.",
        "Delegates in the same way: its administrators pass on what the policy gives the account, never more.",
        sources.CROSS_ACCOUNT,
    ),
    (
        "Within one account",
        "The trust policy always has to allow. If it names the user or role itself, that suffices; if it names the"
        " account, the caller's own policies have to allow as well.",
        "Either side suffices: the resource's policy that names the caller, or the caller's own. Except for KMS"
        " keys, whose key policy always has to allow.",
        sources.LOGIC,
    ),
    (
        "Across accounts",
        "Both sides have to allow the call to assume the role. After that the session belongs to the owner's"
        " account, and its policies and service control policies decide alone.",
        "Both sides have to allow every request: the caller's policies (with the service control policies over"
        " them) and the resource's policy.",
        sources.CROSS_ACCOUNT,
    ),
    (
        "Size and number",
        "Trust policy 2,048 characters unless the quota is raised; inline policies 10,240 in all for a role. One"
        " role reaches any number of resources.",
        "One policy for each resource, in the size that the service sets (20 KB for a bucket). Each has to be kept"
        " up by itself.",
        sources.QUOTAS,
    ),
    (
        "Third parties",
        "Made for them: the external ID tells the customers of one vendor apart.",
        "Works, but every customer of the vendor names the same principal, with nothing to tell them apart.",
        sources.DEPUTY,
    ),
    (
        "People and programs that sign in elsewhere",
        "A trust policy takes their SAML assertion or OIDC token directly.",
        "Not without a role: the token has to become a role session first, and that role or session is what the"
        " policy names.",
        sources.PRINCIPAL,
    ),
    (
        "The console",
        "Switch Role, unless the role asks for an external ID.",
        "Mostly none: consoles list the resources of the account that one is signed in to.",
        sources.CREATE_FOR_USER,
    ),
    (
        "What can be shared",
        "Whatever the owner's account has, of any service.",
        "Only resources of services that have such policies.",
        sources.COMPARE,
    ),
    (
        "Amazon Lightsail",
        "The only way.",
        "None: Lightsail has neither resource-based policies nor access control lists. Only a bucket's objects can"
        " be opened to other accounts, read-only, by the bucket's list of reader accounts.",
        sources.LIGHTSAIL,
    ),
    (
        "Both together",
        "Often needed: a role of account B that reads an encrypted bucket of account A needs the permission in B …",
        "… and, in A, the bucket's policy and the key's policy that name the role.",
        sources.COMPARE,
    ),
)


def general_contrast() -> Section:
    """The comparison without a grant."""
    rows = tuple(Row((point, role, policy), source=source) for point, role, policy, source in _GENERAL)
    return Section("contrast", _TITLE, (Text(_LEAD), Grid("Role and resource-based policy", _HEAD, rows)))


def contrast_section(case: Case) -> Section:
    """The comparison with a column for this grant."""
    here = dict(_here(case))
    rows = tuple(
        Row((point, role, policy, here.get(point, "—")), source=source)
        for point, role, policy, source in _GENERAL
        if point != "Within one account" or not case.party.crosses_accounts
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
