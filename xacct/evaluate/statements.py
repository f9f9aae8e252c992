"""
Statements, compiled: the tests that one statement puts to a request.

``documents`` reads them from JSON; ``engine`` asks ``applies`` and ``names`` and combines the answers.
"""

from __future__ import annotations

from collections.abc import Mapping

from xacct.evaluate.conditions import Condition
from xacct.evaluate.model import ContextValue
from xacct.evaluate.patterns import Matcher, any_pattern, compile_pattern, escape_policy_text
from xacct.evaluate.principals import Caller, Level, PrincipalElement
from xacct.evaluate.variables import UNKNOWN, Template, Variable, parse_template, render

__all__ = ["ResourceElement", "Statement", "Subject"]


class Subject:
    """A request made ready for the tests. ``context`` has lower-case keys."""

    __slots__ = ("action", "action_as_written", "caller", "context", "partial", "resource")

    def __init__(
        self, caller: Caller, action: str, resource: str, context: Mapping[str, ContextValue], partial: bool
    ) -> None:
        self.caller = caller
        self.action = action.lower()
        self.action_as_written = action
        self.resource = resource
        self.context = context
        self.partial = partial


class ResourceElement:
    """A compiled Resource or NotResource; what holds variables is rendered for each request."""

    __slots__ = ("_fixed", "_templates", "needs", "negated", "written")

    def __init__(self, written: tuple[str, ...], *, negated: bool, allow: bool, variables: bool) -> None:
        self.negated = negated
        self.written = written
        fixed = []
        templates: list[Template] = []
        for text in written:
            if text != "*" and _cannot_be_saved(text, widens=allow is not negated):
                continue
            template = _resource_template(text) if variables and "${" in text else None
            if template is not None:
                templates.append(template)
            else:
                fixed.append(escape_policy_text(text))
        self._fixed: Matcher = any_pattern(fixed, arn=True)
        self._templates = tuple(templates)
        self.needs = tuple(
            part.key for template in templates for part in template if isinstance(part, Variable)
        )

    def check(self, subject: Subject) -> bool | None:
        found: bool | None = self._fixed(subject.resource)
        if not found and self._templates:
            found = self._rendered(subject)
        return None if found is None else found is not self.negated

    def _rendered(self, subject: Subject) -> bool | None:
        known: bool | None = False
        for template in self._templates:
            text = render(template, subject.context, partial=subject.partial, pattern=True)
            if text is UNKNOWN:
                known = None
            elif isinstance(text, str) and compile_pattern(text, True)(subject.resource):
                return True
        return known


def _resource_template(text: str) -> Template | None:
    """Variables count after the fifth colon only (reference_policies_variables)."""
    parts = text.split(":", 5)
    tail = parse_template(parts[5]) if len(parts) == 6 else None
    return None if tail is None else (":".join(parts[:5]) + ":", *tail)


def _cannot_be_saved(text: str, *, widens: bool) -> bool:
    """
    A wildcard for the service is refused by IAM; should one come, it never gives and always takes away.

    ``widens`` says that a match lets more through.
    """
    parts = text.split(":", 3)
    return widens and len(parts) > 2 and ("*" in parts[2] or "?" in parts[2])


class Statement:
    """One compiled statement."""

    __slots__ = (
        "action",
        "actions",
        "allow",
        "conditions",
        "index",
        "not_action",
        "principal",
        "resource",
        "sid",
    )

    def __init__(
        self,
        index: int,
        sid: str | None,
        allow: bool,
        actions: tuple[str, ...],
        not_action: bool,
        resource: ResourceElement | None,
        principal: PrincipalElement | None,
        conditions: tuple[Condition, ...],
    ) -> None:
        self.index = index
        self.sid = sid
        self.allow = allow
        self.actions = actions
        self.action: Matcher = any_pattern([escape_policy_text(action.lower()) for action in actions])
        self.not_action = not_action
        self.resource = resource
        self.principal = principal
        self.conditions = conditions

    def applies(self, subject: Subject) -> bool | None:
        """Whether the statement covers the request, its Principal left aside."""
        if self.action(subject.action) is self.not_action:
            return False
        answer: bool | None = True
        if self.resource is not None:
            answer = self.resource.check(subject)
            if answer is False:
                return False
        for condition in self.conditions:
            met = condition.check(subject.context, subject.partial)
            if met is False:
                return False
            if met is None:
                answer = None
        return answer

    @property
    def needs(self) -> frozenset[str]:
        """The condition keys that the statement looks at, in lower case."""
        keys = {key for condition in self.conditions for key in condition.needs}
        return frozenset(keys if self.resource is None else keys.union(self.resource.needs))

    def names(self, subject: Subject) -> tuple[Level, Level]:
        """
        How the Principal or NotPrincipal covers the caller, at least and at most.

        The two differ only where ``aws:userid`` is not known and the element lists unique IDs.
        """
        element = self.principal
        if element is None:
            return Level.DIRECT, Level.DIRECT
        user_id = subject.context.get("aws:userid")
        level = element.level(subject.caller, user_id if isinstance(user_id, str) else None)
        if not element.negated:
            if user_id is None and subject.partial and element.depends_on_user_id(subject.caller):
                return level, Level.USER
            return level, level
        covered = level is not Level.NONE if self.allow else element.exempts(subject.caller)
        level = Level.NONE if covered else Level.DIRECT
        return level, level
