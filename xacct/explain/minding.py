"""What to mind of an edit that gives an action: how far it reaches, what it hands out, what tags allow."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.explain.calls import TAGGING, tags_freely
from xacct.explain.case import Case
from xacct.explain.matching import allowing_in, asks_key
from xacct.lightsail.catalog import Action, Source, load_catalog

__all__ = ["minding"]

_UNTAGGING = "lightsail:UntagResource"


def minding(before: Case, after: Case, name: str) -> Iterator[str]:
    """Sentences about the edited grant; ``name`` is the full one of the action that the edit gives."""
    action = load_catalog().action(name)
    if action is None:
        return
    tagged = any(entry.tags for entry in after.expansion.grant.permissions)
    if action.sensitive is not None and not (tagged and name in (TAGGING, _UNTAGGING)):
        yield f"{action.name} {action.sensitive.why}."
    if action.sensitive is not None and action.sensitive.outlives:
        yield f"What it hands out or leaves outlives the role: {action.sensitive.outlives}."
    if action.irreversible:
        yield f"{action.name} cannot be undone."
    if action.wildcard_only:
        yield from _reach(after, action)
    if tagged:
        yield from _tagging(before, after, name)


def _reach(case: Case, action: Action) -> Iterator[str]:
    """What of an action without ARNs a limit can reach, by what the edited statements ask."""
    if action.source is Source.SDK:
        yield "AWS has not published how it is authorised; it is written for the whole account."
        return
    if all(asks_key(one, "aws:requesttag/") for one in allowing_in(case.documents, action.full_name)):
        yield (
            "No ARN and no tag of what exists limits it. The tags that the request has to give do: it makes"
            " only what is tagged so."
        )
        return
    limited = any(entry.tags or entry.resources for entry in case.expansion.grant.permissions)
    if limited or not action.is_read:
        tags = ", its date or the tags that it gives" if action.supports_request_tags else " or its date"
        yield (
            "AWS checks this action against * alone: no limit by resource or by a resource's tags reaches it,"
            f" only one by the request, such as its Region{tags}; it reaches the whole account."
        )


def _tagging(before: Case, after: Case, name: str) -> Iterator[str]:
    gives_tags = name == TAGGING or (tags_freely(after) and not tags_freely(before))
    if gives_tags and tags_freely(after):
        yield "Whoever may tag any resource can tag it into a limit by tag, and out of one."
    elif name in (TAGGING, _UNTAGGING):
        whom = "any resource" if not _within_tags(after, name) else "the resources that it reaches"
        yield f"Whoever may change tags can take {whom} out of a limit by tag, and change their other tags."


def _within_tags(case: Case, name: str) -> bool:
    return all(asks_key(one, "aws:resourcetag/") for one in allowing_in(case.documents, name))
