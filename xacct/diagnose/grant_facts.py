"""
What a grant, and the account where it was applied, tell about a refused request.

The request of the message is held against the grant's own policies; what the message does not tell (tags,
external ID, MFA) stays unknown, and the causes are ranked by that: what fails for certain comes before what
hangs on something unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from xacct.blueprint.expand import Expansion
from xacct.diagnose.caller import Caller, CallerKind
from xacct.diagnose.model import Cause, DeniedBy, Diagnosis, GrantEdit, Likelihood, Step, StepKind, Who
from xacct.diagnose.question import ActionQuestion, TrustQuestion
from xacct.diagnose.reason import Reason, certain
from xacct.diagnose.session_facts import action_reasons
from xacct.diagnose.source import GrantSource, RoleSource
from xacct.diagnose.trust_facts import TRUST_ACTIONS, trust_reasons
from xacct.evaluate.model import ContextValue
from xacct.iam.arn import Arn
from xacct.iam.things import GroupMember
from xacct.plan.access import RoleAccess
from xacct.values import frozen

__all__ = ["GrantFacts", "RoleFacts", "role_in"]


@frozen(kw_only=True)
class GrantFacts:
    """
    One grant as a fact.

    ``access`` is its role as the grant asks for it, None where it has none. ``live`` is the role as the
    account has it, looked at when ``is_live``; None then means that there is no such role. ``context`` holds
    condition keys that are known: the time, and what the user says of the request.
    """

    expansion: Expansion
    access: RoleAccess | None
    context: Mapping[str, ContextValue]
    is_live: bool = False
    live: RoleAccess | None = None

    def settle(self, diagnosis: Diagnosis) -> Diagnosis:
        """Rank the causes by the grant; a message that is not about it comes back as it is."""
        if diagnosis.denied_by is DeniedBy.OTHER and not diagnosis.explicit:
            return self._settle_duration(diagnosis)  # no policy refused
        action = _bare_action(diagnosis)
        if action is None:
            return diagnosis
        reasons = self._reasons(diagnosis, action)
        return (
            diagnosis
            if reasons is None
            else _with_reasons(diagnosis, reasons, action in TRUST_ACTIONS.values())
        )

    def _reasons(self, diagnosis: Diagnosis, action: str) -> list[Reason] | None:
        if self.is_live and self.live is None and self.access is not None:
            return [self._not_applied()]
        reasons = self._ask(diagnosis, action, self.access)
        if reasons is None or not self.is_live or self.live is None:
            return reasons if reasons is None or reasons else [self._passes(diagnosis)]
        live = self._ask(diagnosis, action, self.live) or []
        if any(reason.is_certain for reason in live) and not any(reason.is_certain for reason in reasons):
            return [self._moved(), *live]
        return live or [self._passes(diagnosis)]

    def _ask(self, diagnosis: Diagnosis, action: str, access: RoleAccess | None) -> list[Reason] | None:
        """The reasons by one side's policies; None when the message is not about the grant."""
        if action in TRUST_ACTIONS.values():
            if access is None:
                return None
            return trust_reasons(
                TrustQuestion(
                    diagnosis=diagnosis,
                    action=action,
                    source=GrantSource(self.expansion),
                    access=access,
                    context=self.context,
                )
            )
        if not action.startswith("lightsail:"):
            return None
        if access is None:
            return self._of_group(diagnosis, action)
        return self._of_session(diagnosis, action, access)

    def _of_session(self, diagnosis: Diagnosis, action: str, access: RoleAccess) -> list[Reason]:
        role = Arn.parse(access.role_arn)
        caller = Caller.of(diagnosis.principal)
        known = caller.kind is not CallerKind.UNKNOWN and caller.account is not None
        if known and (caller.account, caller.name) != (role.account, role.name):
            return [self._not_the_role(caller, access)]
        session = f"arn:{role.partition}:sts::{role.account}:assumed-role/{role.name}/session"
        context = {"aws:PrincipalArn": access.role_arn, **self.context}
        return action_reasons(self._question(diagnosis, action, session, context, access))

    def _question(
        self,
        diagnosis: Diagnosis,
        action: str,
        principal: str,
        context: Mapping[str, ContextValue],
        access: RoleAccess | None,
    ) -> ActionQuestion:
        return ActionQuestion(
            diagnosis=diagnosis,
            action=action,
            principal=principal,
            source=GrantSource(self.expansion),
            policies=self.expansion.permissions() if access is None else access.policies or (),
            context=context,
        )

    def _of_group(self, diagnosis: Diagnosis, action: str) -> list[Reason]:
        """The same for a grant whose permissions a group carries."""
        things = self.expansion.things[self.expansion.account]
        members = [thing for thing in things if isinstance(thing, GroupMember)]
        caller = Caller.of(diagnosis.principal)
        if caller.kind is CallerKind.USER and caller.name not in {member.user for member in members}:
            return [self._not_a_member(caller, members)]
        user = diagnosis.principal if caller.kind is CallerKind.USER else None
        example = members[0].user if members else "member"
        principal = user or f"arn:{self.expansion.partition}:iam::{self.expansion.account}:user/{example}"
        context = {"aws:PrincipalArn": principal, **self.context}
        return action_reasons(self._question(diagnosis, action, principal, context, None))

    # What the grant as a whole tells

    def _step(self, text: str, command: str) -> Step:
        return GrantSource(self.expansion).change(text, command)

    def _not_applied(self) -> Reason:
        name = self.expansion.role.name if self.expansion.role else ""
        return Reason(
            cause=certain(
                f"The account has no role {name}",
                "The grant was never applied, or its role was deleted. AWS answers alike for a role that "
                "is not there.",
            ),
            steps=(self._step("Look at the plan, and apply the grant.", "apply"),),
        )

    def _moved(self) -> Reason:
        return Reason(
            cause=certain(
                "The account is not as the grant says",
                "By the grant's file the request may pass, by the role as it stands it does not: the file "
                "was changed and not applied, or somebody changed the role.",
            ),
            steps=(self._step("See what differs, and apply the grant.", "plan"),),
        )

    def _passes(self, diagnosis: Diagnosis) -> Reason:
        named = diagnosis.denied_by not in (
            DeniedBy.NONE,
            DeniedBy.IDENTITY,
            DeniedBy.TRUST,
            DeniedBy.RESOURCE,
        )
        why = (
            "What said no is none of its policies."
            if named
            else "So the account is not as the grant says (not applied yet, changed since), or a boundary, "
            "a session policy or the organization stands in the way."
        )
        step = self._step("Compare the account with the grant.", "plan")
        return Reason(
            cause=Cause(
                title="The grant itself lets this request pass", why=why, likelihood=Likelihood.LIKELY
            ),
            steps=() if named else (step,),
        )

    def _not_the_role(self, caller: Caller, access: RoleAccess) -> Reason:
        profile = self.expansion.grant.name
        step = Step(
            kind=StepKind.CHANGE_CREDENTIALS,
            who=Who.READER,
            text=f"Call as the role: a profile with role_arn = {access.role_arn}, source_profile = the "
            "profile used now, and external_id if the grant has one.",
            command=f"AWS_PROFILE={profile} aws sts get-caller-identity",
        )
        return Reason(
            cause=certain(
                "The call was not made as the grant's role",
                f"It was made as {caller.words}; the permissions are those of {access.role_arn}, which has "
                "to be assumed first.",
            ),
            steps=(step,),
        )

    def _not_a_member(self, caller: Caller, members: list[GroupMember]) -> Reason:
        names = tuple(member.user for member in members)
        group = members[0].group if members else "the group"
        edits: tuple[GrantEdit, ...] = ()
        if self.expansion.values.get("users") and caller.name:
            edits = (
                GrantEdit(
                    path="parameters.users",
                    value=(*names, caller.name),
                    why=f"puts {caller.words} into {group}",
                    warning="It gives this user everything that the group may do.",
                ),
            )
        return Reason(
            cause=certain(
                f"{caller.words} is not in {group}", f"The grant's permissions go to {', '.join(names)}."
            ),
            steps=(self._step("If the user is meant to have them, add it to users in the grant.", "plan"),),
            edits=edits,
        )

    def _settle_duration(self, diagnosis: Diagnosis) -> Diagnosis:
        if diagnosis.family not in ("duration-max", "duration-chaining") or self.expansion.role is None:
            return diagnosis
        longest = self.expansion.role.max_session
        if diagnosis.family == "duration-max":
            text = (
                f"The grant's role allows sessions of {longest} seconds (max_session). Ask for no more, or "
                "raise max_session in the grant, up to 12h, and apply it."
            )
        else:
            text = (
                "The role is assumed with the credentials of another role's session: whatever max_session "
                "says, such a session lasts 3600 seconds at most. Ask for that, or call with a user's own "
                "credentials."
            )
        return attrs.evolve(diagnosis, fix=(self._step(text, "plan"), *diagnosis.fix))


@frozen(kw_only=True)
class RoleFacts:
    """The roles of an account as facts, by name, where no grant is given. ``context`` as with a grant."""

    roles: Mapping[str, RoleAccess]
    context: Mapping[str, ContextValue]

    def settle(self, diagnosis: Diagnosis) -> Diagnosis:
        """Rank the causes by the role that the message is about; others come back as they are."""
        action, name = _bare_action(diagnosis), role_in(diagnosis)
        access = self.roles.get(name or "")
        if (
            action is None
            or access is None
            or (diagnosis.denied_by is DeniedBy.OTHER and not diagnosis.explicit)
        ):
            return diagnosis
        source = RoleSource(access.role_arn)
        if action in TRUST_ACTIONS.values():
            reasons = trust_reasons(
                TrustQuestion(
                    diagnosis=diagnosis, action=action, source=source, access=access, context=self.context
                )
            )
        else:
            reasons = action_reasons(
                ActionQuestion(
                    diagnosis=diagnosis,
                    action=action,
                    principal=diagnosis.principal or "",
                    source=source,
                    policies=access.policies,
                    context={"aws:PrincipalArn": access.role_arn, **self.context},
                )
            )
        return _with_reasons(diagnosis, reasons, action in TRUST_ACTIONS.values()) if reasons else diagnosis


def role_in(diagnosis: Diagnosis) -> str | None:
    """The name of the role that a message is about: the one to be assumed, or the one whose session asks."""
    action = _bare_action(diagnosis)
    if action is None:
        return None
    if action in TRUST_ACTIONS.values():
        asked = Arn.try_parse(diagnosis.resource or "")
        return asked.name if asked is not None and asked.resource_type == "role" else None
    caller = Caller.of(diagnosis.principal)
    return caller.name if caller.kind is CallerKind.ROLE else None


def _bare_action(diagnosis: Diagnosis) -> str | None:
    """``AssumeRole`` and its like by their bare names, Lightsail's actions by full ones; None for others."""
    action = diagnosis.missing_action or diagnosis.action
    if action is None:
        return None
    service, _, name = action.rpartition(":")
    if service in ("", "sts") and name.lower() in TRUST_ACTIONS:
        return TRUST_ACTIONS[name.lower()]
    if service == "lightsail" and "*" not in name:
        return f"lightsail:{name}"
    return None


def _with_reasons(diagnosis: Diagnosis, reasons: list[Reason], assuming: bool) -> Diagnosis:
    """Put what was found in the place of what could be guessed; who said no stays as the text tells it."""
    ranked = sorted(reasons, key=lambda reason: reason.cause.likelihood.rank)
    steps = tuple(dict.fromkeys(step for reason in ranked for step in reason.steps))
    gates = (DeniedBy.NONE, DeniedBy.IDENTITY, DeniedBy.TRUST, DeniedBy.RESOURCE)
    if diagnosis.denied_by not in gates:
        return attrs.evolve(
            diagnosis,
            causes=(*diagnosis.causes, *(reason.cause for reason in ranked)),
            fix=(*diagnosis.fix, *steps),
        )
    settled = ranked[0].is_certain
    if not settled and diagnosis.family in ("web-identity", "saml"):
        steps = (*steps, *diagnosis.fix)
    denied_by = diagnosis.denied_by
    if denied_by is DeniedBy.NONE and settled:
        denied_by = DeniedBy.TRUST if assuming else DeniedBy.IDENTITY
    return attrs.evolve(
        diagnosis,
        denied_by=denied_by,
        sure=diagnosis.sure or settled,
        causes=tuple(reason.cause for reason in ranked),
        fix=steps or diagnosis.fix,
        edits=tuple(edit for reason in ranked for edit in reason.edits),
    )
