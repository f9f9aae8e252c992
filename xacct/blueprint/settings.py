"""
A grant from ``--set key=value``, read by the same code as a file's.

Any key of a grant is taken, with a dot for what is inside (``tags.Team``, ``permissions.regions``); any other
name is a parameter of the blueprint. A limit without a number, ``permissions.regions``, holds for every set
that ``permissions`` names. A comma divides the items of a list; a value that begins with ``[`` or ``{`` is
read as YAML, for items that hold a comma.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from xacct.blueprint.grant_nodes import GRANT_KEYS, PERMISSION_KEYS, grant_from_node
from xacct.blueprint.model import Blueprint, Grant, ParameterType, Value
from xacct.blueprint.reading import nearest
from xacct.blueprint.values import GENERATE
from xacct.blueprint.write import acceptance_map, duration_text, entry_map, expectation_map, to_flow
from xacct.blueprint.yaml_nodes import MappingNode, Node, Scalar, SequenceNode, parse_yaml, shorten
from xacct.errors import InputError, Problem
from xacct.iam.things import DEFAULT_MAX_SESSION

__all__ = ["grant_from_settings", "make_external_id", "parse_setting", "settings_of"]

_LISTS = {"add", "remove", "resources", "regions", "statements"}
_LIMITS = {"resources", "regions", "tags", "unscoped"}


def make_external_id() -> str:
    """Make a random external ID; the only randomness of this package, and only when asked for."""
    import uuid

    return str(uuid.uuid4())


def parse_setting(text: str) -> tuple[str, str]:
    """Cut ``key=value``. Raises InputError."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise InputError(
            f"--set takes key=value, not {shorten(text)!r}",
            where="--set",
            fix="--set name=acme-backup",
            code="setting",
        )
    return key.strip(), value


@attrs.define
class _Tree:
    """A mapping under construction: keys to texts, nodes or further trees, with the option as place."""

    place: str
    children: dict[str, _Tree | Node] = attrs.field(factory=dict)

    def node(self) -> Node:
        done = {
            key: child.node() if isinstance(child, _Tree) else child for key, child in self.children.items()
        }
        if done and all(key.isdigit() for key in done):
            return SequenceNode(tuple(done[key] for key in sorted(done, key=int)), self.place)
        return MappingNode(
            tuple((Scalar(key, value.place), value) for key, value in done.items()), self.place
        )

    def put(self, path: Sequence[str], value: Node) -> bool:
        """Hang a value in; False when something stands there already."""
        here = self
        for key in path[:-1]:
            child = here.children.setdefault(key, _Tree(value.place))
            if not isinstance(child, _Tree):
                return False
            here = child
        if path[-1] in here.children:
            return False
        here.children[path[-1]] = value
        return True


def grant_from_settings(
    blueprint: Blueprint,
    settings: Sequence[tuple[str, str]],
    *,
    make_id: Callable[[], str] = make_external_id,
) -> Grant:
    """
    Make a grant of settings alone.

    The name is the blueprint's unless given. ``make_id`` is called for a parameter that may be generated and
    has the value ``generate``. Raises InputError with every problem, each naming its option. What is missing
    is told when the grant is expanded.
    """
    problems: list[Problem] = []
    root = _Tree("--set")
    root.put(["blueprint"], Scalar(blueprint.name, "--set"))
    sets = _sets_named(settings)
    for key, text in settings:
        place = f"--set {key}"
        try:
            for one in _for_each_set(key, sets):
                for path, value in _place(blueprint, one, text, place, make_id):
                    if not root.put(path, value):
                        raise InputError(
                            f"{key} is given twice", where=place, fix="give it once", code="given-twice"
                        )
        except InputError as error:
            problems += [attrs.evolve(problem, where=problem.where or place) for problem in error.problems]
    if problems:
        raise InputError(problems)
    root.put(["name"], Scalar(blueprint.name, "--set"))
    return attrs.evolve(grant_from_node(root.node(), "--set"), file=None)


def _sets_named(settings: Sequence[tuple[str, str]]) -> int:
    """How many sets ``permissions`` names one after the other; 1 where it says it in another way."""
    texts = [text for key, text in settings if key == "permissions"]
    names = [
        name for text in texts if not text.startswith(("[", "{")) for name in text.split(",") if name.strip()
    ]
    return max(len(names), 1)


def _for_each_set(key: str, sets: int) -> list[str]:
    """A limit without a number, once for each set: it would be a surprise if it held for the first alone."""
    head, *rest = key.split(".")
    if head != "permissions" or not rest or rest[0] not in _LIMITS:
        return [key]
    return [".".join(("permissions", str(index), *rest)) for index in range(sets)]


def settings_of(grant: Grant) -> tuple[tuple[str, str], ...]:
    """
    The settings that make this grant again.

    With the same blueprint, ``grant_from_settings`` gives a grant of the same content, but that a lone value
    of a list parameter comes back as a list.
    """
    out: list[tuple[str, str]] = [("name", grant.name)]
    expires = grant.expires.isoformat() if grant.expires else None
    session = duration_text(grant.max_session) if grant.max_session != DEFAULT_MAX_SESSION else None
    for key, text in (
        ("account", grant.account),
        ("role_name", grant.role_name),
        ("path", grant.path),
        ("description", grant.description),
        ("permissions_boundary", grant.boundary),
        ("max_session", session),
        ("expires", expires),
    ):
        if text is not None:
            out.append((key, text))
    out += [(f"tags.{key}", text) for key, text in grant.tags.items()]
    for name, value in grant.parameters.items():
        out.append((name if name not in GRANT_KEYS else f"parameters.{name}", _setting(value)))
    out += _permission_settings(grant)
    sides = {"allow": grant.expect.allow, "deny": grant.expect.deny}
    contract = {side: [expectation_map(one) for one in lines] for side, lines in sides.items() if lines}
    if contract:
        out.append(("expect", to_flow(contract)))
    if grant.accept:
        out.append(("accept", to_flow([acceptance_map(one) for one in grant.accept])))
    return tuple(out)


def _setting(value: Value) -> str:
    if isinstance(value, str):
        return value
    return ",".join(value) if _is_simple(value) else to_flow(value)


def _is_simple(value: Value) -> bool:
    """Whether a list can be told with commas alone."""
    if not isinstance(value, tuple) or not value or value[0].startswith(("[", "{")):
        return False
    return all(item and "," not in item and item == item.strip() for item in value)


def _permission_settings(grant: Grant) -> list[tuple[str, str]]:
    entries = [entry_map(entry) for entry in grant.permissions]
    if all(entry.keys() == {"set"} and "," not in entry["set"] for entry in entries):
        return [("permissions", ",".join(entry["set"] for entry in entries))] if entries else []
    return [("permissions", to_flow(entries))]


def _place(
    blueprint: Blueprint, key: str, text: str, place: str, make_id: Callable[[], str]
) -> list[tuple[list[str], Node]]:
    head, *rest = key.split(".")
    if head == "parameters" and rest:
        head, *rest = rest
    elif head in GRANT_KEYS:
        return _grant_key(head, rest, text, place)
    if head not in blueprint.parameters:
        raise _unknown(blueprint, head, place)
    parameter = blueprint.parameters[head]
    if parameter.generate and text == GENERATE:
        text = make_id()
    if parameter.type is ParameterType.MAP and rest:
        # A map's key may have dots of its own.
        return [(["parameters", head, ".".join(rest)], _listed(text, place))]
    if rest:
        raise InputError(f"{head} has nothing named {'.'.join(rest)!r} inside", where=place, code="setting")
    if parameter.type is ParameterType.MAP:
        return [(["parameters", head], _pairs(text, place))]
    if parameter.type is ParameterType.LIST:
        return [(["parameters", head], _listed(text, place))]
    return [(["parameters", head], Scalar(text, place, plain=False))]


def _grant_key(head: str, rest: list[str], text: str, place: str) -> list[tuple[list[str], Node]]:
    match head, rest:
        case "permissions", []:
            if text.startswith(("[", "{")):
                return [(["permissions"], _yaml(text, place))]
            names = [name.strip() for name in text.split(",") if name.strip()]
            return [
                (["permissions", str(index), "set"], Scalar(name, place)) for index, name in enumerate(names)
            ]
        case "permissions", [first, *inner] if first in PERMISSION_KEYS:
            return _permission("0", [first, *inner], text, place)
        case "permissions", [index, first, *inner] if index.isdigit() and len(index) < 4:
            return _permission(index, [first, *inner], text, place)
        case "tags", [*inner] if inner:
            return [(["tags", ".".join(inner)], Scalar(text, place, plain=False))]
        case "tags", []:
            return [(["tags"], _pairs(text, place))]
        case (("expect" | "accept"), []):
            return [([head], _yaml(text, place))]
        case _, []:
            return [([head], Scalar(text, place, plain=False))]
        case _:
            raise InputError(
                f"{head} has nothing named {'.'.join(rest)!r} inside", where=place, code="setting"
            )


def _permission(index: str, path: list[str], text: str, place: str) -> list[tuple[list[str], Node]]:
    key, inner = path[0], path[1:]
    whole = ["permissions", index, key]
    if key == "tags":
        return [([*whole, ".".join(inner)], _listed(text, place)) if inner else (whole, _pairs(text, place))]
    if inner:
        raise InputError(f"permissions.{key} has nothing inside", where=place, code="setting")
    return [(whole, _listed(text, place) if key in _LISTS else Scalar(text, place, plain=False))]


def _yaml(text: str, place: str) -> Node:
    documents = parse_yaml(text, place)
    if len(documents) != 1:
        raise InputError(f"{place} holds no value", where=place, fix="write one YAML value", code="setting")
    return _moved(documents[0], place)


def _moved(node: Node, place: str) -> Node:
    """The same node with the option as its place: a line within one option says nothing."""
    match node:
        case Scalar():
            return attrs.evolve(node, place=place)
        case SequenceNode(items=items):
            return attrs.evolve(node, items=tuple(_moved(item, place) for item in items), place=place)
        case MappingNode(pairs=pairs):
            moved = tuple((attrs.evolve(key, place=place), _moved(value, place)) for key, value in pairs)
            return attrs.evolve(node, pairs=moved, place=place)


def _listed(text: str, place: str) -> Node:
    if text.startswith(("[", "{")):
        return _yaml(text, place)
    items = [item.strip() for item in text.split(",")]
    return SequenceNode(tuple(Scalar(item, place, plain=False) for item in items if item), place)


def _pairs(text: str, place: str) -> Node:
    if text.startswith("{"):
        return _yaml(text, place)
    pairs: dict[str, Scalar] = {}
    for item in text.split(","):
        key, equals, value = item.partition("=")
        if not equals or key.strip() in pairs:
            raise InputError(
                f"{shorten(item)!r} is no key=value, or its key is there twice",
                where=place,
                fix=f"{place}=Team=web,Stage=prod",
                code="setting",
            )
        pairs[key.strip()] = Scalar(value.strip(), place, plain=False)
    return MappingNode(tuple((Scalar(key, place), value) for key, value in pairs.items()), place)


def _unknown(blueprint: Blueprint, name: str, place: str) -> InputError:
    known = [*blueprint.parameters, *GRANT_KEYS]
    near = nearest(name, known)
    return InputError(
        f"{shorten(name)!r} is neither a key of a grant nor a parameter of {blueprint.name}",
        where=place,
        fix=f"did you mean {near!r}?" if near else f"its parameters are: {', '.join(blueprint.parameters)}",
        code="unknown-parameter",
    )
