"""The same call with one thing changed, each decided by the evaluator: what every line keeps out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

import attrs

from xacct.evaluate.model import ContextValue, Decision, Request
from xacct.explain import implied
from xacct.explain.case import Case, Party
from xacct.explain.lifelike import moved_to
from xacct.explain.matching import allowing_in
from xacct.explain.model import Grid, Row, Section, Text
from xacct.explain.path import nearest_reasons
from xacct.explain.places import region_of
from xacct.explain.sources import GITHUB_OIDC
from xacct.explain.text import outcome_tone, outcome_words
from xacct.iam.things import OidcProvider
from xacct.lightsail.catalog import REGIONS
from xacct.plan.simulate import EXAMPLE_ID
from xacct.values import frozen

__all__ = ["Probe", "probes", "probes_section"]

_STRANGER = "999999999999"
_OTHER_AUDIENCE = "with a token for an audience that the grant does not name"


@frozen
class Probe:
    """
    One changed call and its decision. ``assuming``: it asks for the session, not for an action. ``note``
    tells what besides the policies decides it, on the ground of the page ``source``.
    """

    label: str
    request: Request
    decision: Decision
    assuming: bool
    note: str = ""
    source: str = ""


def probes_section(case: Case) -> Section:
    """A table of changed calls."""
    found = tuple(probes(case))
    title = "The same call, with one thing different"
    if not found:
        return Section(
            "probes", title, (Text("No request that passes is known, so there is none to change."),)
        )
    lead = "Each row is the request above with one thing changed, decided by the same policies."
    if case.unknown_policies:
        lead += " The attached ones, which are not at hand, could decide otherwise."
    rows = tuple(
        Row((one.label, outcome_words(one.decision), _why(one)), outcome_tone(one.decision), one.source)
        for one in found
    )
    grid = Grid("What happens when one thing is different", ("The call", "Decision", "Why"), rows)
    return Section("probes", title, (Text(lead), grid))


def _why(probe: Probe) -> str:
    if probe.decision.allowed:
        return f"Nothing in the grant keeps it out. {probe.note}".strip()
    said = "; ".join(_sentence(reason) for reason in nearest_reasons(probe.decision)) or probe.decision.why
    return f"{said}. {probe.note}" if probe.note else said


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:]


def probes(case: Case) -> Iterator[Probe]:
    """All changed calls that make sense for the grant."""
    assume, request = case.assume_request, case.request
    if assume is not None and case.access is not None:
        for label, changed in _changed_assume(case, assume):
            note = _before(case) if label == _OTHER_AUDIENCE else ""
            yield Probe(label, changed, case.decide_assume(changed), assuming=True, note=note)
        yield from _same_environment(case, assume)
        yield from _for_pull_requests(case, assume)
    if request is not None:
        for label, changed in _changed_request(case, request):
            yield Probe(label, changed, case.decide(changed), assuming=False)


# -- asking for a session ------------------------------------------------------------------------------------


def _changed_assume(case: Case, assume: Request) -> Iterator[tuple[str, Request]]:
    for key in sorted(assume.context, key=str.lower):
        for label, value in _other_values(case, key):
            yield label, _with(assume, {key: value})
    yield from _other_callers(case, assume)


def _other_values(case: Case, key: str) -> Iterator[tuple[str, ContextValue | None]]:
    """What a call could hold instead; None for nothing."""
    folded = key.lower()
    if folded in implied.KEYS:
        return
    if folded in _OTHERS:
        yield from _OTHERS[folded]
    elif folded == "aws:currenttime":
        yield from _times(case)
    elif folded.endswith((":aud", ":oaud")):
        yield _OTHER_AUDIENCE, "https://elsewhere.example"
    elif folded.endswith(":sub") and folded.startswith("token.actions."):
        yield from _github_subjects(case, key)
    elif folded.endswith(":sub"):
        yield "with a token for a subject that the grant does not name", "somebody-else"
    else:
        yield f"without {key}", None


_OTHERS: Mapping[str, tuple[tuple[str, ContextValue | None], ...]] = {
    "sts:externalid": (
        ("without the external ID", None),
        ("with another customer's external ID", "another-customer"),
    ),
    "aws:multifactorauthpresent": (
        ("after signing in without MFA", "false"),
        ("with long-term access keys and no MFA code in the call (the MFA key is absent)", None),
    ),
    "aws:multifactorauthage": (("with an MFA sign-in that is 12 hours old", "43200"),),
    "aws:principalorgid": (("from an account outside the organization", "o-another1234"),),
    "saml:aud": (
        (
            "with an assertion that was sent to an address that the grant does not name",
            "https://elsewhere.example/saml",
        ),
    ),
    # Holds azp, who asked for the token, where the token has one.
    "accounts.google.com:aud": (("with a token that another party asked for", "109876543210987654321"),),
    "sts:rolesessionname": (("with the session name another-name", "another-name"),),
}


def _github_subjects(case: Case, key: str) -> Iterator[tuple[str, ContextValue | None]]:
    """``repo:OWNER/NAME:REST`` with another rest, and with another owner."""
    subject = _held(case, key)
    repository = ":".join(subject.split(":")[:2])
    name = repository.partition("/")[2]
    # A job that names an environment has that in its subject, whatever started it (GitHub's OIDC reference).
    apart = ", which names no environment" if _environment(subject) else ""
    pull_request = f"{repository}:pull_request"
    yield (
        f"with the token of a job of event pull_request in the same repository{apart}",
        pull_request,
    )
    branch = f"{repository}:ref:refs/heads/somebodys-branch"
    yield f"with the token of a job on a branch that the grant does not name{apart}", branch
    other = subject.replace(repository, f"repo:somebody-else/{name}", 1)
    yield "with the token of the same job in somebody else's repository of that name", other


def _held(case: Case, key: str) -> str:
    held = case.witness.assume_context.get(key, "") if case.witness is not None else ""
    return held if isinstance(held, str) else held[0]


def _environment(subject: str) -> str:
    return subject.partition(":environment:")[2]


def _subject_key(assume: Request) -> str:
    """The key of GitHub's subject; "" where the request holds none."""
    keys = (key for key in assume.context if key.lower().startswith("token.actions."))
    return next((key for key in keys if key.endswith(":sub")), "")


def _same_environment(case: Case, assume: Request) -> Iterator[Probe]:
    """A job of another branch, or of a pull request, that names the environment: its subject is the same."""
    key = _subject_key(assume)
    name = _environment(_held(case, key))
    if not name:
        return
    other = {one: "refs/heads/somebodys-branch" for one in assume.context if one == f"{key[:-4]}:ref"}
    changed = _with(assume, other)
    yield Probe(
        f"with the token of a job on another branch, or for a pull request, that names environment {name}",
        changed,
        case.decide_assume(changed),
        assuming=True,
        note="Its subject is the same. The environment's protection rules on GitHub can stop such a job.",
        source=GITHUB_OIDC,
    )


def _for_pull_requests(case: Case, assume: Request) -> Iterator[Probe]:
    """A job for a pull request that runs in the context of the default branch, with its subject."""
    branch = _held(case, _subject_key(assume)).partition(":ref:refs/heads/")[2]
    if branch:
        yield Probe(
            f"with the token of a job of event pull_request_target, where {branch} is the default branch,"
            " which names no environment",
            assume,
            case.decide_assume(assume),
            assuming=True,
            note="Its subject is that of the default branch, also for a pull request from a fork.",
            source=GITHUB_OIDC,
        )


def _before(case: Case) -> str:
    """What refuses a token for another audience before the trust policy is asked."""
    made = any(isinstance(thing, OidcProvider) for thing in case.expansion.things[case.account])
    return "STS refuses it before that, unless the provider's client IDs hold that audience." if made else ""


def _times(case: Case) -> Iterator[tuple[str, ContextValue | None]]:
    expires = case.expansion.grant.expires
    if expires is not None:
        after = expires + timedelta(days=1)
        yield f"on {after.isoformat()}, the day after the grant's last", f"{after.isoformat()}T00:00:00Z"


def _other_callers(case: Case, assume: Request) -> Iterator[tuple[str, Request]]:
    partition = case.expansion.partition
    match case.party:
        case Party.OWNED | Party.VENDOR:
            stranger = f"arn:{partition}:iam::{_STRANGER}:user/stranger"
            if "*" not in case.trusted:
                yield (
                    f"by a user of account {_STRANGER}, which the trust does not name",
                    _as(assume, stranger),
                )
            other = f"arn:{partition}:iam::{case.caller_account}:user/somebody"
            which = "another user" if ":user/" in assume.principal else "a user"
            yield (
                f"by {which} of account {case.caller_account}, if that account allows it",
                _as(assume, other),
            )
        case Party.SAME:
            other = f"arn:{partition}:iam::{case.account}:user/somebody"
            which = "another user" if ":user/" in assume.principal else "a user"
            yield f"by {which} of this account, with administrator rights", _as(assume, other)
        case Party.SAML:
            other = f"arn:{partition}:iam::{case.account}:saml-provider/another"
            yield "by way of another SAML provider of this account", _as(assume, other)
        case Party.WEB:
            other = f"arn:{partition}:iam::{case.account}:oidc-provider/another.example"
            another = "another" if assume.principal.startswith("arn:") else "an"
            yield f"by way of {another} OIDC provider of this account", _as(assume, other)
        case _:
            return


def _as(request: Request, principal: str) -> Request:
    changed: dict[str, ContextValue | None] = {}
    if any(key.lower() == "aws:principalarn" for key in request.context):
        changed["aws:PrincipalArn"] = principal
    return _with(attrs.evolve(request, principal=principal), changed)


def _with(request: Request, changed: Mapping[str, ContextValue | None]) -> Request:
    folded = {key.lower() for key in changed}
    context = {key: value for key, value in request.context.items() if key.lower() not in folded}
    context.update({key: value for key, value in changed.items() if value is not None})
    return attrs.evolve(request, context=context)


# -- using it ------------------------------------------------------------------------------------------------


def _changed_request(case: Case, request: Request) -> Iterator[tuple[str, Request]]:
    for key in sorted(request.context, key=str.lower):
        if key.lower().startswith("aws:resourcetag/"):
            tag = key.partition("/")[2]
            yield f"on a resource without the tag {tag}", _with(request, {key: None})
    yield from _elsewhere(case, request)
    refused = _refused_action(case)
    if refused is not None:
        name, resource = refused
        place = region_of(request.resource)
        if place not in ("", "global"):
            resource = moved_to(resource, place)
        yield f"{name}, which the grant does not give", attrs.evolve(request, action=name, resource=resource)
    yield from _own_things(case, request)
    for label, value in _times(case):
        when = label if case.party is Party.GROUP else f"{label}, in a session that still runs"
        yield when, _with(request, {"aws:CurrentTime": value})


def _elsewhere(case: Case, request: Request) -> Iterator[tuple[str, Request]]:
    listed = {region for entry in case.expansion.grant.permissions for region in entry.regions}
    region = next(region for region in REGIONS if region not in {*listed, case.region, "us-east-1"})
    parts = request.resource.split(":", 5)
    if len(parts) == 6 and parts[3] == "global":
        return
    placed = len(parts) == 6 and parts[3]
    if len(parts) == 6 and not placed:
        return  # A bucket is in one Region: asking elsewhere is no other call.
    resource = ":".join([*parts[:3], region, *parts[4:]]) if placed else request.resource
    moved = _with(attrs.evolve(request, resource=resource), {"aws:RequestedRegion": region})
    yield f"in another Region, {region}", moved


_TEMPTING = (
    ("GetInstanceAccessDetails", "Instance"),
    ("DeleteInstance", "Instance"),
    ("GetRelationalDatabaseMasterUserPassword", "RelationalDatabase"),
    ("DeleteDomain", "Domain"),
)


def _refused_action(case: Case) -> tuple[str, str] | None:
    """A telling action that the grant does not give, with a resource for it."""
    granted = {action.name for action in case.granted}
    for name, kind in _TEMPTING:
        if name not in granted:
            place = "global" if kind == "Domain" else case.region
            head = f"arn:{case.expansion.partition}:lightsail:{place}:{case.account}"
            return f"lightsail:{name}", f"{head}:{kind}/{EXAMPLE_ID}"
    return None


def _own_things(case: Case, request: Request) -> Iterator[tuple[str, Request]]:
    """The session's reach into the caller's own account: what assuming a role gives up."""
    if not case.party.crosses_accounts or not case.caller_account:
        return
    resource = f"arn:{case.expansion.partition}:s3:::caller-bucket-in-{case.caller_account}/report.csv"
    asked = attrs.evolve(
        request, action="s3:PutObject", resource=resource, resource_account=case.caller_account
    )
    # Where the role may write to buckets of other accounts, it is up to the bucket's policy.
    open_there = case.passes(attrs.evolve(asked, resource_account=case.account))
    unless = ", if the bucket's policy does not let the role in" if open_there else ""
    if not open_there and allowing_in(case.documents, "s3:PutObject"):
        unless = ", one that the grant does not name"
    bucket = f"a bucket of the caller's own account {case.caller_account}"
    yield f"s3:PutObject into {bucket}, in the same session{unless}", asked
