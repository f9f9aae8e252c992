"""Which way fits, with the reason; and AWS's newer ways, where they are the better answer."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.explain import sources
from xacct.explain.case import Case, Party
from xacct.explain.facts import newer_ways
from xacct.explain.model import Block, Point, Points, Section, Text

__all__ = ["advice_section"]

_WAYS = {
    Party.VENDOR: ("delegation", "templates"),
    Party.OWNED: ("identity-center",),
    Party.SAME: ("identity-center",),
    Party.GROUP: ("identity-center",),
    Party.SAML: ("identity-center",),
    Party.WEB: ("roles-anywhere",),
    Party.SERVICE: (),
}


def advice_section(case: Case, *, bucket: str | None = None) -> Section:
    """The recommendation for this grant. ``bucket``: the one bucket whose objects it is about."""
    ways = tuple(newer_ways()[name] for name in _WAYS[case.party])
    blocks: tuple[Block, ...] = (Text(_advice(case, bucket)), Points(tuple(_reasons(case, bucket))))
    if ways:
        blocks = (*blocks, Text("Newer ways of AWS that may suit better:"), Points(ways))
    return Section("advice", "What fits here, and why", blocks)


def _advice(case: Case, bucket: str | None) -> str:
    if bucket is not None and case.party is Party.VENDOR:
        return (
            "The role, as this grant makes it. A bucket of Lightsail's has a list of reader accounts: that is"
            " the smaller step between accounts of one owner; for a third party it lacks the external ID."
        )
    if bucket is not None:
        return (
            f"If {bucket} is a bucket of Lightsail's, its list of reader accounts is the smaller step, where"
            " access to all its objects without an end date is right; else keep the role."
        )
    if case.party is Party.GROUP:
        return "A role would be safer; the group fits where the permissions have to be at hand all the time."
    if case.party is Party.SAME:
        return "A role, as this grant makes it; a group gives permissions to users alone, and all the time."
    if case.party is Party.SERVICE:
        return "A role, as this grant makes it: a service that acts in the account takes one that trusts it."
    if not case.granted:
        return "A role, as this grant makes it; xacct explain --service tells of other services' ways."
    return (
        "A role, as this grant makes it. No policy on a resource of Lightsail can let an outsider in; who has"
        " an identity elsewhere comes in by a role as a rule."
    )


def _reasons(case: Case, bucket: str | None) -> Iterator[Point]:
    if bucket is None:
        yield Point(
            (
                "Lightsail has no resource-based policies, so nothing on an instance, disk or database can"
                " name anybody."
            ),
            source=sources.LIGHTSAIL,
        )
    match case.party:
        case Party.VENDOR:
            text = (
                "A third party needs the external ID; of the calls that get a session only AssumeRole has it."
            )
            yield Point(text, source=sources.EXTERNAL_ID)
        case Party.WEB | Party.SAML:
            text = (
                "Who comes with a token or an assertion has to become a session, a role's as a rule, before"
                " it can call Lightsail."
            )
            yield Point(text, source=sources.PRINCIPAL)
        case Party.OWNED:
            text = (
                "One role covers all resources and actions that are meant, and sessions expire by themselves."
            )
            yield Point(text, source=sources.ROLES)
        case Party.SAME:
            text = (
                "The permissions are at hand only while the role is assumed, and each use is in CloudTrail."
            )
            yield Point(text, source=sources.ROLES)
        case Party.GROUP:
            text = "The users hold the permissions all the time, with whatever credentials they have."
            yield Point(text, source=sources.JUDGED)
        case Party.SERVICE:
            text = (
                "Limit the service by aws:SourceArn and aws:SourceAccount where it sends them, so that nobody"
                " else's resource makes it act here."
            )
            yield Point(text, source=sources.DEPUTY)
