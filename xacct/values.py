"""
The decorator of all values: ``attrs.frozen``, with the methods that all values share written once.

attrs writes and compiles the methods of each class when its module is loaded. What shows, compares and hashes
a value is the same for all of them but for the names of the fields, so it is made here without a compiler; a
plan starts a fifth faster. The fields, and ``__init__`` with its converters and validators, are attrs'.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attrs import frozen
else:
    import attrs

    def frozen(cls: type | None = None, **options: Any) -> Any:
        """Make a class a value: see ``attrs.frozen``, whose options this takes."""

        def decorate(made: type) -> type:
            own = frozenset(vars(made))
            if "__repr__" not in own:
                made.__repr__ = _shown
            # With slots attrs makes each class twice, and compiles more where it has cached properties.
            chosen = {"slots": False, **options, "repr": False}
            if options.keys() & _COMPARISON or "__eq__" in own:
                return attrs.frozen(made, **chosen)
            value = attrs.frozen(made, **chosen, eq=False)
            fields = attrs.fields(value)
            value.__eq__ = _equality(_key([field for field in fields if field.eq]))
            if "__hash__" not in own:
                value.__hash__ = _hash(_key([field for field in fields if _is_hashed(field)]))
            return value

        return decorate if cls is None else decorate(cls)

    # Options of classes that compare in a way of their own: attrs writes that.
    _COMPARISON = frozenset({"eq", "order", "hash", "unsafe_hash", "cache_hash"})

    def _is_hashed(field: Any) -> bool:
        return field.eq if field.hash is None else field.hash

    def _key(fields: list[Any]) -> Any:
        """What tells a value from others of its class: a function from the value to what it holds."""
        if not fields:
            return lambda _: ()
        if not any(field.eq_key for field in fields):
            return attrgetter(*(field.name for field in fields))
        parts = [(attrgetter(field.name), field.eq_key or _itself) for field in fields]
        return lambda value: tuple(key(get(value)) for get, key in parts)

    def _itself(held: Any) -> Any:
        return held

    def _equality(key: Any) -> Any:
        def __eq__(self: Any, other: Any) -> Any:  # noqa: N807
            return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

        return __eq__

    def _hash(key: Any) -> Any:
        def __hash__(self: Any) -> int:  # noqa: N807
            return hash(key(self))

        return __hash__

    def _shown(self: Any) -> str:
        fields = [field for field in attrs.fields(type(self)) if field.repr]
        shown = (f"{field.alias}={getattr(self, field.name)!r}" for field in fields)
        return f"{type(self).__qualname__}({', '.join(shown)})"


__all__ = ["frozen"]
