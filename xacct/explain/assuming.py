"""Why a call to STS passes or not: those that get the session, and those that no statement changes."""

from __future__ import annotations

from xacct.explain import sources
from xacct.explain.case import Case, Party
from xacct.explain.cases import in_the_way_of
from xacct.explain.matching import allowing
from xacct.explain.model import Explanation, Section, Text, Tone
from xacct.explain.nothing import nothing_answer
from xacct.explain.path import path_section
from xacct.explain.probes import probes_section
from xacct.explain.reach import goes_on
from xacct.plan.simulate import ASSUME_ACTIONS

__all__ = ["about_sts"]

_WITH_THE_SESSION = ("sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext")
"""Asked of the trust policy too, in the call that gets the session (id_session-tags)."""

_NOT_TAKEN = {
    "sts:setcontext": ("sts:assumerolewithsaml", "sts:assumerolewithwebidentity"),
}
"""What a call cannot carry: AssumeRole alone takes ProvidedContexts (STS API Reference)."""

_ALWAYS = "Always allowed: STS asks no permission for this call, and not even a Deny keeps it from answering."
_NEVER = (
    "Not for a role session, whatever is allowed: STS takes this call with a user's long-term keys alone."
)
_OF_USERS = "Needs no permission: STS takes it with the user's long-term keys, and no policy gives it."


def about_sts(case: Case, name: str) -> Explanation | None:
    """The answer for such a call; None for calls that the permissions decide."""
    folded = name.lower()
    if folded in {one.lower() for one in (*ASSUME_ACTIONS, *_WITH_THE_SESSION)}:
        return _about_assuming(case, name)
    if folded == "sts:getcalleridentity":
        return _plain(case, name, _ALWAYS, sources.STS_IDENTITY)
    if folded == "sts:getsessiontoken" and case.party is Party.GROUP:
        return _plain(case, name, _OF_USERS, sources.STS_TOKENS)
    if folded in ("sts:getsessiontoken", "sts:getfederationtoken") and case.party is not Party.GROUP:
        return _plain(case, name, _NEVER, sources.STS_TOKENS)
    return None


def _plain(case: Case, name: str, lead: str, source: str) -> Explanation:
    said = "No edit of the grant changes that."
    sections = (Section("decision", "The decision", (Text(said, source=source),)),)
    return _explained(case, name, lead, sections)


def _explained(case: Case, name: str, lead: str, sections: tuple[Section, ...]) -> Explanation:
    title = f"{name} in grant {case.grant_name}"
    return Explanation(about="action", name=name, title=title, lead=lead, sections=sections)


def _about_assuming(case: Case, name: str) -> Explanation:
    assume = case.assume_request
    if case.party is Party.GROUP:
        return _explained(case, name, "Denied: the grant makes no role, so there is none to assume.", ())
    if assume is None:
        return _explained(case, name, nothing_answer(case, name), (path_section(case),))
    if name.lower() != assume.action.lower() and name.lower() in {one.lower() for one in ASSUME_ACTIONS}:
        other = in_the_way_of(case, name)
        if other is not None:
            return _about_assuming(other, name)
    sections: tuple[Section, ...] = (path_section(case), probes_section(case))
    if name.lower() == "sts:assumerole" and goes_on(case):
        sections = (Section("onward", "Going on from the role", (Text(_ONWARD, Tone.WARN),)), *sections)
    return _explained(case, name, _lead(case, name, assume.action), sections)


_ONWARD = (
    "The permissions allow sts:AssumeRole as well: a session may become further roles, where their trust"
    " policies let it in. What those may do is not seen here."
)


def _lead(case: Case, name: str, assuming: str) -> str:
    together = name.lower() in {one.lower() for one in _WITH_THE_SESSION}
    if assuming.lower() in _NOT_TAKEN.get(name.lower(), ()):
        return f"Not asked here: the role is assumed by {assuming}, which takes no contexts from the caller."
    if assuming.lower() == name.lower():
        return "Allowed for the trusted party, when the call meets the trust policy below."
    if together and allowing(case.access.trust if case.access is not None else None, name):
        return (
            f"Allowed for the trusted party, in the call of {assuming}, when it meets the statement of"
            f" the trust policy that allows {name}."
        )
    if together:
        return (
            f"Denied: a call of {assuming} that asks for it is refused whole, because the trust policy"
            f" does not allow {name}. A statement of the permissions would not change that."
        )
    return f"Denied: the role is assumed by {assuming}; the trust policy does not allow {name}."
