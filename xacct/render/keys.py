"""Access keys and rotations, for a person at a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, assert_never

from xacct.keys import (
    AccessKey,
    Deactivate,
    Delete,
    Discard,
    Make,
    Rotated,
    Step,
    Store,
    UserKeys,
    Verify,
    remarks_on_key,
    remarks_on_user,
)
from xacct.render.style import Style, columns, wrap

__all__ = ["keys_text", "keys_to_json", "rotated_text", "rotated_to_json", "step_line"]


def keys_to_json(users: Iterable[UserKeys], now: datetime) -> dict[str, Any]:
    return {
        "users": [
            {
                "user": user.user,
                "arn": user.arn,
                "keys": [
                    {**key.to_json(now), "remarks": [remark.to_json() for remark in remarks_on_key(key, now)]}
                    for key in user.keys
                ],
                "remarks": [remark.to_json() for remark in remarks_on_user(user)],
            }
            for user in users
        ]
    }


def keys_text(users: Iterable[UserKeys], now: datetime, style: Style) -> str:
    """A line a key, then what is worth doing about them."""
    held = [user for user in users if user.keys]
    if not held:
        return "No user has access keys."
    rows = [["USER", "KEY", "STATUS", "AGE", "LAST USED"]]
    rows += [_row(user, number, key, now) for user in held for number, key in enumerate(user.keys, 1)]
    head, *lines = columns(rows)
    remarks = [line for user in held for line in _remarks(user, now, style)]
    return "\n".join(
        [style("bold", head), *lines, *(["", style("bold", "Remarks")] if remarks else []), *remarks]
    )


def _row(user: UserKeys, number: int, key: AccessKey, now: datetime) -> list[str]:
    used = "never"
    if key.last_used is not None:
        where = " ".join(part for part in (key.service, key.region) if part)
        used = key.last_used.date().isoformat() + (f"  {where}" if where else "")
    return [user.user, key.id or f"key {number}", key.status.value.lower(), f"{key.age(now)} d", used]


def _remarks(user: UserKeys, now: datetime, style: Style) -> Iterator[str]:
    found = [(user.user, remark) for remark in remarks_on_user(user)]
    for key in user.keys:
        found += [(f"{user.user} {key.id or ''}".rstrip(), remark) for remark in remarks_on_key(key, now)]
    for who, remark in found:
        yield from (
            style("warn", line)
            for line in wrap(f"{who}: {remark.text}", style.width, first="  ", rest="    ")
        )
        yield from wrap(remark.fix, style.width, first="    fix: ", rest="         ")


def step_line(step: Step, user: str, place: str) -> str:
    """What is done now, in a line."""
    match step:
        case Discard(key_id=key_id):
            return f"delete {key_id} of an earlier run: its secret was not kept, and can't be seen again"
        case Delete(key_id=key_id):
            return f"delete {key_id}"
        case Make():
            return f"make a new key for {user}, and try it"
        case Store():
            return f"put its secret into {place}"
        case Verify():
            return f"try the key in {place}"
        case Deactivate(key_id=key_id):
            return f"make {key_id} inactive"
        case _:
            assert_never(step)


def rotated_text(done: Rotated, *, finish: bool) -> str:
    ordered = sorted(done.keys, key=lambda key: key.id == done.made)
    keys = ", ".join(f"{key.id} ({key.status.value.lower()})" for key in ordered) or "none"
    if finish:
        head = "Nothing to finish." if not done.steps else f"Rotation of {done.user} is finished."
        return f"{head} Keys: {keys}."
    return (
        f"{done.user} has a new key. Keys: {keys}.\nWhen nothing misses the old one: xacct keys rotate "
        f"{done.user} --finish"
    )


def rotated_to_json(done: Rotated, place: str) -> dict[str, Any]:
    """The steps that were done; never a secret."""
    return {
        "user": done.user,
        "made": done.made,
        "place": place,
        "steps": [step_line(step, done.user, place) for step in done.steps],
        "keys": [{"id": key.id, "status": key.status.value} for key in done.keys],
    }
