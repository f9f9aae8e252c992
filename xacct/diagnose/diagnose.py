"""From what a text says to what it means and what helps."""

from __future__ import annotations

import attrs

from xacct.diagnose.access import access_causes, access_steps
from xacct.diagnose.assume import TRUST_HOLE, assume_causes, assume_steps
from xacct.diagnose.caller import Caller
from xacct.diagnose.families import family
from xacct.diagnose.federated import federated_causes, federated_steps
from xacct.diagnose.lightsail import HOLE, everything, instance_role, need_of, set_step
from xacct.diagnose.model import Cause, DeniedBy, Diagnosis, Facts, Found, Likelihood, Step, StepKind, Who
from xacct.diagnose.parse import find_messages
from xacct.diagnose.passrole import pass_role_causes, pass_role_step
from xacct.diagnose.quotas import quota_advice
from xacct.values import frozen

__all__ = ["diagnose", "diagnose_message"]

_ASSUME = ("assume-role", "tag-session", "source-identity")
_FEDERATED = ("web-identity", "saml")
# Policies of the organization, the boundary and the like stand above what the families below talk about.
_OWN_GATES = (DeniedBy.NONE, DeniedBy.IDENTITY, DeniedBy.TRUST, DeniedBy.RESOURCE)


@frozen
class _Advice:
    causes: tuple[Cause, ...]
    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()


def diagnose(text: str, facts: Facts | None = None) -> tuple[Diagnosis, ...]:
    """
    Explain every error message in a text, in their order; the same message is explained once.

    ``facts`` knows more than the text, from a grant or a live account, and settles what the text leaves open.
    Never raises for any text. Secrets in the text are masked in all that comes out.
    """
    diagnoses = tuple(diagnose_message(found) for found in find_messages(text))
    return diagnoses if facts is None else tuple(facts.settle(diagnosis) for diagnosis in diagnoses)


def diagnose_message(found: Found) -> Diagnosis:
    advice = _advise(found)
    return Diagnosis(
        message=found.text,
        principal=found.principal,
        action=found.action,
        resource=found.resource,
        denied_by=found.denied_by,
        sure=_is_sure(found),
        family=found.family,
        causes=tuple(sorted(advice.causes, key=lambda cause: cause.likelihood.rank)),
        fix=advice.steps,
        warnings=tuple(dict.fromkeys(advice.warnings)),
        explicit=found.explicit,
        missing_action=found.missing_action,
        policy_arns=found.policy_arns,
        code=found.code,
        operation=found.operation,
        request_id=found.request_id,
    )


def _is_sure(found: Found) -> bool:
    """Whether the text settles it: it names the policy type, or an error that has one meaning."""
    if found.family in ("unknown", "plain", "explicit-deny", "decoded"):
        return False
    if found.family == "lightsail-instance-role":
        return True
    if "doesnotexistinthisregion" in found.text.lower().replace(" ", ""):
        return False  # KMS names three reasons at once
    if found.denied_by is DeniedBy.TRUST and found.family in _FEDERATED:
        return True
    return found.named


def _advise(found: Found) -> _Advice:
    caller = Caller.of(found.principal)
    known = family(found.family)
    if known is not None and known.causes:
        quota = quota_advice(found) if known.name == "quota" else None
        causes, steps = quota or (known.causes, known.steps)
        return _Advice(causes, steps, known.warnings)
    if found.family == "lightsail-instance-role":
        return _Advice(*instance_role())
    if found.explicit or found.denied_by not in _OWN_GATES:
        return _Advice(access_causes(found, caller), access_steps(found, caller))
    return _advise_by_action(found, caller)


def _advise_by_action(found: Found, caller: Caller) -> _Advice:
    if found.family in _ASSUME:
        return _Advice(
            _with_named(found, caller, assume_causes(found, caller)),
            assume_steps(found, caller),
            (TRUST_HOLE,),
        )
    if found.family in _FEDERATED and found.denied_by in (DeniedBy.TRUST, DeniedBy.RESOURCE, DeniedBy.NONE):
        return _Advice(federated_causes(found), federated_steps(found))
    if found.family == "pass-role" and found.denied_by in (DeniedBy.NONE, DeniedBy.IDENTITY):
        step = pass_role_step(found, caller)
        return _Advice(_with_named(found, caller, pass_role_causes(found)), (step,), (step.warning or "",))
    if found.family == "lightsail" and found.denied_by in (DeniedBy.NONE, DeniedBy.IDENTITY):
        return _advise_on_lightsail(found, caller)
    if found.family in ("unknown", "plain", "resource-denied") and found.action is None:
        return _unreadable(found)
    return _Advice(access_causes(found, caller), access_steps(found, caller))


def _with_named(found: Found, caller: Caller, causes: tuple[Cause, ...]) -> tuple[Cause, ...]:
    return causes if found.denied_by is DeniedBy.NONE else (access_causes(found, caller)[0], *causes)


def _advise_on_lightsail(found: Found, caller: Caller) -> _Advice:
    action = found.missing_action or found.action or ""
    if "*" in action:
        return _Advice(*everything(found, caller), (HOLE,))
    need = need_of(found, action, caller)
    plain = access_steps(found, caller, need.statement)
    first = attrs.evolve(plain[0], text=" ".join((plain[0].text, *need.notes)), warning=HOLE)
    by_grant = set_step(need, found, caller)
    steps = (first, *((by_grant,) if by_grant else ()), *plain[1:])
    return _Advice((*access_causes(found, caller), *need.causes), steps, (HOLE, *need.warnings))


def _unreadable(found: Found) -> _Advice:
    denied = found.family != "unknown"
    cause = Cause(
        title="AWS refused, and the text does not say what" if denied else "This message is not known",
        why="It names no action, no principal and no policy."
        if denied
        else "No error of AWS that is known here was found in the text.",
        likelihood=Likelihood.CERTAIN if denied else Likelihood.POSSIBLE,
    )
    console = (
        " In the Lightsail console a 403 page can mean a right that is missing (the console is known "
        "to ask for full access), another identity than you think, or an account that is minutes old; "
        "the CLI tells which."
        if "lightsail" in found.hints
        else ""
    )
    step = Step(
        kind=StepKind.LOOK,
        who=Who.READER,
        text=f"Give the whole output of the command, or run it again with --debug.{console} See who "
        "you are; CloudTrail's event of the call has the action and often the reason.",
        command="aws sts get-caller-identity",
    )
    return _Advice((cause,), (step,), (HOLE,) if console else ())
