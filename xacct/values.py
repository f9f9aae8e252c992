"""
The decorator of all values: ``attrs.frozen``, with one ``repr`` for all of them.

attrs writes and compiles the methods of each class when its module is loaded. The repr is half of that work,
and nothing but a person at a debugger or a failing test reads it, so it is written once, here; a plan starts
a sixth faster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attrs import frozen
else:
    import attrs

    def frozen(cls: type | None = None, **options: Any) -> Any:
        """Make a class a value: see ``attrs.frozen``, whose options this takes."""

        def decorate(made: type) -> type:
            if "__repr__" not in vars(made) and "repr" not in options:
                made.__repr__ = _shown
            return attrs.frozen(made, **{"repr": False, **options})

        return decorate if cls is None else decorate(cls)

    def _shown(self: Any) -> str:
        fields = [field for field in attrs.fields(type(self)) if field.repr]
        shown = (f"{field.alias}={getattr(self, field.name)!r}" for field in fields)
        return f"{type(self).__qualname__}({', '.join(shown)})"


__all__ = ["frozen"]
