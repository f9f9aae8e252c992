"""The conversation: asks, explains, goes back, reviews, until a grant is settled; through any ``Face``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import attrs

from xacct.errors import InputError, Problem
from xacct.wizard import flow, review
from xacct.wizard.knowledge import Knowledge
from xacct.wizard.model import Option, Question, Row, Topic, Walk
from xacct.wizard.replies import find_option, read_reply

__all__ = ["BACK", "HELP", "Face", "talk"]

BACK, HELP, MORE, QUIT = "<", "?", "m", "q"


class Face(Protocol):
    """Who shows and reads. Each ``ask_…`` returns the line typed; Ctrl-C raises KeyboardInterrupt."""

    def ask_question(self, question: Question, offered: Sequence[Option], number: int) -> str: ...
    def ask_again(self, question: Question, offered: Sequence[Option]) -> str: ...
    def ask_review(self, walk: Walk, rows: Sequence[Row]) -> str: ...
    def ask_review_again(self, walk: Walk) -> str: ...
    def ask_extra(self, questions: Sequence[Question]) -> str: ...
    def tell_wrong(self, problems: Sequence[Problem]) -> None: ...
    def tell_help(self, question: Question, option: Option | None) -> None: ...
    def tell(self, text: str) -> None: ...


class _WentBack(Exception):  # noqa: N818
    """The person went back from a question."""


def talk(walk: Walk, face: Face, knowledge: Knowledge) -> Walk:
    """
    Walk through the questions and the review until the person settles the grant.

    Nothing is written; leaving raises KeyboardInterrupt.
    """
    return _Talk(face, knowledge).run(walk)


@attrs.define
class _Talk:
    face: Face
    knowledge: Knowledge
    number: int = 1

    def run(self, walk: Walk) -> Walk:
        while True:
            walk = self.ask_all(walk)
            reply = self.understood(walk, self.face.ask_review(walk, review.rows(walk)))
            if reply in ("", "w", "write", "y", "yes"):
                if not flow.problems_of(walk):
                    return walk
                self.face.tell("It cannot be written yet: change what is wrong above.")
            else:
                walk = self.reviewed(walk, reply)

    def understood(self, walk: Walk, line: str) -> str:
        """Read lines until one is an answer to the review."""
        known = {"", "w", "write", "y", "yes", BACK, MORE, "more", QUIT, "quit"}
        while True:
            reply = line.strip().lower()
            if reply in known or _row_of(walk, reply) is not None:
                return reply
            self.face.tell(f"{line.strip()!r} is none of the answers here.")
            line = self.face.ask_review_again(walk)

    def reviewed(self, walk: Walk, reply: str) -> Walk:
        """What the person wants of the review other than to write."""
        row = _row_of(walk, reply)
        if row is not None:
            return self.change(walk, row)
        if reply == BACK:
            self.number = max(1, self.number - 1)
            return flow.back(walk)
        if reply in (MORE, "more"):
            return self.add_extra(walk)
        raise KeyboardInterrupt

    def ask_all(self, walk: Walk) -> Walk:
        while question := flow.next_question(walk):
            try:
                walk = self.ask(walk, question, first=True)
                self.number += 1
            except _WentBack:
                if not walk.answers:
                    self.face.tell("This is the first question; Ctrl-C leaves without writing anything.")
                walk = flow.back(walk)
                self.number = max(1, self.number - 1)
        return walk

    def change(self, walk: Walk, row: Row) -> Walk:
        if row.fixed:
            self.face.tell(f"{row.key} was given with --set; leave with Ctrl-C and give it anew.")
            return walk
        try:
            return self.ask(walk, review.question_for(walk, row.key), first=True)
        except _WentBack:
            return walk

    def add_extra(self, walk: Walk) -> Walk:
        questions = review.extras(walk)
        options = [Option(question.key) for question in questions]
        reply = self.face.ask_extra(questions).strip()
        if not reply or reply == BACK:
            return walk
        found = find_option(options, reply)
        if found is None:
            self.face.tell(f"{reply!r} is none of these.")
            return self.add_extra(walk)
        question = attrs.evolve(review.question_for(walk, found.value), required=False)
        try:
            return self.ask(walk, question, first=True)
        except _WentBack:
            return walk

    def ask(self, walk: Walk, question: Question, *, first: bool) -> Walk:
        """Ask one question until it has a good answer."""
        offered = self.knowledge.offered(walk, question)
        line = self.face.ask_question(question, offered, self.number) if first else ""
        pickable = () if question.topic is Topic.GRANTS else offered
        while True:
            typed = line.strip()
            if typed == BACK:
                raise _WentBack
            if typed.startswith(HELP):
                topic = typed.removeprefix(HELP).strip()
                self.face.tell_help(
                    question, find_option(question.options or pickable, topic) if topic else None
                )
            else:
                try:
                    return flow.take(walk, question, read_reply(question, typed, pickable))
                except InputError as error:
                    self.face.tell_wrong(error.problems)
            line = self.face.ask_again(question, offered)


def _row_of(walk: Walk, reply: str) -> Row | None:
    """The line of the review that a number names."""
    rows = review.rows(walk)
    is_number = reply.isdigit() and reply.isascii() and 1 <= int(reply[:6]) <= len(rows)
    return rows[int(reply) - 1] if is_number else None
