"""The smallest changes of a grant's permissions that would let one action pass."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xacct.blueprint.write import to_flow
from xacct.diagnose.model import GrantEdit
from xacct.diagnose.question import ActionQuestion
from xacct.iam.arn import Arn
from xacct.lightsail.catalog import Action, Source
from xacct.lightsail.entry import PermissionEntry

__all__ = ["UUID", "edit_adding", "edit_words", "edits_for_region", "edits_for_resource", "name_of"]

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def edits_for_region(question: ActionQuestion, region: str) -> tuple[GrantEdit, ...]:
    """The one action in one more Region."""
    entries = _entries_with(question, "regions")
    return tuple(_entry_of_its_own(question, entry, "regions", region) for entry in entries)


def edit_adding(question: ActionQuestion, *, escapes: bool) -> GrantEdit:
    """The one action: in the first entry whose limits can hold it, else in an entry of its own."""
    known = question.known
    assert known is not None
    warning = f"{known.full_name} is sensitive: {known.sensitive.why}" if known.sensitive else ""
    for index, entry in enumerate(question.source.entries):
        if not escapes and _can_hold(entry, known):
            return GrantEdit(
                path=f"permissions.{index}.add",
                value=(*entry.add, known.full_name),
                why=f"allows {known.full_name} within the limits of that entry",
                warning=" ".join(part for part in (_for_tags(entry, known), warning) if part) or None,
            )
    regions = question.source.entries[0].regions
    return GrantEdit(
        path="permissions",
        value={"add": (known.full_name,)} | ({"regions": regions} if regions else {}),
        append=True,
        why=f"allows {known.full_name} and nothing else",
        warning=" ".join(part for part in (_reach(known), warning) if part) or None,
    )


def _for_tags(entry: PermissionEntry, action: Action) -> str:
    """What a limit by tag asks beside the action, where the action makes something new."""
    if not (entry.tags and action.creates_without_source):
        return ""
    return (
        "What it makes has to get the entry's tags in the call, for which AWS asks lightsail:TagResource as"
        " well; that is not part of this edit."
    )


def _reach(action: Action) -> str:
    """How far an action without ARNs reaches in an entry of its own."""
    if action.source is Source.SDK:
        return f"AWS has not published how {action.name} is authorised; it is written for the whole account."
    if not action.wildcard_only:
        return ""
    tags = " (a limit on the tags that the request gives could)" if action.creates_without_source else ""
    return (
        f'{action.name} takes only "*": no ARN and no tag of a resource can limit it{tags}, so here it'
        " reaches the whole account."
    )


def _can_hold(entry: PermissionEntry, action: Action) -> bool:
    """Whether an action added to an entry is granted at all, within its limits."""
    if action.name in {name.rpartition(":")[2] for name in entry.remove}:
        return False
    if entry.resources and not action.is_read:
        types = {arn.resource_type for text in entry.resources if (arn := Arn.try_parse(text))}
        if action.wildcard_only or not types & {use.type for use in action.resource_types}:
            return False
    if entry.tags and not (action.is_read or entry.unscoped):
        return action.supports_resource_tags or action.creates_without_source
    return True


def edits_for_resource(question: ActionQuestion, asked: str) -> Iterator[GrantEdit]:
    arn = Arn.try_parse(asked)
    if arn is None or not UUID.fullmatch(arn.resource_path):
        return
    for entry in _entries_with(question, "resources"):
        yield _entry_of_its_own(question, entry, "resources", asked)


def _entries_with(question: ActionQuestion, limit: str) -> Iterator[PermissionEntry]:
    """The entries that have the action and this limit."""
    from xacct.lightsail.selection import select_actions

    for entry in question.source.entries:
        held = {action.full_name.lower() for action in select_actions(entry, "", []).actions}
        if getattr(entry, limit) and question.action.lower() in held:
            yield entry


def _entry_of_its_own(question: ActionQuestion, entry: PermissionEntry, limit: str, value: str) -> GrantEdit:
    """The one action with one more Region or resource; all else of the entry holds for it as well."""
    limits: dict[str, Any] = {
        "resources": entry.resources,
        "regions": entry.regions,
        "tags": dict(entry.tags),
    }
    limits[limit] = (value,)
    kept = {key: given for key, given in limits.items() if given}
    return GrantEdit(
        path="permissions",
        value={"add": (name_of(question),), **kept, **({"unscoped": "allow"} if entry.unscoped else {})},
        append=True,
        why=f"allows {name_of(question)}, and nothing else, for {value} too",
    )


def edit_words(edit: GrantEdit) -> str:
    value = edit.value
    if isinstance(value, Mapping):
        return f"permissions: - {to_flow(value)}"
    items: Sequence[str] = (value,) if isinstance(value, str) else value
    return f"{edit.path}: [{', '.join(items)}]"


def name_of(question: ActionQuestion) -> str:
    return question.known.full_name if question.known else question.action
