"""
Makes the caller of an example one that can make its call to STS.

The access delta treats the caller and each key of its request apart: it may show a role with a user's name, a
tag that the trust policy does not let be sent, or an account that is refused where another gets in. What can
not be set right, with this caller or another that the trust policy names, cannot happen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from xacct.explain.matching import allowing, names_action
from xacct.explain.mfa import can_happen
from xacct.explain.vain import calls_by, needed_for
from xacct.iam.arn import Arn, is_account_id
from xacct.iam.policy import Effect, Statement
from xacct.lint.carried import SENT_BY_SERVICES
from xacct.plan.access import SAMPLE
from xacct.plan.model import Witness

if TYPE_CHECKING:
    from xacct.explain.case import Case

__all__ = ["entering", "lets_users_in"]


def entering(case: Case, witness: Witness) -> Witness | None:
    """The example by a caller that gets its session; as it is where nobody has to get one."""
    if case.access is None:
        return witness
    if not witness.assume_action:
        return witness if _may_bring_tags(case, witness) else None
    tried = (_by(witness, caller) for caller in _others(case, witness))
    found = (_entering(case, one) for one in (witness, *tried))
    return next((one for one in found if one is not None), None)


def _entering(case: Case, witness: Witness) -> Witness | None:
    called = None if ":federated-user/" in witness.principal else _as_called(case, witness)
    if called is not None and not can_happen(called.principal, called.assume_context):
        called = _with_no_mfa(case, called)
    called = called and _by_name(case, called)
    if called is None or not _may_bring_tags(case, called) or not _may_send(case, called):
        return None
    return _tied(case, _of_identity_center(case, called)) if case.admits(case.assuming(called)) else None


def lets_users_in(case: Case) -> bool:
    """Whether an IAM user that the trust policy names, or of an account that it names, gets in."""
    witness = case.witness
    if witness is None or not witness.assume_action:
        return True
    callers = (name for name in _named(case, f"user/{SAMPLE}") if ":user/" in name)
    return any(case.admits(case.assuming(_by(witness, caller))) for caller in callers)


# -- other callers -------------------------------------------------------------------------------------------


def _others(case: Case, witness: Witness) -> Iterator[str]:
    """Whom else the trust policy names; of accounts a user and a role, and a user of the name it asks for."""
    told = next((text for key, text in witness.assume_context.items() if key.lower() == "aws:username"), None)
    names = [f"user/{SAMPLE}", f"role/{SAMPLE}", *_asked_for(case)]
    if isinstance(told, str) and told and not set(told) & set("*?$"):
        names.insert(0, f"user/{told}")
    yield from _named(case, *dict.fromkeys(names))


def _asked_for(case: Case) -> Iterator[str]:
    """Users and roles of the names that conditions on ``aws:PrincipalArn`` have."""
    for one in case.access.trust.statements if case.access is not None else ():
        for line in one.conditions:
            if line.key.lower() == "aws:principalarn":
                parts = (value.split(":", 5) for value in line.values)
                named = (part[5].replace("*", SAMPLE).replace("?", "x") for part in parts if len(part) == 6)
                yield from (name for name in named if name.startswith(("user/", "role/")))


def _named(case: Case, *names: str) -> Iterator[str]:
    head = f"arn:{case.expansion.partition}:iam:"
    for value in case.trusted:
        parsed = Arn.try_parse(value)
        account = parsed.account if parsed is not None else value
        if value == "*":
            accounts = [case.account, *_strangers(case)]
        elif value.endswith(":root") or is_account_id(value):
            accounts = [account]
        else:
            yield value
            continue
        yield from (f"{head}:{one}:{name}" for one in reversed(accounts) for name in names)


def _strangers(case: Case) -> list[str]:
    """Accounts that stand in the trust policy, and one that does not."""
    written = case.access.trust.pretty() if case.access is not None else ""
    unknown = next(number for digit in "9876543210" if (number := digit * 12) not in written)
    return [*dict.fromkeys(re.findall(r"(?<![0-9])[0-9]{12}(?![0-9])", written)), unknown]


def _by(witness: Witness, caller: str) -> Witness:
    told = {key: caller for key in witness.assume_context if key.lower() == "aws:principalarn"}
    return attrs.evolve(witness, principal=caller, assume_context={**witness.assume_context, **told})


# -- what a caller has and sends -----------------------------------------------------------------------------


def _as_called(case: Case, witness: Witness) -> Witness | None:
    """AssumeRole is signed by a principal of AWS; who signs in elsewhere makes one of the other calls."""
    call = calls_by(witness.principal, case.account)
    if not witness.assume_action or witness.assume_action.lower() == call.lower():
        return witness
    called = attrs.evolve(witness, assume_action=call)
    return called if case.decide_assume(case.assuming(called)).allowed else None


def _with_no_mfa(case: Case, witness: Witness) -> Witness | None:
    """As a principal that carries no MFA asks; None where the trust policy then refuses it."""
    context = {
        key: "false" if key.lower() == "aws:multifactorauthpresent" else value
        for key, value in witness.assume_context.items()
        if key.lower() != "aws:multifactorauthage"
    }
    bare = attrs.evolve(witness, assume_context=context)
    return bare if case.access is not None and case.decide_assume(case.assuming(bare)).allowed else None


def _by_name(case: Case, witness: Witness) -> Witness | None:
    """With the caller's own name as ``aws:username``, where it counts; None for who has none."""
    told = next((text for key, text in witness.assume_context.items() if key.lower() == "aws:username"), None)
    parsed = Arn.try_parse(witness.principal)
    if not isinstance(told, str) or case.access is None:
        return witness
    if parsed is None or parsed.resource_type != "user":
        return None
    own = {key: parsed.name if text == told else text for key, text in witness.assume_context.items()}
    named = attrs.evolve(witness, assume_context=own)
    return named if case.admits(case.assuming(named)) else None


def _may_bring_tags(case: Case, witness: Witness) -> bool:
    """
    Whether the caller can have the session tags that the request is decided by, where the role has others.

    Asked of the trust policy is whether it names the caller beside ``sts:TagSession`` (id_session-tags).
    """
    if case.access is None or case.access.tags is None:
        return True
    own = {f"aws:principaltag/{key}".lower(): value for key, value in case.access.tags}
    brought = {key.lower(): value for key, value in witness.context.items()}
    tags = [key for key in brought if key.startswith("aws:principaltag/") and brought[key] != own.get(key)]
    return not tags or _lets(case, witness, "sts:TagSession")


def _may_send(case: Case, witness: Witness) -> bool:
    """Whether the trust policy lets the caller send the tags and the source identity of the example."""
    needed = {needed_for(key) for key in witness.assume_context} - {""}
    needed.update(SENT_BY_SERVICES.get(witness.principal, ()))
    return all(_lets(case, witness, action) for action in needed)


def _lets(case: Case, witness: Witness, action: str) -> bool:
    """Whether the trust policy allows it to the caller in some request, as far as it names who and what."""
    assert case.access is not None
    trust = case.access.trust
    allows = [attrs.evolve(one, conditions=()) for one in allowing(trust, action)]
    plain = [one for one in trust.statements if one.effect is Effect.DENY and not one.conditions]
    denies: list[Statement] = [one for one in plain if names_action(one, action)]
    return case.would_admit(attrs.evolve(case.assuming(witness), action=action), [*allows, *denies])


def _tied(case: Case, witness: Witness) -> Witness | None:
    """With the tags and the source identity that are sent as those that the session then has."""
    sent = {_kept_as(key): value for key, value in witness.assume_context.items() if _kept_as(key)}
    held = {key.lower(): value for key, value in witness.context.items()}
    apart = [key for key, value in sent.items() if held.get(key, value) != value]
    if not apart:
        return witness
    kept = {key: sent.get(key.lower(), value) for key, value in witness.context.items()}
    after = attrs.evolve(witness, context=kept)
    if case.passes(case.request_of(after)):
        return after
    asked = {key: held.get(_kept_as(key), value) for key, value in witness.assume_context.items()}
    before = attrs.evolve(witness, assume_context=asked)
    return before if case.admits(case.assuming(before)) else None


def _kept_as(key: str) -> str:
    """The key, in lower case, by which the session has what a call sends by this one; "" for none."""
    folded = key.lower()
    if folded.startswith("aws:requesttag/"):
        return f"aws:principaltag/{folded.partition('/')[2]}"
    return "aws:sourceidentity" if folded == "sts:sourceidentity" else ""


def _of_identity_center(case: Case, witness: Witness) -> Witness:
    """With the name that IAM Identity Center gives its roles, where a pattern for them is trusted."""
    head, found, rest = witness.principal.partition("/aws-reserved/sso.amazonaws.com/")
    name = rest.rpartition("AWSReservedSSO_")[2].strip("_")
    if not found or not name:
        return witness
    # AWSReservedSSO_, the permission set, 16 hexadecimal digits (singlesignon, referencingpermissionsets).
    arn = f"{head}{found}eu-west-1/AWSReservedSSO_{name}_0123456789abcdef"
    told = {key: arn for key in witness.assume_context if key.lower() == "aws:principalarn"}
    named = attrs.evolve(witness, principal=arn, assume_context={**witness.assume_context, **told})
    return named if case.decide_assume(case.assuming(named)).allowed else witness
