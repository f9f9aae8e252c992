"""The same message is told once, however often and however fully it stands in a log."""

from __future__ import annotations

from collections.abc import Iterable

from xacct.diagnose.model import DeniedBy, Found
from xacct.values import frozen

__all__ = ["once_each"]


def once_each(found: Iterable[Found]) -> tuple[Found, ...]:
    """Drop what repeats another message, or says less of the same."""
    listed = list(dict.fromkeys(_Key.of(item) for item in found))
    first: dict[_Key, Found] = {}
    for item in found:
        first.setdefault(_Key.of(item), item)
    kept = [
        key for key in listed if not any(key.says_less_than(other) for other in listed[:200] if other != key)
    ]
    return tuple(first[key] for key in kept)


@frozen
class _Key:
    """What makes two messages the same."""

    family: str
    denied_by: DeniedBy
    explicit: bool
    values: tuple[str | None, str | None, str | None]

    @classmethod
    def of(cls, found: Found) -> _Key:
        return cls(
            found.family, found.denied_by, found.explicit, (found.principal, found.action, found.resource)
        )

    def says_less_than(self, other: _Key) -> bool:
        if (self.family, self.denied_by, self.explicit) != (other.family, other.denied_by, other.explicit):
            return False
        if None not in self.values:
            return False
        pairs = list(zip(self.values, other.values, strict=True))
        return all(mine is None or mine == theirs for mine, theirs in pairs)
