"""Why a line of a permissions policy is there: what its actions, resources and conditions amount to."""

from __future__ import annotations

from datetime import date

from xacct.blueprint.statements import expiry_condition
from xacct.explain.asked import ends_the_grant
from xacct.explain.text import count, listed, short_actions
from xacct.iam.policy import Condition, Statement
from xacct.lightsail.catalog import DOMAIN_REGION, PREFIX, Action, Source, covers_account, load_catalog
from xacct.lint.carried import carries
from xacct.lint.facts import action_facts
from xacct.plan.access.operators import Operator, Qualifier, parse_operator

__all__ = ["why_actions", "why_condition", "why_denied", "why_resources"]

_GIVEN = "Written into the grant as it stands here."
_NAMED = 5
"""More actions than this are told by their number."""


def why_denied(statement: Statement, expires: date | None) -> str:
    """What a Deny is for."""
    if expires is not None and ends_the_grant(statement):
        return "Ends sessions that still run after the grant's last day; it needs nothing that runs."
    return "A Deny wins over every Allow, whoever wrote it."


def why_actions(statement: Statement) -> str:
    """How many reads and changes of Lightsail an Allow names."""
    actions = _known(statement)
    if not actions:
        return _GIVEN
    reads, changes = sum(action.is_read for action in actions), sum(action.is_change for action in actions)
    secrets = sum(action.only_hands_out for action in actions)
    parts = [count(reads, "read")] if reads else []
    if secrets:
        parts.append(f"{count(secrets, 'read')} of secrets")
    if changes:
        parts.append(count(changes, "change"))
    said = f"{listed(parts)} of Lightsail"
    if any("*" in pattern for pattern in statement.actions or ()):
        said += " as known today; the wildcard takes in what AWS adds later"
    if unpublished := _unpublished(actions):
        said += f"; of {len(unpublished)} that AWS has not published, by what the SDK says they do"
    return said + "."


def _known(statement: Statement) -> tuple[Action, ...]:
    catalog = load_catalog()
    found = {action.name: action for pattern in statement.actions or () for action in catalog.expand(pattern)}
    return tuple(found.values())


def _unpublished(actions: tuple[Action, ...]) -> list[Action]:
    """Those that no authorization data lists: level and resource types are guessed."""
    return [action for action in actions if action.source is Source.SDK]


# -- resources -----------------------------------------------------------------------------------------------


def why_resources(statement: Statement) -> str:
    """What the resources of an Allow leave of its actions."""
    if statement.not_resources is not None:
        return "Any resource but these."
    actions, resources = _known(statement), statement.resources or ()
    if not actions:
        return _GIVEN
    if "*" in resources:
        mixed = not all(pattern.lower().startswith(PREFIX) for pattern in statement.actions or ())
        return _why_everything(actions, mixed=mixed)
    said = f"Only these resources.{_endings(resources)}"
    alone = [action for action in actions if action.wildcard_only and action.source is not Source.SDK]
    if alone and any(map(covers_account, resources)):
        return (
            f"{said} AWS documents * alone for {count(len(alone), 'action')} of these. Its denials name an"
            " ARN that this covers, so it is taken to allow them; to be sure of it, write *."
        )
    if alone:
        names = short_actions(action.name for action in alone)
        said += f" AWS checks some of the actions against * alone, so this allows none of them: {names}."
    return said


def _endings(resources: tuple[str, ...]) -> str:
    """What the ARNs of Lightsail among them end in."""
    own = [text for text in resources if text.split(":")[2:3] == ["lightsail"]]
    if not own:
        return ""
    whose = "Their ARNs" if len(own) == len(resources) else "ARNs of Lightsail"
    return f" {whose} end in an ID that AWS gives, never in the name."


def _why_everything(actions: tuple[Action, ...], *, mixed: bool) -> str:
    """Why ``*``: of how many actions AWS takes nothing else, and of how many that is not known."""
    which, some = ("these actions of Lightsail", "Lightsail here") if mixed else ("these actions", "these")
    unpublished = len(_unpublished(actions))
    alone = sum(action.wildcard_only and action.source is not Source.SDK for action in actions)
    not_known = f" Of {unpublished} AWS has not published what they take." if unpublished else ""
    if unpublished == len(actions):
        return "AWS has not published what resources these take; xacct writes them with *."
    if alone + unpublished == len(actions):
        said = f"AWS checks {which} against * alone; the ARN of a resource would match nothing here."
        return said + not_known
    takes = "takes" if alone == 1 else "take"
    if not alone:
        these = "the others" if unpublished else which
        return f"The statement names no resources; {these} could be limited by ARN.{not_known}"
    return (
        f"The statement names no resources. {count(alone, 'action')} of {some} {takes} * alone; the others"
        f" could be limited by ARN.{not_known}"
    )


# -- conditions ----------------------------------------------------------------------------------------------


def why_condition(condition: Condition, statement: Statement, expires: date | None) -> str:
    """What a condition of an Allow keeps out, and what it lets through beside the obvious."""
    key, operator = condition.key.lower(), parse_operator(condition.operator)
    if key.startswith("lightsail:"):
        return "Lightsail has no condition keys of its own: no request of AWS carries this one."
    if expires is not None and condition == expiry_condition(expires):
        return "The grant's last day."
    if operator is None:
        return _GIVEN
    if key == "aws:requestedregion":
        return _why_region(condition, operator, _known(statement))
    if key.startswith(("aws:resourcetag/", "aws:requesttag/")):
        return _why_tag(condition, operator) + _tagless(condition, operator, statement)
    return _GIVEN


def _why_region(condition: Condition, operator: Operator, actions: tuple[Action, ...]) -> str:
    if not operator.base.startswith("string") or operator.qualifier is not Qualifier.NONE:
        return _GIVEN
    where = "out of" if operator.negated else "to"
    said = f"Keeps the calls {where} these Regions"
    said += ", also those of actions that take no ARN." if any(one.wildcard_only for one in actions) else "."
    if DOMAIN_REGION in condition.values and any(one.only_region for one in actions):
        said += " Calls about domains and distributions are answered in us-east-1 only."
    return said


def _why_tag(condition: Condition, operator: Operator) -> str:
    of_resource = condition.key.lower().startswith("aws:resourcetag/")
    if operator.base == "null":
        wanted = {value.lower() for value in condition.values}
        if wanted not in ({"true"}, {"false"}):
            return _GIVEN
        having = "without this tag" if wanted == {"true"} else "with this tag, whatever its value"
        return f"Only {'resources' if of_resource else 'calls that come'} {having}."
    if _true_when_absent(operator):
        which = "resource without the tag" if of_resource else "call that gives no such tag"
        return f"A {which} matches as well."
    if of_resource:
        return "Only resources that have this tag already; one without the tag does not match."
    return "The call itself has to give this tag."


def _true_when_absent(operator: Operator) -> bool:
    forall = operator.qualifier is Qualifier.ALL
    return operator.if_exists or forall or (operator.negated and operator.qualifier is Qualifier.NONE)


def _tagless(condition: Condition, operator: Operator, statement: Statement) -> str:
    """Which of the statement's actions carry no such tag, where it then allows none of them."""
    if operator.base == "null" or _true_when_absent(operator):
        return ""
    guessed = len(_unpublished(_known(statement)))
    not_known = f" Whether those for {guessed} of these carry it, AWS has not published." if guessed else ""
    lacking = [one for one in _known(statement) if not _carries(one, condition.key.lower())]
    lacking = [one for one in lacking if one.source is not Source.SDK]
    if not lacking:
        return not_known.replace("those", "requests")
    names = short_actions(action.name for action in lacking)
    which = names if len(lacking) <= _NAMED else f"{len(lacking)} of these actions"
    return f" Requests for {which} carry no such tag, so this does not allow them.{not_known}"


def _carries(action: Action, key: str) -> bool:
    facts = action_facts(action.full_name.lower())
    return facts is None or carries(facts, key)
