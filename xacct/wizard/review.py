"""The review of a walk: its answers as rows, each with its question again, and what is still missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from xacct.blueprint.model import Blueprint
from xacct.blueprint.resolve import holds
from xacct.errors import Problem
from xacct.wizard import questions as ask
from xacct.wizard.flow import blueprint_of, next_question, opening_question, plain_question, values_of
from xacct.wizard.model import Kind, Question, Row, Walk

__all__ = ["extras", "missing_answers", "question_for", "rows"]


def question_for(walk: Walk, key: str) -> Question:
    """The question of an answer, or of an extra, with the present answer as its default."""
    question = _question_for(walk, key)
    current = walk.text(key) or (walk.setup.account if key == "account" else "") or ""
    if question.kind is Kind.YES_NO:
        current = {"true": "yes", "false": "no"}.get(current, current)
    return attrs.evolve(question, default=current or question.default)


def _question_for(walk: Walk, key: str) -> Question:
    blueprint = blueprint_of(walk)
    opening = walk.without("@blueprint")
    limits = {value: name for name, value in ask.LIMITS.items()}
    if key == "@intent":
        return opening_question(opening.without("@intent"))
    if key == "@blueprint":
        return opening_question(opening)
    if key.startswith("@together."):
        index = int(key.rpartition(".")[2])
        return ask.together_question(index, blueprint.together[index])
    if key in blueprint.parameters:
        return plain_question(walk, blueprint.parameters[key], values_of(walk))
    if key in limits:
        return ask.limit_question(limits[key], walk.setup)
    if key.startswith("tags."):
        tag = key.removeprefix("tags.")
        return ask.tag_question(tag, walk.setup.house.required_tags.get(tag, ()))
    match key:
        case "account":
            return ask.account_question()
        case "permissions":
            return ask.permissions_question()
        case "@reach":
            return ask.reach_question()
        case "name":
            return ask.name_question(walk.setup.name or blueprint.name)
        case _:
            return ask.extra_question(key)


def rows(walk: Walk) -> tuple[Row, ...]:
    """All answers for the review, those given ahead first."""
    found: list[Row] = []
    if walk.blueprint is not None and "@blueprint" not in walk.answers:
        found.append(Row(key="@blueprint", label="The blueprint", value=walk.blueprint.name, fixed=True))
    for key, text in walk.given.items():
        if key != "@blueprint":
            found.append(Row(key=key, label=key, value=text, fixed=True))
    if walk.setup.account and not walk.has("account"):
        question = ask.account_question()
        found.append(Row(key="account", label=question.prompt, value=walk.setup.account))
    for key, text in walk.answers.items():
        if text or key not in ask.EXTRAS:
            found.append(_row(walk, key, text))
    return tuple(found)


def _row(walk: Walk, key: str, text: str) -> Row:
    question = _question_for(walk, key)
    titles = {option.value: option.title for option in question.options}
    if not text:
        shown = question.default or "(none)"
    elif question.kind is Kind.YES_NO:
        shown = "yes" if text == "true" else "no"
    elif key in ("@intent", "@reach", "@blueprint"):
        shown = "; ".join(titles.get(item) or item for item in text.split(","))
    else:
        shown = text
    return Row(key=key, label=question.prompt, value=shown)


def extras(walk: Walk) -> tuple[Question, ...]:
    """What else may be said: advanced parameters that have an effect, and a grant's own keys."""
    texts = values_of(walk)
    advanced = [
        plain_question(walk, parameter, texts)
        for parameter in blueprint_of(walk).parameters.values()
        if parameter.advanced and parameter.name not in walk.given and holds(parameter.when, texts)
    ]
    own = [ask.extra_question(key) for key in ask.EXTRAS if key not in walk.given]
    return tuple(attrs.evolve(question, required=False) for question in (*advanced, *own))


# -- without a terminal --------------------------------------------------------------------------------------


def missing_answers(walk: Walk) -> list[Problem]:
    """Everything that would have to be asked, each with the option that gives it."""
    if walk.blueprint is None:
        return [_no_blueprint(walk.setup.blueprints.values())]
    out: list[Problem] = []
    skipped = {"account", "@reach", *ask.LIMITS.values()}
    while question := next_question(walk):
        if question.required and not question.default and question.key not in skipped:
            out.append(_missing(question))
        walk = walk.with_answer(question.key, "")
    return out


def _missing(question: Question) -> Problem:
    values = ", ".join(option.value for option in question.options)
    several = "one or more, comma between, of" if question.kind is Kind.MANY else "one of"
    example = f" For example: {question.examples[0]}" if question.examples else ""
    fix = question.fix or (f"{several}: {values}" if values else f"{question.why}{example}")
    if question.options and question.fix:
        fix = f"{several}: {values} ({question.fix})"
    return Problem(
        f"{question.key} is missing: {question.prompt}",
        where=f"--set {question.key}=VALUE",
        fix=fix,
        code="missing-answer",
    )


def _no_blueprint(blueprints: Iterable[Blueprint]) -> Problem:
    listed: Sequence[str] = [f"{one.name} ({one.title})" for one in blueprints]
    return Problem(
        "who needs access is not said",
        where="xacct new BLUEPRINT",
        fix=f"name one of: {', '.join(listed)}",
        code="missing-answer",
    )
