"""
The walk, pure: from the answers so far to the next question.

An answer is tried out by expanding the grant that the answers would make; the problems that are about it are
the reasons why it is not taken. Nothing is checked here that a grant's file would not be held to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import attrs

from xacct.blueprint.expand import built_in_values, expand
from xacct.blueprint.model import Blueprint, Grant, Intent, Parameter, ParameterType
from xacct.blueprint.placeholders import Values
from xacct.blueprint.resolve import holds, is_required, resolve
from xacct.blueprint.settings import grant_from_settings
from xacct.blueprint.values import GENERATE
from xacct.errors import InputError, Problem
from xacct.wizard import questions as ask
from xacct.wizard.model import Question, Setup, Walk

__all__ = [
    "back",
    "blueprint_of",
    "grant_of",
    "next_question",
    "opening_question",
    "plain_question",
    "problems_of",
    "settings_of_walk",
    "start",
    "take",
    "values_of",
]

_UNKNOWN_ACCOUNT = "000000000000"
"""Stands for the trusting account where nothing tells which it is; problems that name it are none."""


# -- from answers to a grant ---------------------------------------------------------------------------------


def settings_of_walk(walk: Walk) -> tuple[tuple[str, str], ...]:
    """The settings that the answers amount to, in the order of the blueprint."""
    blueprint = blueprint_of(walk)
    found = {key: text for key, text in walk.given.items() if not key.startswith("@")}
    for key, text in walk.answers.items():
        if text and key.startswith("@together."):
            found |= _groups(blueprint, key, text)
        elif text and not key.startswith("@"):
            found[key] = text
    if not _names_sets(found):
        # Limits wait for the sets that they are of.
        found = {key: text for key, text in found.items() if not key.startswith("permissions.")}
    if "account" not in found and walk.setup.account:
        found["account"] = walk.setup.account
    order = [*(key for key in found if key not in blueprint.parameters), *blueprint.parameters]
    return tuple((key, found[key]) for key in order if key in found)


def _groups(blueprint: Blueprint, key: str, text: str) -> dict[str, str]:
    index = int(key.rpartition(".")[2])
    match = re.fullmatch(blueprint.together[index].pattern, text)
    return {name: value for name, value in match.groupdict().items() if value} if match else {}


def _names_sets(keys: Iterable[str]) -> bool:
    """Whether something is said of what is permitted, not only of how far it reaches."""
    return any(
        key == "permissions"
        or (key.startswith("permissions.") and key.rpartition(".")[2] in ("set", "add", "statements"))
        for key in keys
    )


def grant_of(walk: Walk) -> Grant:
    """The grant that the answers make. Raises InputError for settings that are none."""
    settings = settings_of_walk(walk)
    if walk.setup.name and "name" not in dict(settings):
        settings = (("name", walk.setup.name), *settings)
    grant = grant_from_settings(blueprint_of(walk), settings, make_id=lambda: "to-be-made")
    file = walk.setup.file
    return attrs.evolve(grant, file=str(file)) if file is not None else grant


def problems_of(walk: Walk) -> list[Problem]:
    """Everything that is wrong with the answers so far, and everything that is missing."""
    account = walk.setup.account or _UNKNOWN_ACCOUNT
    try:
        expand(
            grant_of(walk),
            blueprint_of(walk),
            account=account,
            house=walk.setup.house,
            today=walk.setup.today,
        )
    except InputError as error:
        return [problem for problem in error.problems if _UNKNOWN_ACCOUNT not in problem.message]
    return []


def blueprint_of(walk: Walk) -> Blueprint:
    blueprint = walk.blueprint
    assert blueprint is not None, "a blueprint is chosen before anything else is asked"
    return blueprint


def values_of(walk: Walk) -> Values:
    """The values of all parameters so far, defaults and implied ones included."""
    grant = grant_of(walk)
    account = grant.account or walk.setup.account or _UNKNOWN_ACCOUNT
    resolved, _ = resolve(grant, blueprint_of(walk), built_in_values(grant, account), lambda text: text)
    return resolved.texts


# -- the next question ---------------------------------------------------------------------------------------


def start(setup: Setup, blueprint: str | None, given: Mapping[str, str]) -> Walk:
    """
    Begin a walk with the answers given ahead.

    Raises InputError with everything that is wrong with them.
    """
    texts = dict(given)
    if blueprint is not None:
        texts["@blueprint"] = blueprint
        parameters = setup.blueprints[blueprint].parameters
        for key, text in given.items():
            if key in parameters and parameters[key].generate and text == GENERATE:
                texts[key] = setup.make_id()
    walk = Walk(setup=setup, given=MappingProxyType(texts))
    if walk.blueprint is not None:
        wrong = [problem for problem in problems_of(walk) if _option(problem)]
        if wrong:
            raise InputError(wrong)
    return walk


def next_question(walk: Walk) -> Question | None:
    """The next question, or None when all that is needed is answered."""
    if walk.blueprint is None:
        return opening_question(walk)
    return next(_open_questions(walk), None)


def opening_question(walk: Walk) -> Question:
    blueprints = walk.setup.blueprints.values()
    intent = walk.text("@intent")
    if not intent:
        return ask.intent_question(one.intent for one in blueprints)
    return ask.blueprint_question(one for one in blueprints if one.intent is Intent(intent))


def _open_questions(walk: Walk) -> Iterator[Question]:
    setup = walk.setup
    if not (walk.has("account") or setup.account or setup.house.default_account):
        yield ask.account_question()
    yield from _parameters(walk)
    if blueprint_of(walk).given is None:  # else the role's documents come whole
        if not walk.has("permissions") and not _names_sets(walk.given):
            yield ask.permissions_question()
        yield from _reach(walk)
    for key, allowed in setup.house.required_tags.items():
        if key not in setup.house.default_tags and not walk.has(f"tags.{key}") and not walk.has("tags"):
            yield ask.tag_question(key, allowed)
    if not walk.has("name"):
        yield ask.name_question(setup.name or blueprint_of(walk).name)


def _parameters(walk: Walk) -> Iterator[Question]:
    blueprint = blueprint_of(walk)
    texts = values_of(walk)
    for parameter in blueprint.parameters.values():
        if _is_open(walk, parameter, texts):
            yield (
                _chosen(walk, parameter)
                or _together(walk, parameter)
                or plain_question(walk, parameter, texts)
            )


def _is_open(walk: Walk, parameter: Parameter, texts: Values) -> bool:
    name = parameter.name
    if parameter.generate and walk.text(name) == GENERATE:
        return True
    if walk.has(name) or not holds(parameter.when, texts):
        return False
    has_default = parameter.default is not None or parameter.type is ParameterType.BOOL
    if texts.get(name) and not has_default:
        return False  # another answer implies it
    if parameter.advanced:
        return _is_needed(walk, parameter, texts)
    return is_required(parameter, texts) or name not in _in_one(walk)


def _is_needed(walk: Walk, parameter: Parameter, texts: Values) -> bool:
    """Whether an open question hangs on a choice that is otherwise not asked."""
    return parameter.type is ParameterType.CHOICE and any(
        test.parameter == parameter.name
        for other in blueprint_of(walk).parameters.values()
        if not walk.has(other.name) and not texts.get(other.name) and other.name in _in_one(walk)
        for test in other.required_when
    )


def _in_one(walk: Walk) -> frozenset[str]:
    """The parameters of the questions for several that were answered."""
    return frozenset(
        name
        for index, together in enumerate(blueprint_of(walk).together)
        if f"@together.{index}" in walk.answers
        for name in re.compile(together.pattern).groupindex
    )


def _chosen(walk: Walk, parameter: Parameter) -> Question | None:
    return ask.chosen_question(parameter) if walk.text(parameter.name) == GENERATE else None


def _together(walk: Walk, parameter: Parameter) -> Question | None:
    if not walk.setup.asks_together:
        return None
    for index, together in enumerate(blueprint_of(walk).together):
        names = set(re.compile(together.pattern).groupindex)
        answered = f"@together.{index}" in walk.answers or any(walk.has(name) for name in names)
        if parameter.name in names and not answered:
            return ask.together_question(index, together)
    return None


def plain_question(walk: Walk, parameter: Parameter, texts: Values) -> Question:
    required = is_required(parameter, texts)
    question = ask.parameter_question(blueprint_of(walk), parameter, texts, required=required)
    if not parameter.generate:
        return question
    hint = f"Type `{GENERATE}` only if the vendor lets its customers choose the ID."
    return attrs.evolve(question, why=f"{question.why} {hint}")


def _reach(walk: Walk) -> Iterator[Question]:
    # Sets written out as YAML, or limits given ahead, say already how far they reach.
    said = any(key.startswith("permissions.") for key in walk.given)
    if said or walk.text("permissions")[:1] in ("[", "{"):
        return
    if not walk.has("@reach"):
        yield ask.reach_question()
    chosen = walk.text("@reach").split(",")
    for limit, key in ask.LIMITS.items():
        if limit in chosen and not walk.has(key):
            yield ask.limit_question(limit, walk.setup)


# -- answers -------------------------------------------------------------------------------------------------


def take(walk: Walk, question: Question, text: str) -> Walk:
    """
    Take an answer, as ``replies.read_reply`` reads it.

    Raises InputError with what is wrong with it. Answers that it makes meaningless or wrong are forgotten, so
    that they are asked again.
    """
    if question.key == "@chosen":
        return _take_chosen(walk, yes=text == "true")
    trial = walk.with_answer(question.key, text)
    if question.key == "@intent":
        return _one_blueprint(trial.without("@blueprint"))
    if question.key == "@blueprint":
        trial = _for_blueprint(trial)
    if question.key == "@reach":
        gone = [key for limit, key in ask.LIMITS.items() if limit not in text.split(",")]
        return trial.without(*gone)
    _check_pattern(trial, question.key, text)
    grant_of(trial)
    wrong = [problem for problem in problems_of(trial) if _concerns(problem, trial, question.key)]
    if wrong:
        raise InputError(wrong)
    return _pruned(trial, question.key)


def _take_chosen(walk: Walk, *, yes: bool) -> Walk:
    names = [one.name for one in blueprint_of(walk).parameters.values() if walk.text(one.name) == GENERATE]
    for name in names:
        walk = walk.with_answer(name, walk.setup.make_id()) if yes else walk.without(name)
    return walk


def _one_blueprint(walk: Walk) -> Walk:
    """Where an intent has one blueprint there is nothing to choose."""
    intent = Intent(walk.text("@intent"))
    fitting = [one.name for one in walk.setup.blueprints.values() if one.intent is intent]
    return _for_blueprint(walk.with_answer("@blueprint", fitting[0])) if len(fitting) == 1 else walk


def _for_blueprint(walk: Walk) -> Walk:
    """Forget what was answered for another blueprint."""
    blueprint = blueprint_of(walk)
    common = {
        "@intent",
        "@blueprint",
        "@reach",
        "account",
        "permissions",
        "name",
        *ask.LIMITS.values(),
        *ask.EXTRAS,
    }
    gone = [
        key
        for key in walk.answers
        if key not in common and key not in blueprint.parameters and not key.startswith("tags.")
    ]
    return _pruned(walk.without(*gone), "@blueprint")


def _check_pattern(walk: Walk, key: str, text: str) -> None:
    if key.startswith("@together."):
        together = blueprint_of(walk).together[int(key.rpartition(".")[2])]
        if not re.fullmatch(together.pattern, text):
            raise InputError(
                f"{text[:80]!r} does not have the form that is wanted",
                fix=together.pattern_help or f"for example: {', '.join(together.examples)}",
                code="pattern",
            )


def _option(problem: Problem) -> str:
    """The setting that a problem is about; empty when it is about none, such as something missing."""
    # What is missing is placed where it would stand, beside something else that is well.
    if problem.code == "missing-value" or (problem.code == "house-rule" and problem.fix.startswith("add ")):
        return ""
    if not problem.where.startswith("--set "):
        return ""
    return problem.where.removeprefix("--set ").partition(":")[0].strip()


def _concerns(problem: Problem, walk: Walk, key: str) -> bool:
    option = _option(problem)
    keys = _groups(blueprint_of(walk), key, walk.answers[key]) if key.startswith("@together.") else (key,)
    # What stands inside a key can be a setting of its own, as permissions.regions is.
    inside = not walk.has(option)
    return any(option == one or (inside and option.startswith(f"{one}.")) for one in keys)


def _pruned(walk: Walk, kept: str) -> Walk:
    """Forget answers that others made meaningless or wrong; those of ``kept`` stay."""
    # Each round forgets at least one answer.
    while gone := [
        key
        for problem in problems_of(walk)
        for key in walk.answers
        if key != kept and walk.answers[key] and _concerns(problem, walk, key)
    ]:
        walk = walk.without(*gone)
    return walk


def back(walk: Walk) -> Walk:
    """Forget the last answer, so that its question comes again; what was chosen by itself goes with it."""
    keys = list(walk.answers)
    if not keys:
        return walk
    gone = [keys.pop()]
    if gone == ["@blueprint"] and keys == ["@intent"]:
        intent = Intent(walk.text("@intent"))
        if sum(one.intent is intent for one in walk.setup.blueprints.values()) == 1:
            gone.append("@intent")
    return walk.without(*gone)
