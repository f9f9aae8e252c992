"""From nodes to a grant: what each key of a grant means, whatever blueprint it uses."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xacct.blueprint.checks import (
    check_boundary,
    check_description,
    check_max_session,
    check_name,
    check_path,
    check_role_name,
    check_tag,
    parse_unscoped,
)
from xacct.blueprint.model import Acceptance, Expect, Expectation, Grant, Value
from xacct.blueprint.reading import Reader, parse_date
from xacct.blueprint.yaml_nodes import MappingNode, Node, Scalar, SequenceNode, is_absent, shorten
from xacct.errors import InputError
from xacct.iam.arn import Arn, check_account_id
from xacct.iam.policy import PolicyDocument
from xacct.iam.things import DEFAULT_MAX_SESSION

if TYPE_CHECKING:
    from xacct.lightsail.writing import PermissionEntry

__all__ = ["GRANT_KEYS", "PERMISSION_KEYS", "grant_from_node", "plain_json"]

GRANT_KEYS = (
    "blueprint",
    "name",
    "account",
    "parameters",
    "permissions",
    "unscoped",
    "max_session",
    "expires",
    "role_name",
    "path",
    "description",
    "tags",
    "permissions_boundary",
    "expect",
    "accept",
)
PERMISSION_KEYS = ("set", "add", "remove", "resources", "tags", "regions", "unscoped", "statements")
EXPECT_KEYS = ("as", "action", "resource", "context", "without")

_LIMITS = ("resources", "tags", "regions")

MAX_OWN_TAGS = 46
"""Of a role's 50 tags, those left when xacct has set its own."""


def grant_from_node(node: Node, file: str) -> Grant:
    """
    Read one grant.

    Raises InputError with every problem of the document.
    """
    reader = _GrantReader(file)
    grant = reader.grant(node)
    reader.finish()
    return grant


def plain_json(node: Node) -> Any:
    """Turn a node into what JSON would have given: for IAM statements pasted into a grant."""
    match node:
        case Scalar(text=text):
            return None if is_absent(node) else text
        case SequenceNode(items=items):
            return [plain_json(item) for item in items]
        case MappingNode(pairs=pairs):
            return {key.text: plain_json(value) for key, value in pairs}


def is_policy(node: Node) -> bool:
    """Whether a node is a policy document, pasted as JSON or written as YAML."""
    return isinstance(node, MappingNode) and node.get("Statement") is not None


def policy_text(node: Node) -> str:
    """A policy document's JSON, as parameters hold it."""
    return json.dumps(plain_json(node), ensure_ascii=False)


class _GrantReader(Reader):
    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file

    def grant(self, node: Node) -> Grant:
        if not isinstance(node, MappingNode):
            self.problem(
                node,
                "",
                f"a grant is a mapping of keys to values, this is {node.kind}",
                "see `xacct new`",
                "type",
            )
            self.finish()
        keys = self.mapping(node, "", GRANT_KEYS, "a grant")
        for key in ("blueprint", "name"):
            if key not in keys:
                self.problem(node, key, f"the grant has no {key}", f"add `{key}: …`", "missing-key")
        blueprint = self.text(keys.get("blueprint"), "blueprint") or ""
        name = self.typed(keys.get("name"), "name", check_name) or ""
        unscoped = self.typed(keys.get("unscoped"), "unscoped", parse_unscoped) or False
        return Grant(
            name=name,
            blueprint=blueprint,
            account=self.typed(keys.get("account"), "account", check_account_id),
            parameters=self.parameters(keys.get("parameters")),
            permissions=self.permissions(keys.get("permissions"), unscoped=unscoped),
            max_session=self.typed(keys.get("max_session"), "max_session", check_max_session)
            or DEFAULT_MAX_SESSION,
            expires=self.typed(keys.get("expires"), "expires", parse_date),
            expect=self.expect(keys.get("expect")),
            accept=self.accept(keys.get("accept")),
            role_name=self.typed(keys.get("role_name"), "role_name", check_role_name),
            path=self.typed(keys.get("path"), "path", check_path),
            description=self.typed(keys.get("description"), "description", check_description),
            tags=self.tags(keys.get("tags")),
            boundary=self.typed(keys.get("permissions_boundary"), "permissions_boundary", check_boundary),
            file=self.file,
            places=MappingProxyType({"": node.place, **self.places}),
        )

    def parameters(self, node: Node | None) -> Mapping[str, Value]:
        if node is None:
            return {}
        out: dict[str, Value] = {}
        self.refuse_empty(node, "parameters")
        for name, value in self.mapping(node, "parameters", None, "parameters").items():
            path = f"parameters.{name}"
            match value:
                case Scalar(text=text):
                    out[name] = text
                case SequenceNode():
                    out[name] = self.texts(value, path)
                case MappingNode() if is_policy(value):
                    out[name] = policy_text(value)
                case MappingNode() if any(is_policy(item) for _, item in value.pairs):
                    documents = self.mapping(value, path, None, path)
                    out[name] = MappingProxyType(
                        {
                            key: (policy_text(item),)
                            if is_policy(item)
                            else self.texts(item, f"{path}.{key}")
                            for key, item in documents.items()
                        }
                    )
                case MappingNode():
                    out[name] = MappingProxyType(self.text_map(value, path, path))
        return MappingProxyType(out)

    def refuse_empty(self, node: Node, path: str, keys: Collection[str] | None = None) -> None:
        """
        Refuse a key that stands there and says nothing, as when all its items are commented out.

        Where leaving it out means "no limit", taking it for left out would widen what was meant to be narrow.
        """
        for key, value in node if isinstance(node, MappingNode) else ():
            empty = is_absent(value) or (isinstance(value, (SequenceNode, MappingNode)) and not tuple(value))
            if empty and (keys is None or key.text in keys):
                inner = f"{path}.{key.text}"
                self.problem(
                    key, inner, f"{key.text} is given and empty", "give a value, or remove it", "empty"
                )

    def tags(self, node: Node | None) -> Mapping[str, str]:
        out: dict[str, str] = {}
        if node is None:
            return out
        for key, value in self.mapping(node, "tags", None, "tags").items():
            text = self.text(value, f"tags.{key}") or ""
            wrong = check_tag(key, text)
            if wrong is not None:
                self.problem(value, f"tags.{key}", wrong, "change the tag", "tag")
            out[key] = text
        if len(out) > MAX_OWN_TAGS:
            self.problem(
                node, "tags", f"{len(out)} tags are too many; {MAX_OWN_TAGS} fit", "remove some", "tag"
            )
        return out

    def permissions(self, node: Node | None, *, unscoped: bool) -> tuple[PermissionEntry, ...]:
        if node is None:
            return ()
        return tuple(self.permission(item, path, unscoped) for path, item in self.items(node, "permissions"))

    def permission(self, node: Node, path: str, unscoped: bool) -> PermissionEntry:
        from xacct.lightsail.writing import PermissionEntry

        if isinstance(node, Scalar):
            return PermissionEntry(set=node.text, unscoped=unscoped)
        keys = self.mapping(node, path, PERMISSION_KEYS, "a permissions entry")
        self.refuse_empty(node, path, _LIMITS)
        own = self.typed(keys.get("unscoped"), f"{path}.unscoped", parse_unscoped)
        entry = PermissionEntry(
            set=self.text(keys.get("set"), f"{path}.set"),
            add=self.texts(keys.get("add"), f"{path}.add"),
            remove=self.texts(keys.get("remove"), f"{path}.remove"),
            resources=self.texts(keys.get("resources"), f"{path}.resources"),
            tags=self.text_map(keys.get("tags"), f"{path}.tags", "tags"),
            regions=self.texts(keys.get("regions"), f"{path}.regions"),
            unscoped=unscoped if own is None else own,
            statements=self.statements(keys.get("statements"), f"{path}.statements"),
        )
        if entry.set is None and not entry.add and not entry.statements:
            self.problem(
                node,
                path,
                "a permissions entry names no set, no action and no statement",
                "add `set: read-only`; `xacct permissions list` shows the sets",
                "missing-key",
            )
        return entry

    def statements(self, node: Node | None, path: str) -> tuple[Any, ...]:
        """Statements of an identity-based policy as AWS's documentation shows them, in YAML or JSON."""
        if node is None:
            return ()
        content = plain_json(node)
        if isinstance(content, dict) and "Statement" in content:
            content = content["Statement"]
        try:
            document = PolicyDocument.from_json({"Version": "2012-10-17", "Statement": content}, path)
        except InputError as error:
            for problem in error.problems:
                inner = problem.where.partition(": ")[2].removeprefix("$.Statement").removeprefix("$")
                self.problem(node, f"{path}{inner}", problem.message, problem.fix, problem.code)
            return ()
        for index, statement in enumerate(document.statements):
            if statement.principals is not None or statement.not_principals is not None:
                self.problem(
                    node,
                    f"{path}[{index}]",
                    "a permissions statement has no Principal",
                    "remove it",
                    "statement",
                )
            elif statement.resources is None and statement.not_resources is None:
                self.problem(
                    node, f"{path}[{index}]", "the statement has no Resource", "add the ARNs", "statement"
                )
        return document.statements

    def expect(self, node: Node | None) -> Expect:
        if node is None:
            return Expect()
        keys = self.mapping(node, "expect", ("allow", "deny"), "expect")
        sides = {
            side: tuple(
                self.expectation(item, path, side) for path, item in self.items(keys[side], f"expect.{side}")
            )
            for side in keys
            if side in ("allow", "deny")
        }
        return Expect(**sides)

    def expectation(self, node: Node, path: str, side: str) -> Expectation:
        keys = self.mapping(node, path, EXPECT_KEYS, "an expectation")
        action = self.text(keys.get("action"), f"{path}.action") or "sts:AssumeRole"
        if not re.fullmatch(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+", action):
            self.problem(
                node, path, f"{shorten(action)!r} is no action", "write lightsail:GetInstances", "action"
            )
        who = self.text(keys.get("as"), f"{path}.as") or "trusted"
        if who != "trusted" and Arn.try_parse(who) is None:
            self.problem(
                node,
                path,
                f"`as` is {shorten(who)!r}",
                "write `trusted` or the ARN of a principal",
                "principal",
            )
        without = self.text(keys.get("without"), f"{path}.without")
        if without is not None and side == "allow":
            self.problem(
                node,
                path,
                "`without` stands in `allow`",
                "what works without a condition goes in `deny`",
                "without",
            )
        return Expectation(
            who=who,
            action=action,
            resource=self.text(keys.get("resource"), f"{path}.resource"),
            context=self.text_map(keys.get("context"), f"{path}.context", "context"),
            without=without,
        )

    def accept(self, node: Node | None) -> tuple[Acceptance, ...]:
        if node is None:
            return ()
        return tuple(self.acceptance(item, path) for path, item in self.items(node, "accept"))

    def acceptance(self, node: Node, path: str) -> Acceptance:
        keys = self.mapping(node, path, ("rule", "reason", "until"), "an accepted finding")
        rule = self.text(keys.get("rule"), f"{path}.rule") or ""
        reason = (self.text(keys.get("reason"), f"{path}.reason") or "").strip()
        if not rule:
            self.problem(node, path, "an accepted finding names no rule", "add `rule: XA101`", "missing-key")
        if not reason:
            self.problem(
                node, path, "an accepted finding gives no reason", "add `reason:` with why", "missing-key"
            )
        until: date | None = self.typed(keys.get("until"), f"{path}.until", parse_date)
        return Acceptance(rule, reason, until)
