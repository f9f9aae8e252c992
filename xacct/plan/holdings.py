"""
What an account holds, sorted by the role that it hangs on.

A plan of many grants compares each with the few things around its own roles, not with the whole account; so
five hundred grants cost a hundred times five, and not twenty-five times a hundred.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from xacct.iam.ownership import TAG_GRANT
from xacct.iam.things import AccountThings, Role, Thing, ThingKey, ThingType
from xacct.plan.model import Change, ChangeKind

__all__ = ["Holdings", "role_of_key"]


def role_of_key(key: ThingKey) -> str:
    """The role that a thing is, or hangs on; empty for all others."""
    match key.type, key.name.split("/", 2):
        case ThingType.ROLE, _:
            return key.name
        case ThingType.ROLE_POLICY, [role, *_]:
            return role
        case ThingType.POLICY_ATTACHMENT, ["role", role, *_]:
            return role
        case _:
            return ""


@attrs.define
class Holdings:
    """The things of one account, by role; under the empty name those that hang on none."""

    account: str
    partition: str
    _by_role: dict[str, dict[ThingKey, Thing]]
    _by_grant: dict[str, set[str]]

    @classmethod
    def of(cls, things: AccountThings) -> Holdings:
        made = cls(things.account, things.partition, {}, {})
        for thing in things:
            made._put(thing)
        return made

    def around(self, grant: str, keys: Iterable[ThingKey]) -> AccountThings:
        """What may concern a grant: its own roles with what they hold, and all that hangs on no role."""
        names = {role_of_key(key) for key in keys} | self._by_grant.get(grant, set()) | {""}
        found = {key: thing for name in names for key, thing in self._by_role.get(name, {}).items()}
        return AccountThings(self.account, found, self.partition)

    def whole(self) -> AccountThings:
        return AccountThings(self.account, tuple(self._all()), self.partition)

    def take(self, changes: Iterable[Change]) -> None:
        """Become what the account holds after these changes."""
        for change in changes:
            if change.kind is ChangeKind.NONE:
                continue
            if change.after is None:
                self._by_role.get(role_of_key(change.key), {}).pop(change.key, None)
            else:
                self._put(change.after)

    def _put(self, thing: Thing) -> None:
        name = role_of_key(thing.key)
        self._by_role.setdefault(name, {})[thing.key] = thing
        if isinstance(thing, Role) and TAG_GRANT in thing.tags:
            self._by_grant.setdefault(thing.tags[TAG_GRANT], set()).add(name)

    def _all(self) -> Iterator[Thing]:
        for held in self._by_role.values():
            yield from held.values()
