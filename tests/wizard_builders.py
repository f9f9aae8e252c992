"""Walks for the wizard's tests, and a face that is played from a list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from xacct.blueprint.catalogue import list_blueprints
from xacct.blueprint.model import Blueprint
from xacct.errors import Problem
from xacct.wizard.flow import next_question, start, take
from xacct.wizard.model import Option, Question, Row, Setup, Walk
from xacct.wizard.replies import read_reply

EXAMPLES = Path(__file__).parent.parent / "examples"
OURS = "111122223333"
SHIPPED: dict[str, Blueprint] = {one.name: one for one in list_blueprints()}

# For each intent a walk from the first question to the last, as it would be typed.
WALKS: dict[str, list[str]] = {
    "owned-account": [
        *("1", "222233334444", "arn:aws:iam::222233334444:role/deploy", "n", ""),
        *("4", "all", "web-ops"),
    ],
    "third-party": [
        *("vendor", "444455556666", "5c60b3bb-7fbb-44bd-a932-5b41705484b6"),
        *("10", "2", "eu-west-1", "acme"),
    ],
    "github-actions": ["ci", "github-actions", "octo-org@12/site@34", "branch", "main", "1", "all", "site"],
    "github-names": [
        *("ci", "github-actions", "octo-org/site", "name", "1,2", "prod", "main"),
        *("1", "1", "site"),
    ],
    "gitlab-ci": ["ci", "gitlab-ci", "group/site", "branch", "main", "read-only", "all", "site"],
    "federated-saml": ["4", "federated-saml", "company-idp", "metadata.xml", "read-only", "all", "staff"],
    "delegated": ["5", "role", f"arn:aws:iam::{OURS}:user/jane", "y", "inventory", "3", "Team=web", "jane"],
    "delegated-group": ["5", "group", "jane,raj", "inventory", "all", "dns-team"],
    "federated-oidc": [
        *("ci", "federated-oidc", "https://oidc.example.com/t", "sts.amazonaws.com", "system:backup"),
        *("snapshot-operator,read-only", "regions,tags", "eu-west-1,eu-west-2", "A=b", "backup"),
    ],
}


def setup(**changes: Any) -> Setup:
    """A walk's setup with all shipped blueprints; the grant's file stands among the examples."""
    facts: dict[str, Any] = {
        "blueprints": SHIPPED,
        "account": OURS,
        "file": EXAMPLES / "grant.yaml",
        "make_id": lambda: "made-1b9f3f0e",
    }
    return Setup(**{**facts, **changes})


def answer(walk: Walk, lines: Sequence[str]) -> Walk:
    """Answer questions in order, as typed."""
    for line in lines:
        question = next_question(walk)
        assert question is not None, f"no question is left for {line!r}"
        walk = take(walk, question, read_reply(question, line))
    return walk


def finished(name: str) -> Walk:
    walk = answer(start(setup(), None, {}), WALKS[name])
    assert next_question(walk) is None
    return walk


@attrs.define
class PlayedFace:
    """Gives the lines one after the other; an exception among them is raised. Notes what it was told."""

    lines: list[Any]
    asked: list[str] = attrs.field(factory=list)
    told: list[str] = attrs.field(factory=list)

    def _next(self) -> str:
        line = self.lines.pop(0)
        if isinstance(line, BaseException):
            raise line
        return str(line)

    def ask_question(self, question: Question, offered: Sequence[Option], number: int) -> str:
        self.asked.append(question.key)
        return self._next()

    def ask_again(self, question: Question, offered: Sequence[Option]) -> str:
        return self._next()

    def ask_review(self, walk: Walk, rows: Sequence[Row]) -> str:
        self.asked.append("review")
        self.told += [f"{row.label}: {row.value}" for row in rows]
        return self._next()

    def ask_review_again(self, walk: Walk) -> str:
        self.asked.append("review again")
        return self._next()

    def ask_extra(self, questions: Sequence[Question]) -> str:
        self.asked.append("extra")
        self.told += [question.key for question in questions]
        return self._next()

    def tell_wrong(self, problems: Sequence[Problem]) -> None:
        self.told += [problem.message for problem in problems]

    def tell_help(self, question: Question, option: Option | None) -> None:
        self.told.append(f"help {question.key} {option.value if option else ''}".strip())

    def tell(self, text: str) -> None:
        self.told.append(text)
