"""
Permission sets: named bundles of Lightsail actions, each told in words.

A set never holds an action that hands out a login, a secret or somebody's data unless that is its point, and
then its summary says so. What it leaves out can be added action by action; ``opt_in`` lists what fits it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from xacct.errors import InputError
from xacct.lightsail.catalog import PREFIX, Action, Severity, load_catalog, nearest_word
from xacct.lightsail.data import read_data
from xacct.values import frozen

__all__ = ["EVERYTHING", "PermissionSet", "permission_set", "permission_sets"]

EVERYTHING = PREFIX + "*"
"""What full-access allows, today's actions and tomorrow's."""


@frozen(kw_only=True)
class PermissionSet:
    """A named bundle of actions by full names; full-access alone has the pattern ``lightsail:*``."""

    name: str
    title: str
    summary: str
    """What it allows, in words."""
    leaves_out: str
    """What one could expect in it but is not there, in words."""
    console: str
    """Whether the Lightsail console works with it."""
    actions: tuple[str, ...]
    opt_in: tuple[str, ...] = ()
    """Actions that fit the set but have to be added by name."""
    outside: tuple[str, ...] = ()
    """Permissions of other services that some of it needs; told, never added."""

    @property
    def known_actions(self) -> tuple[Action, ...]:
        """The set's actions as the catalog knows them; all of the catalog for full-access."""
        found = {action.name: action for name in self.actions for action in load_catalog().expand(name)}
        return tuple(found[name] for name in sorted(found))

    @property
    def sensitive(self) -> tuple[Action, ...]:
        """The actions in it that deserve a second look."""
        return tuple(action for action in self.known_actions if action.sensitive is not None)

    @property
    def loud(self) -> bool:
        """Whether it deserves a warning wherever it is shown: it holds something of high severity."""
        return any(
            action.sensitive.severity is Severity.HIGH for action in self.sensitive if action.sensitive
        )


@cache
def permission_sets() -> Mapping[str, PermissionSet]:
    """All sets by name, in the order in which they are shown."""
    raw = read_data("sets.json")
    return MappingProxyType({name: _read_set(name, row) for name, row in raw.items()})


def permission_set(name: str, *, where: str = "") -> PermissionSet:
    """Raises InputError, with the nearest name, when there is no such set."""
    sets = permission_sets()
    if name in sets:
        return sets[name]
    near = nearest_word(name, sets)
    raise InputError(
        f"there is no permission set {name!r}",
        where=where,
        fix=f"did you mean {near!r}? (xacct permissions list shows all)"
        if near
        else f"the sets are {', '.join(sets)}",
        code="unknown-set",
    )


def _read_set(name: str, row: Mapping[str, object]) -> PermissionSet:
    def texts(key: str, prefix: str = "") -> tuple[str, ...]:
        value = row[key]
        assert isinstance(value, list)
        return tuple(prefix + item for item in value)

    words = {key: str(row[key]) for key in ("title", "summary", "leaves_out", "console")}
    return PermissionSet(
        name=name,
        actions=texts("actions", PREFIX),
        opt_in=texts("opt_in", PREFIX),
        outside=texts("outside"),
        **words,
    )
