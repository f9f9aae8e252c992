"""The path of one request: each call, which policy is asked, what it says. All decided by the evaluator."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.evaluate.model import Decision, Element, Request, StatementTrace
from xacct.explain.case import TAKEN_AS_GIVEN, Case, Party
from xacct.explain.lasting import lasting_words
from xacct.explain.matching import allowing
from xacct.explain.mfa import shut_out_words
from xacct.explain.model import Call, Code, Section, Statement, Step, Steps, Text, Tone
from xacct.explain.nothing import nothing_reason
from xacct.explain.sources import BOUNDARIES, LOGIC, MFA, STS, VARIABLES
from xacct.explain.text import document_text, listed, outcome_tone, outcome_words, shown_context
from xacct.iam.policy import Effect, PolicyDocument
from xacct.iam.policy import Statement as PolicyStatement
from xacct.lightsail.catalog import PREFIX

__all__ = [
    "caller_policy",
    "decision_words",
    "nearest_reasons",
    "path_section",
    "shown_statements",
]


def path_section(case: Case) -> Section:
    """The steps from the caller to the resource, with the numbers of this grant."""
    title = "One request, step by step"
    if case.witness is None or case.request is None:
        return Section("path", title, (nothing_reason(case), *_named_in_vain(case)))
    steps = tuple(_steps(case))
    lead = Text(
        "A request that passes, found from the policies. The name of the caller where a whole account or a"
        " pattern is trusted, the session's name and IDs of resources are examples."
    )
    blocks: tuple[Text | Steps | Code, ...] = (lead, Steps(steps))
    if case.is_mixed:
        said = "The trust policy lets in callers of several kinds; this is one of them."
        blocks = (Text(said), *blocks)
    blocks = (*blocks, *_in_vain(case))
    blocks = (*blocks, *_unseen(case))
    if case.party in (Party.OWNED, Party.VENDOR):
        policy = caller_policy(case)
        where = f"What the caller's own account {case.caller_account} has to allow"
        blocks = (*blocks, Code(where, document_text(policy)))
        if len(policy.statements[0].actions or ()) > 1:
            said = (
                "The actions for session tags and a source identity are needed only where the call has any:"
                " sent with it, or carried along by a caller that is a session itself (transitive tags, a"
                " source identity)."
            )
            blocks = (*blocks, Text(said))
    return Section("path", title, blocks)


def _in_vain(case: Case) -> Iterator[Text]:
    """Whom the trust policy names in vain."""
    if case.shut_out:
        yield Text(shut_out_words(case.shut_out), Tone.WARN, MFA)
    yield from _named_in_vain(case)


def _named_in_vain(case: Case) -> Iterator[Text]:
    for name, why in case.in_vain.items():
        yield Text(f"{name} is named in vain: {why}.", Tone.WARN, VARIABLES if "username" in why else STS)


def _unseen(case: Case) -> Iterator[Text]:
    """What else AWS asks, and xacct does not see."""
    if case.boundary is not None:
        said = (
            f"The permissions boundary {case.boundary} is asked as well, and has to allow; it is not at hand."
        )
        yield Text(said, Tone.WARN, BOUNDARIES)
    callers = case.caller_account if case.party.crosses_accounts else ""
    # Resource control policies reach STS and some other services, Lightsail not (orgs_manage_policies_rcps).
    reached = case.access is not None or case.others
    kinds = "Service and resource control policies" if reached else "Service control policies"
    beside = f", and service control policies over account {callers}," if callers else ""
    kinds = f"{kinds} over account {case.account}{beside}"
    if case.unknown_policies:
        kinds = f"The attached policies {listed(case.unknown_policies)}, {kinds[0].lower()}{kinds[1:]}"
    yield Text(f"{kinds} are not seen here; they can still refuse.", source=LOGIC)


def caller_policy(case: Case) -> PolicyDocument:
    """The least that a caller in another account needs: to assume exactly this role, as the trust asks."""
    trust = case.access.trust if case.access is not None else None
    names = ("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession")
    actions = tuple(name for name in names if allowing(trust, name))
    return PolicyDocument.of(
        PolicyStatement(
            sid="AssumeTheRole",
            effect=Effect.ALLOW,
            actions=actions or ("sts:AssumeRole",),
            resources=(case.role_arn,),
        )
    )


def _steps(case: Case) -> Iterator[Step]:
    if case.party is Party.GROUP:
        yield _direct_step(case)
        return
    assume = case.assume_request
    if assume is None:
        yield _session_call(case)
        return
    if case.party in (Party.OWNED, Party.VENDOR):
        yield _own_side(case, assume)
    yield _assume_step(case, assume)
    yield _session_step(case)
    yield _session_call(case)


def _own_side(case: Case, assume: Request) -> Step:
    with_policy = case.decide_assume(assume, own=(caller_policy(case),))
    without = case.decide_assume(assume, own=())
    return Step(
        title="The caller's own account is asked first",
        actor=assume.principal,
        credentials="its own",
        account=f"{case.caller_account} (the trusted account)",
        asked="the caller's identity-based policies",
        outcome="must allow",
        tone=Tone.WARN,
        why=(
            "xacct cannot see this account's policies. Across accounts both sides have to allow the call:"
            f" with the policy below it is {outcome_words(with_policy)}, unless another policy there"
            f" refuses it; with none it is {outcome_words(without)}."
        ),
        call=_call(case, assume),
    )


_GATE = {
    Party.WEB: "no AWS credentials: the call is not signed, it carries the provider's token",
    Party.SAML: "no AWS credentials: the call is not signed, it carries the SAML assertion",
    Party.SERVICE: "those of the AWS service",
}


def _assume_step(case: Case, assume: Request) -> Step:
    decision = case.decide_assume(assume)
    why = decision.why
    if case.party is Party.SAME and case.decide_assume(assume, own=()).allowed:
        why += (
            " The trust policy names the caller itself, so within one account it needs no policy of its own."
        )
    elif case.party is Party.SAME:
        why += " A policy of the caller's has to allow it as well; that is taken as given."
    if case.party.federated:
        why += " The call is not signed, so no policy of the caller's own is asked as well."
    return Step(
        title=f"{assume.action.partition(':')[2]}: the role's trust policy is asked",
        actor=assume.principal,
        credentials=_GATE.get(case.party, "its own"),
        account=f"{case.account} (the trusting account, yours)",
        asked=f"the trust policy of role {_role_name(case)}",
        outcome=outcome_words(decision),
        tone=outcome_tone(decision),
        why=why,
        call=_call(case, assume),
        statements=shown_statements(decision),
    )


def _session_step(case: Case) -> Step:
    return Step(
        title="AWS STS issues a role session",
        actor=case.session_arn,
        credentials="temporary: access key, secret key and session token",
        account=f"{case.account} (the trusting account, yours)",
        why=(
            f"{lasting_words(case)} It has the role's permissions and nothing else: what the caller may do"
            " otherwise does not come along."
        ),
    )


def _session_call(case: Case) -> Step:
    request = case.request
    assert request is not None
    return _decided(case, request, "the role's permissions policy", "those of the role session")


def _direct_step(case: Case) -> Step:
    request = case.request
    assert request is not None
    return _decided(case, request, "the group's policy", "its own; no role is assumed")


def _decided(case: Case, request: Request, asked: str, credentials: str) -> Step:
    decision = case.decide(request)
    return Step(
        title=f"{request.action}: {asked} is asked",
        actor=request.principal,
        credentials=credentials,
        account=f"{case.account} (yours)",
        asked=asked,
        outcome=outcome_words(decision),
        tone=outcome_tone(decision),
        why=decision_words(case, decision, asked) + (_ONLY if _of_lightsail(request) else _OTHERS),
        call=_call(case, request),
        statements=shown_statements(decision),
    )


_ONLY = (
    " Lightsail has no resource-based policies, so no policy on the resource can allow it or say otherwise."
)
_OTHERS = " If the resource has a policy of its own, that is asked as well: it is not at hand, and can deny."


def _of_lightsail(request: Request) -> bool:
    return request.action.lower().startswith(PREFIX)


def decision_words(case: Case, decision: Decision, asked: str) -> str:
    """Why, where the caller's own policies are the ones that the grant writes (``asked``)."""
    if decision.allowed:
        nothing = "nothing at hand" if case.unknown_policies else "nothing"
        return f"{asked[0].upper()}{asked[1:]} allows it, and {nothing} denies it."
    return decision.why


def _role_name(case: Case) -> str:
    return case.role.name if case.role is not None else ""


def _call(case: Case, request: Request) -> Call:
    context = shown_context(request, reveal=case.reveal)
    return Call(request.principal, request.action, request.resource, context)


def shown_statements(decision: Decision) -> tuple[Statement, ...]:
    """The statements that apply; where none does, those that came near, with what fails."""
    own = [one for one in decision.trace if one.sid != TAKEN_AS_GIVEN]
    applying = [one for one in own if one.applies]
    several = {one.policy_type for one in decision.trace if one.document}
    return tuple(_statement(one, several=one.policy_type in several) for one in applying or _near(own))


def nearest_reasons(decision: Decision) -> tuple[str, ...]:
    """Why it is not allowed: what fails of the Allow that came nearest; nothing when it is allowed."""
    if not decision.denied:
        return ()
    denying = [one for one in decision.trace if one.effect == "Deny" and one.applies]
    if denying:
        return (decision.why,)
    if not decision.trace:
        return ()
    nearest = _near([one for one in decision.trace if one.sid != TAKEN_AS_GIVEN])
    return tuple(
        element.why for one in nearest[:1] for element in one.elements if element.matched is not True
    )


def _near(traces: list[StatementTrace]) -> list[StatementTrace]:
    """The Allow statements with the fewest failing elements."""
    allowing = [one for one in traces if one.effect == "Allow"]
    least = min((_failing(one) for one in allowing), default=0)
    return [one for one in allowing if _failing(one) == least][:3]


def _failing(trace: StatementTrace) -> int:
    """How far a statement is from applying; one about other actions is farther than one with unmet lines."""
    failing = [element.element for element in trace.elements if element.matched is not True]
    return len(failing) + 100 * (Element.ACTION in failing)


def _statement(trace: StatementTrace, *, several: bool) -> Statement:
    """``several``: there is more than one policy of its type, so that a number alone does not tell it."""
    wanted = [element.why for element in trace.elements if trace.applies or element.matched is not True]
    name = trace.sid or f"statement {trace.index + 1}{f' of policy {trace.document + 1},' * several}"
    return Statement(f"{name} of the {trace.policy_type.words}", trace.effect, trace.applies, tuple(wanted))
