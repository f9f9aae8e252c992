"""Which actions an entry selects: its set, with patterns and names added and taken away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from xacct.errors import InputError, Problem
from xacct.lightsail.catalog import PREFIX, Action, Catalog, Source, load_catalog, nearest_word
from xacct.lightsail.entry import PermissionEntry
from xacct.lightsail.sets import EVERYTHING, permission_set
from xacct.values import frozen

__all__ = ["Selection", "select_actions"]


@frozen
class Selection:
    """The actions selected, sorted by name."""

    actions: tuple[Action, ...]
    everything: bool = False
    """Whether it is all of Lightsail, actions that AWS adds later included."""
    cut_from_everything: bool = False
    """Whether it was all of Lightsail before something was taken away."""


def select_actions(entry: PermissionEntry, where: str, problems: list[Problem]) -> Selection:
    """Collect what the entry names; adds a problem for every word that names nothing."""
    selector = _Selector(load_catalog(), where, problems)
    chosen, everything = selector.of_set(entry.set)
    if not everything:
        chosen |= selector.of_add(entry.add, chosen)
    chosen, removed = selector.without(entry.remove, chosen)
    by_name = sorted(chosen, key=lambda action: action.name)
    return Selection(tuple(by_name), everything and not removed, everything and removed)


@frozen
class _Selector:
    catalog: Catalog
    where: str
    problems: list[Problem]

    def problem(self, message: str, path: str, fix: str, code: str) -> None:
        self.problems.append(Problem(message, f"{self.where}.{path}", fix, code))

    def of_set(self, name: str | None) -> tuple[set[Action], bool]:
        if name is None:
            return set(), False
        try:
            found = permission_set(name, where=f"{self.where}.set")
        except InputError as error:
            self.problems.extend(error.problems)
            return set(), False
        return set(found.known_actions), EVERYTHING in found.actions

    def of_add(self, words: Sequence[str], chosen: set[Action]) -> set[Action]:
        named = {action for word in words if (action := self.catalog.action(word))}
        out = set(named)
        for index, word in enumerate(words):
            if self.catalog.action(word) is None:
                out.update(self.expand(word, f"add[{index}]", known=chosen | named))
        return out

    def expand(self, word: str, path: str, known: set[Action]) -> Iterator[Action]:
        """What a pattern adds, short of actions that only the SDK knows; sensitive ones have to be named."""
        if not _is_lightsail(word):
            self.problem(
                f"{word!r} is no action of Lightsail",
                path,
                "paste a statement with other services' actions under statements",
                "foreign-action",
            )
            return
        found = self.catalog.expand(word)
        if not ("*" in word or "?" in word) or not found:
            self.problem(*self._unknown(word, path))
            return
        found = tuple(action for action in found if action.source is not Source.SDK)
        refused = [action for action in found if action.sensitive is not None and action not in known]
        if refused:
            self.problem(*self._too_much(word, path, refused, len(found)))
            return
        yield from found

    def _unknown(self, word: str, path: str) -> tuple[str, str, str, str]:
        near = self.catalog.nearest(word)
        fix = f"did you mean {near!r}?" if near else "xacct permissions show SET lists the actions of a set"
        return f"Lightsail has no action {word!r}", path, fix, "unknown-action"

    @staticmethod
    def _too_much(word: str, path: str, refused: list[Action], found: int) -> tuple[str, str, str, str]:
        names = ", ".join(action.full_name for action in refused)
        fix = "name those you mean one by one under add, beside the pattern"
        if len(refused) > 20 and found > 100:
            fix = "to allow everything, say so: set: full-access"
        return (
            f"the pattern {word!r} would also allow {len(refused)} sensitive actions: {names}",
            path,
            fix,
            "sensitive-pattern",
        )

    def without(self, words: Sequence[str], chosen: set[Action]) -> tuple[set[Action], bool]:
        gone: set[Action] = set()
        for index, word in enumerate(words):
            found = set(self.catalog.expand(word)) & chosen
            if not found:
                self.problem(*self._not_there(word, f"remove[{index}]", chosen))
            gone |= found
        return chosen - gone, bool(gone)

    def _not_there(self, word: str, path: str, chosen: Iterable[Action]) -> tuple[str, str, str, str]:
        near = nearest_word(word, [action.full_name for action in chosen])
        known = self.catalog.expand(word)
        message = f"{word!r} is not among the actions of this entry, so it cannot be taken away"
        if not known:
            message = f"Lightsail has no action {word!r}"
        fix = f"did you mean {near!r}?" if near and not known else "leave it out: it is not allowed anyway"
        return message, path, fix, "unknown-action"


def _is_lightsail(word: str) -> bool:
    return ":" not in word or word.strip().lower().startswith(PREFIX)
