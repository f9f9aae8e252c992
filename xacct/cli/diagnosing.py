"""A diagnosis with a grant at hand: its facts, and the change of its file that would help."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from xacct.cli.editing import write_text
from xacct.cli.output import Output
from xacct.cli.wiring import Wiring
from xacct.errors import BlockedError, InputError, Problem

if TYPE_CHECKING:
    from xacct.blueprint.expand import Expansion
    from xacct.blueprint.model import Grant
    from xacct.diagnose.grant_facts import GrantFacts, RoleFacts
    from xacct.diagnose.model import Diagnosis
    from xacct.diagnose.repair import Proposal
    from xacct.evaluate.model import ContextValue
    from xacct.plan.access import RoleAccess

__all__ = ["account_facts", "facts_of", "find_proposal", "put_in_place"]


def facts_of(wiring: Wiring, path: str, context: Mapping[str, ContextValue], *, live: bool) -> GrantFacts:
    """What a grant, and with ``live`` the account, tell. Raises InputError unless there is one grant."""
    from xacct.diagnose.grant_facts import GrantFacts
    from xacct.iam.things import AccountThings
    from xacct.plan.reach import role_access

    grants = wiring.grants([path])
    if len(grants) != 1:
        raise InputError(f"{path} holds {len(grants)} grants", fix="name a file with one", code="usage")
    [expansion] = wiring.expansions(grants, offline=not live)
    things = AccountThings(expansion.account, expansion.things[expansion.account], expansion.partition)
    known: dict[str, ContextValue] = {"aws:CurrentTime": wiring.now_text, **context}
    if wiring.settings.region:
        known.setdefault("aws:RequestedRegion", wiring.settings.region)
    return GrantFacts(
        expansion=expansion,
        access=role_access(things, expansion.role, {}),
        context=known,
        is_live=live,
        live=_live_access(wiring, expansion) if live else None,
    )


def account_facts(
    wiring: Wiring, account: str, diagnoses: Iterable[Diagnosis], context: Mapping[str, ContextValue]
) -> RoleFacts:
    """The roles that messages are about, as an account has them."""
    from xacct.diagnose.grant_facts import RoleFacts, role_in
    from xacct.iam.things import ThingKey, ThingType
    from xacct.plan.reach import role_access
    from xacct.plan.snapshot import ReadScope

    names = {name for diagnosis in diagnoses if (name := role_in(diagnosis))}
    keys = frozenset(ThingKey(ThingType.ROLE, name) for name in names)
    snapshot = wiring.read({account: ReadScope(keys=keys)})[account]
    found = {
        name: access
        for name in names
        if (access := role_access(snapshot.things, snapshot.things.role(name), snapshot.policy_documents))
    }
    return RoleFacts(roles=found, context={"aws:CurrentTime": wiring.now_text, **context})


def _live_access(wiring: Wiring, expansion: Expansion) -> RoleAccess | None:
    from xacct.plan.build import read_scopes
    from xacct.plan.reach import role_access

    if expansion.role is None:
        return None
    snapshot = wiring.read(read_scopes([expansion]))[expansion.account]
    return role_access(snapshot.things, snapshot.things.role(expansion.role.name), snapshot.policy_documents)


def find_proposal(wiring: Wiring, facts: GrantFacts, diagnoses: Iterable[Diagnosis]) -> Proposal | None:
    """The first edit that a diagnosis offers, worked out; None when no change of the grant is the fix."""
    from xacct.blueprint.load import read_text
    from xacct.diagnose.repair import propose

    def expand_again(grant: Grant) -> Expansion:
        # A grant that names no account was expanded for that of the credentials.
        [expansion] = wiring.expansions([attrs.evolve(grant, account=facts.expansion.account)], offline=True)
        return expansion

    for diagnosis in diagnoses:
        for edit in diagnosis.edits:
            return propose(
                edit,
                read_text(Path(facts.expansion.grant.file or "")),
                facts.expansion,
                expand_again,
                wiring.options(offline=True, removal=False, force_foreign=False),
            )
    return None


def put_in_place(proposal: Proposal, output: Output, *, yes: bool) -> bool:
    """
    Write the changed file, after a yes; tells whether it was written.

    Raises BlockedError for a change that would bring a finding that blocks, InputError where nobody can be
    asked.
    """
    if proposal.blocking:
        raise BlockedError(
            Problem(
                f"the change would open a hole, and was not made: {finding.rule}: {finding.message}",
                where=proposal.file,
                fix=finding.fix,
                code=finding.rule,
            )
            for finding in proposal.blocking
        )
    if not yes and not _agreed(proposal, output):
        return False
    write_text(Path(proposal.file), proposal.after)
    output.talk(f"{proposal.file} is changed; now: xacct apply {proposal.file}")
    return True


def _agreed(proposal: Proposal, output: Output) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()) or output.as_json:
        raise InputError(
            f"nobody is here to say yes, and {proposal.file} was not changed",
            where="--yes",
            fix="look at the change above, then run the same with --yes",
            code="no-terminal",
        )
    sys.stderr.write(f"Change {proposal.file} like that? Type yes: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
