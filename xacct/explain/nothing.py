"""What is said where no request was found that passes: that there is none, or that it can't be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xacct.explain.matching import allowing_in
from xacct.explain.mfa import shut_out_words
from xacct.explain.model import Text, Tone
from xacct.explain.search import has_session
from xacct.explain.sources import MFA, PRINCIPAL
from xacct.explain.text import listed
from xacct.iam.arn import is_unique_id
from xacct.lightsail.catalog import PREFIX
from xacct.plan.model import AccessRow, Effect

if TYPE_CHECKING:
    from xacct.explain.case import Case

__all__ = ["is_nothing", "is_undecided", "nothing_answer", "nothing_lead", "nothing_reason"]


def is_undecided(case: Case) -> bool:
    """Whether no request was found that passes, and none could be ruled out."""
    if case.witness is not None or case.is_closed:
        return False
    return bool(_unseen(case)) or any(row.effect is Effect.GAIN and _is_open(case, row) for row in case.rows)


def is_nothing(case: Case) -> bool:
    """Whether nobody gets anything: no request passes."""
    return case.is_closed or (case.witness is None and not is_undecided(case))


def _is_open(case: Case, row: AccessRow) -> bool:
    """Whether something is told to be gained of which no request was found: a session at most."""
    if row.witness is None:
        return True
    told = bool(row.actions) and row.resources != (case.role_arn,)
    if has_session(case, row.witness):
        # Of services whose actions are not known by name none can be shown.
        return told and any(PREFIX not in name for name in row.actions)
    return told and row.witness.resource == case.role_arn


def _unseen(case: Case) -> tuple[str, ...]:
    """Attached policies without their documents, where somebody gets a session to use them in."""
    entered = case.access is None or any(row.witness is not None for row in case.rows)
    return case.unknown_policies if entered else ()


def nothing_lead(case: Case) -> str:
    """The first sentence about a grant of which no request is known that passes."""
    if case.is_closed:
        return (
            "Nobody gets in by this grant: it asks for MFA, which only sessions of IAM users carry, and it"
            " admits no IAM user."
        )
    if not is_undecided(case):
        return "Nobody gets anything by this grant: no request passes its policies."
    return f"Whether anybody gets anything by this grant is undecided. {_open_words(case)}"


def nothing_answer(case: Case, action: str) -> str:
    """Whether the trusted party can do this."""
    if not is_undecided(case):
        return "Denied for the trusted party: no request of any kind passes by this grant."
    trust = (case.access.trust,) if case.access is not None else ()
    if not _unseen(case) and not allowing_in((*trust, *case.documents), action):
        return "Denied for the trusted party: no statement of the grant allows it."
    return "Undecided for the trusted party: no request was found that passes, and none could be ruled out."


def nothing_reason(case: Case) -> Text:
    """The same in place of the path of a request."""
    if case.is_closed:
        return Text(shut_out_words(case.shut_out), Tone.WARN, MFA)
    if not is_undecided(case):
        said = "No request passes: the policies of this grant, taken together, let nobody do anything."
        return Text(said, Tone.BAD)
    said = f"No request was found that passes, and none could be ruled out. {_open_words(case)}"
    return Text(said, Tone.WARN, PRINCIPAL if _named_by_id(case) else "")


def _open_words(case: Case) -> str:
    named = _named_by_id(case)
    if _unseen(case):
        return f"What {listed(_unseen(case))} gives is not at hand; what stands in the grant gives nothing."
    if not named:
        return "Its policies are too complex to be compared, or ask for what only AWS can answer."
    them = "a unique ID" if len(named) == 1 else "unique IDs"
    return (
        f"The trust policy names nobody but {listed(named)}, {them}: IAM shows one where a user or role was"
        " deleted, and then nobody gets in by it. Should one of this ID still exist, it gets in."
    )


def _named_by_id(case: Case) -> tuple[str, ...]:
    """Those that the trust policy names, where it names none but by unique ID."""
    return case.trusted if case.trusted and all(map(is_unique_id, case.trusted)) else ()
