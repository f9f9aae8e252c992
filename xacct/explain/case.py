"""
One grant as the explanation sees it: who is trusted in which way, and one request that passes.

The request is found by the access delta and decided by the evaluator, so nothing here is assumed about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import chain

import attrs

from xacct.blueprint.expand import Expansion
from xacct.evaluate.engine import TRUST_ACTIONS, CompiledPolicies, compile_policies, evaluate
from xacct.evaluate.model import ContextValue, Decision, Policies, Request
from xacct.explain import implied
from xacct.explain.asked import asks_for_user, ends_the_grant, moments_asked_for, tags_asked_for
from xacct.explain.calls import refused_for_tags
from xacct.explain.lifelike import lifelike
from xacct.explain.matching import allowing, is_plain, names_action
from xacct.explain.mfa import admitting, shut_out
from xacct.explain.party import Kind, Party, is_account_side, kind_of
from xacct.explain.places import answering_region, type_arn
from xacct.explain.powers import NEEDS
from xacct.explain.search import (
    everything_but,
    example,
    examples,
    has_session,
    names_elsewhere,
    passing,
    telling,
    text_of,
)
from xacct.explain.vain import in_vain
from xacct.iam.arn import Arn, is_account_id
from xacct.iam.policy import Effect, PolicyDocument, Statement
from xacct.iam.things import Role
from xacct.lightsail.catalog import Action, load_catalog
from xacct.plan.access import HolderAccess, RoleAccess, access_delta, holder_delta, trusting
from xacct.plan.model import AccessRow, Witness
from xacct.plan.simulate import ASSUME_ACTIONS, EXAMPLE_ID
from xacct.values import frozen

__all__ = ["ALLOW_ALL", "TAKEN_AS_GIVEN", "Case", "Party"]

TAKEN_AS_GIVEN = "xacct takes this as given"
"""The Sid of a policy that no grant writes, by which it is told from those that are shown."""

ALLOW_ALL = PolicyDocument.of(
    Statement(sid=TAKEN_AS_GIVEN, effect=Effect.ALLOW, actions=("*",), resources=("*",))
)
"""Stands for a caller whose own policies allow whatever it asks for."""

SESSION_NAME = "example"


@frozen
class Case:
    """
    ``boundary`` and ``unknown_policies`` are ARNs of what bears on the access and whose documents are not at
    hand. ``reveal`` tells whether external IDs are shown whole.
    """

    expansion: Expansion
    party: Party
    access: RoleAccess | None
    holders: HolderAccess | None
    boundary: str | None = None
    unknown_policies: tuple[str, ...] = ()
    reveal: bool = False

    @property
    def account(self) -> str:
        return self.expansion.account

    @property
    def grant_name(self) -> str:
        return self.expansion.grant.name

    @property
    def role(self) -> Role | None:
        return self.expansion.role

    @property
    def role_arn(self) -> str:
        return self.expansion.role_arn or ""

    @cached_property
    def rows(self) -> tuple[AccessRow, ...]:
        """All access that the grant gives, in words."""
        if self.is_closed:
            return ()
        if self.access is None:
            return holder_delta(None, self.holders).rows
        return access_delta(None, self.reachable).rows

    @cached_property
    def reachable(self) -> RoleAccess | None:
        """The role, trusting only those who can meet its demand for MFA."""
        return self.access and attrs.evolve(self.access, trust=admitting(self.access.trust))

    @property
    def is_closed(self) -> bool:
        """Whether its demand for MFA leaves nobody to assume the role."""
        trust = self.reachable.trust if self.reachable is not None else None
        return bool(self.shut_out) and not any(allowing(trust, action) for action in ASSUME_ACTIONS)

    @cached_property
    def shut_out(self) -> tuple[str, ...]:
        """Principals that the trust policy names and that can never meet its demand for MFA."""
        return shut_out(self.access.trust) if self.access is not None else ()

    @cached_property
    def _asked_of_callers(self) -> str:
        """The trust policy in lower case, to see which keys it asks about."""
        return self.access.trust.pretty().lower() if self.access is not None else ""

    @cached_property
    def _asked_of_users(self) -> str:
        """The permissions in lower case."""
        return "".join(document.pretty().lower() for document in self.documents)

    @cached_property
    def in_vain(self) -> dict[str, str]:
        """Principals that the trust policy names and that get in by no call, MFA apart; with why."""
        return in_vain(self.access.trust, self.account) if self.access is not None else {}

    @cached_property
    def documents(self) -> tuple[PolicyDocument, ...]:
        """What allows and denies, apart from trust."""
        held = self.access or self.holders
        return held.policies if held is not None else ()

    @cached_property
    def allowed_patterns(self) -> tuple[str, ...]:
        """All action patterns of Allow statements; None of them covers what is not allowed."""
        return tuple(dict.fromkeys(pattern for one in self.allows for pattern in one.actions or ("*",)))

    @cached_property
    def ways(self) -> dict[str, list[Witness]]:
        """What ``search.ways_of`` has found, by action."""
        return {}

    @cached_property
    def moments(self) -> tuple[tuple[str, str], ...]:
        """Times at which a session may be had and used, where the permissions tell times apart."""
        trust = self.access.trust if self.access is not None else None
        return moments_asked_for(trust, self.documents, expires=self.expansion.grant.expires is not None)

    @cached_property
    def own_context(self) -> dict[str, str]:
        """What every request holds of the role that is asked for: its tags."""
        tags = dict(self.access.tags or ()) if self.access is not None else {}
        return tags_asked_for(self.documents, tags)

    @cached_property
    def granted(self) -> tuple[Action, ...]:
        """Lightsail's actions that some call passes with, all that AWS asks of it counted, by name."""
        return tuple(action for action in self.allowed if action.full_name not in self.short_of_tagging)

    @cached_property
    def hindered(self) -> tuple[str, ...]:
        """Granted actions that come to nothing: what AWS asks beside them is denied in every case."""
        names = [action.name for action in self.granted if action.name in NEEDS]
        denied = [one for one in names if any(names_action(deny, NEEDS[one]) for deny in self.denies)]
        if self.access is None or not denied:
            return ()
        everything = attrs.evolve(self.access, policies=(*self.access.policies, ALLOW_ALL))
        wide = attrs.evolve(self, access=everything)
        return tuple(name for name in denied if example(wide, NEEDS[name]) is None)

    @cached_property
    def short_of_tagging(self) -> tuple[str, ...]:
        """Actions that are allowed only with tags, and refused because those may not be given."""
        return refused_for_tags(self)

    @cached_property
    def allowed(self) -> tuple[Action, ...]:
        """Lightsail's actions that are allowed in some case, each by itself, in the order of names."""
        if self.is_closed:
            return ()
        catalog = load_catalog()
        found = {
            action.name: action for pattern in self.allowed_patterns for action in catalog.expand(pattern)
        }
        return tuple(found[name] for name in sorted(found) if self._is_possible(found[name]))

    def _is_possible(self, action: Action) -> bool:
        """Looked for only where the statements do not show it plainly."""
        statements = [one for document in self.documents for one in document.statements]
        about = [one for one in statements if names_action(one, action.full_name)]
        plain = action.only_region is None and any(is_plain(one, action) for one in about)
        expires = self.expansion.grant.expires is not None
        denied = any(one.effect is Effect.DENY and not (expires and ends_the_grant(one)) for one in about)
        if plain and not denied:
            return True
        return all(witness is not None for witness in examples(self, action))

    @cached_property
    def others(self) -> tuple[str, ...]:
        """Other services' actions that some Allow names, as patterns; of NotAction, in words."""
        named = [pattern for one in self.allows for pattern in one.actions or (everything_but(one),)]
        others = [one for one in dict.fromkeys(named) if not one.lower().startswith("lightsail:")]
        return tuple(sorted(others, key=lambda one: " " in one))  # what is a list itself comes last

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All statements of the permissions."""
        return tuple(one for document in self.documents for one in document.statements)

    @cached_property
    def denies(self) -> tuple[Statement, ...]:
        """The Deny statements of the permissions, but for the one that ends the grant."""
        expires = self.expansion.grant.expires is not None
        denying = [one for one in self.statements if one.effect is Effect.DENY]
        return tuple(one for one in denying if not (expires and ends_the_grant(one)))

    @property
    def but_for_denied(self) -> str:
        """Goes behind what Allow statements name, where a Deny may take something off."""
        return ", but for what is denied" if self.denies else ""

    @cached_property
    def allows(self) -> tuple[Statement, ...]:
        """The Allow statements of the permissions."""
        return tuple(one for one in self.statements if one.effect is Effect.ALLOW)

    @cached_property
    def witness(self) -> Witness | None:
        """One request that passes: a change of something, on one resource, where the grant allows any."""
        for action in sorted(self.granted, key=telling):
            found = passing(self, action)
            if found is not None:
                return found
        held = [row.witness for row in self.rows if row.witness and self._does(row.witness)]
        shown = (lifelike(self, one) for one in held)
        tried = (example(self, name) for name in names_elsewhere(self))
        return next((found for found in chain(shown, tried) if found is not None), None)

    def _does(self, witness: Witness) -> bool:
        """Whether it tells of an action that passes, and with a role of how its session is had."""
        action = load_catalog().action(witness.action)
        return has_session(self, witness) and (action is None or action in self.granted)

    def arn_of(self, kind: str, region: str = "", *, tail: str = EXAMPLE_ID) -> str:
        """An ARN of the type in the account; in the grant's Region unless another is named."""
        partition, region = self.expansion.partition, region or self.region
        return type_arn(kind, partition=partition, account=self.account, region=region, tail=tail)

    @property
    def region(self) -> str:
        """A Region that the grant allows."""
        listed = [region for entry in self.expansion.grant.permissions for region in entry.regions]
        return listed[0] if listed else "eu-west-1"

    @cached_property
    def caller_account(self) -> str:
        """The account of the example's caller, else the first trusted one; "" for who signs in elsewhere."""
        if self.party.federated:
            return ""
        parsed = Arn.try_parse(self.witness.principal) if self.witness else None
        return (
            parsed.account if parsed is not None else next(filter(is_account_id, self.trusted_accounts), "")
        )

    @cached_property
    def trusted(self) -> tuple[str, ...]:
        """Every principal that an Allow of the trust policy names, as written."""
        statements = self.access.trust.statements if self.access is not None else ()
        allowing = [one for one in statements if one.effect is Effect.ALLOW]
        return tuple(dict.fromkeys(who.value for one in allowing for who in one.principals or ()))

    @property
    def trusted_accounts(self) -> tuple[str, ...]:
        """The accounts that those principals are in, each once; "*" for anyone. Unique IDs tell of none."""
        parsed = [(Arn.try_parse(value), value) for value in self.trusted if is_account_side(value)]
        return tuple(dict.fromkeys(arn.account if arn is not None else value for arn, value in parsed))

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """Of which kinds those principals are, each once."""
        return tuple(dict.fromkeys(kind_of(value, self.account) for value in self.trusted))

    @property
    def is_mixed(self) -> bool:
        """Whether the trust policy lets in principals of several kinds."""
        return len(self.kinds) > 1

    @property
    def is_one_of_many(self) -> bool:
        """Whether other callers than the example's are of other kinds or in other accounts."""
        return self.is_mixed or len(self.trusted_accounts) > 1 or "*" in self.trusted

    # -- the requests --------------------------------------------------------------------------------------

    @property
    def assume_request(self) -> Request | None:
        """The call that gets the session."""
        witness = self.witness
        if witness is None or self.access is None or not witness.assume_action:
            return None
        return self.assuming(witness)

    def assuming(self, witness: Witness) -> Request:
        """The call by which the witness's principal gets its session."""
        return Request(
            principal=witness.principal,
            action=witness.assume_action,
            resource=self.role_arn,
            resource_account=self.account,
            context=implied.of_caller(witness.principal, witness.assume_context, self._asked_of_callers),
        )

    @property
    def session_arn(self) -> str:
        """The session of the example; its name is one that the trust policy lets pass."""
        return self._session_of(self.witness)

    def _session_of(self, witness: Witness | None) -> str:
        named = None if witness is None else witness.assume_context.get("sts:RoleSessionName")
        role = self.role.name if self.role is not None else ""
        head = f"arn:{self.expansion.partition}:sts::{self.account}:assumed-role"
        return f"{head}/{role}/{text_of(named) or SESSION_NAME}"

    @property
    def request(self) -> Request | None:
        """The call that does something."""
        return None if self.witness is None else self.request_of(self.witness)

    def request_of(self, witness: Witness) -> Request:
        """The request that a witness tells of, made by the session where there is a role."""
        session = self.access is not None
        principal = self._session_of(witness) if session else witness.principal
        context: dict[str, ContextValue] = dict(witness.context)
        context.setdefault("aws:PrincipalArn", self.role_arn if session else witness.principal)
        for key, value in self.own_context.items():
            context.setdefault(key, value)
        if self.holders is not None and asks_for_user(self.documents):
            context.setdefault("aws:username", witness.principal.rpartition("/")[2])
        if "aws:CurrentTime" in witness.assume_context:
            context.setdefault("aws:CurrentTime", witness.assume_context["aws:CurrentTime"])
        context = implied.of_user(principal, context, self._asked_of_users)
        action = load_catalog().action(witness.action)
        context.setdefault("aws:RequestedRegion", answering_region(action, witness.resource) or self.region)
        return Request(
            principal=principal,
            action=witness.action,
            resource=witness.resource,
            resource_account=self.account,
            context=context,
        )

    def decide_assume(self, request: Request, *, own: Iterable[PolicyDocument] = (ALLOW_ALL,)) -> Decision:
        """Decide a call to STS by the role's trust policy and the caller's own policies."""
        assert self.access is not None
        return evaluate(request, Policies(identity=tuple(own), resource=self.access.trust))

    def passes(self, request: Request) -> bool:
        """Whether the permissions that the grant gives allow the request; without the reasons."""
        onward = request.action.lower() in TRUST_ACTIONS
        return self._compiled[onward].decide(request).allowed

    def admits(self, request: Request) -> bool:
        """Whether the trust policy lets the caller have a session; without the reasons."""
        return self._compiled_trust.decide(request).allowed

    def would_admit(self, request: Request, statements: Iterable[Statement]) -> bool:
        """Whether these statements as the trust policy would allow it."""
        assert self.access is not None
        trust = attrs.evolve(self.access.trust, statements=tuple(statements))
        return evaluate(request, Policies(identity=(ALLOW_ALL,), resource=trust)).allowed

    @cached_property
    def _compiled_trust(self) -> CompiledPolicies:
        assert self.access is not None
        return compile_policies(Policies(identity=(ALLOW_ALL,), resource=self.access.trust))

    @cached_property
    def _compiled(self) -> tuple[CompiledPolicies, CompiledPolicies]:
        plain, onward = self._policies
        return compile_policies(plain), compile_policies(onward)

    @cached_property
    def _policies(self) -> tuple[Policies, Policies]:
        """The permissions, and the same where another role is to be assumed by them."""
        held = self.access or self.holders
        assert held is not None
        boundary = None if held.boundary is None else (held.boundary,)
        plain = Policies(identity=held.policies, boundary=boundary)
        return plain, attrs.evolve(plain, resource=trusting(self.account))

    def decide(self, request: Request) -> Decision:
        """Decide a request by the permissions that the grant gives."""
        return evaluate(request, self._policies[request.action.lower() in TRUST_ACTIONS])
