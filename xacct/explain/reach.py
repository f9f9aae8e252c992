"""What the trusted party can do and what it cannot, in words; both from the policies alone."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.explain.callers import entering
from xacct.explain.calls import TAGGING
from xacct.explain.case import Case, Party
from xacct.explain.matching import allowing_in, names_action
from xacct.explain.mfa import can_happen
from xacct.explain.model import Block, Grid, Point, Points, Row, Section, Text, Tone
from xacct.explain.powers import NEEDS, OUTSIDE, POWERS, Power
from xacct.explain.search import passes_somehow
from xacct.explain.sources import BOUNDARIES, CONSOLE
from xacct.explain.sources import TAGGING as TAGGED
from xacct.explain.text import count, listed, short_actions
from xacct.iam.policy import Effect
from xacct.lightsail.catalog import PREFIX, Action, Source, covers_account, load_catalog
from xacct.plan.model import AccessRow

__all__ = ["goes_on", "reach_section", "refused_actions"]

_SHOWN = 8


def reach_section(case: Case) -> Section:
    """Tables of what is allowed, and of what is not."""
    who = "members" if case.party is Party.GROUP else "trusted party"
    return Section("reach", f"What the {who} can and cannot do", tuple(_blocks(case)))


def refused_actions(case: Case) -> tuple[Action, ...]:
    """
    Lightsail's actions that are never allowed: no Allow names them, or the access delta finds no request.

    What no statement allows is denied whatever the request holds, so most need no further proof.
    """
    granted = {action.name for action in case.granted}
    return tuple(action for action in load_catalog().actions.values() if action.name not in granted)


def _blocks(case: Case) -> Iterator[Block]:
    rows = tuple(_can(case, row) for row in case.rows if _working(case, row) and _can_happen(case, row))
    yield Grid("What is allowed, and under which condition", ("Who", "May", "On", "If"), rows)
    yield Grid(
        "What reviewers ask about, within Lightsail",
        ("Can it …", "Answer", f"Not granted{_as_far_as_seen(case)}"),
        tuple(_power(case, power) for power in POWERS),
    )
    yield Points(tuple(_bounds(case)))
    watch = tuple(_watch(case))
    if watch:
        yield Text("Worth a second look among what is allowed:")
        yield Points(watch)


def _can(case: Case, row: AccessRow) -> Row:
    actions = _working(case, row)
    if case.unknown_policies and actions[0].startswith("nothing:"):
        actions = ("what the attached policies allow",)
    who = [name for name in row.principal.split(", ") if name not in case.in_vain]
    what = "—" if actions[0].startswith("what") else ", ".join(_reached(case, row, actions))
    return Row((", ".join(who), _actions(actions), what, row.condition or "always"))


def _reached(case: Case, row: AccessRow, actions: tuple[str, ...]) -> list[str]:
    """
    The row's resources that its actions reach.

    Without ARNs of Lightsail where no action of it is left, or of others where none of theirs is; and for a
    role, whose sessions have no ``aws:username``, without those that hang on one.
    """
    user = "${aws:username}" if case.access is not None else "never"
    resources = [text for text in row.resources if user not in text.lower()]
    if any(" " in name.partition(" (")[0] or name.startswith("*") for name in actions):
        return resources
    own = {name.startswith(PREFIX) for name in actions}
    return [text for text in resources if not text.startswith("arn:") or (f":{PREFIX}" in text) in own]


def _working(case: Case, row: AccessRow) -> tuple[str, ...]:
    """
    Without actions that no call passes with: those that AWS checks against ``*`` alone where the statement
    names ARNs, those without the tags that a condition asks for, and those that need tags which may not be
    given. Of a row without an example nothing is known to pass, so nothing is left out.
    """
    if row.witness is None:
        return row.actions
    catalog = load_catalog()
    names = (_in_part(case, name) for name in row.actions)
    return tuple(
        name
        for name in names
        if name and ((action := catalog.action(name)) is None or _passes(case, row, action))
    )


def _passes(case: Case, row: AccessRow, action: Action) -> bool:
    """Whether some call passes with it, and by the row's resources where AWS asks about ``*`` alone."""
    whole = any(text.startswith(("*", "everything")) or covers_account(text) for text in row.resources)
    return action in case.granted and (whole or not action.wildcard_only)


def _in_part(case: Case, name: str) -> str:
    """A pattern with its number of actions where calls pass with some of those alone; "" where with none."""
    pattern = name.partition(" (")[0]
    is_pattern = "*" in pattern and " " not in pattern
    held = set(load_catalog().expand(pattern)) if is_pattern else set()
    if held and pattern.startswith(PREFIX) and held.isdisjoint(case.granted):
        return ""
    if held.isdisjoint(case.granted):
        return pattern
    return name if held.issubset(case.granted) else f"{pattern} (some of its {count(len(held), 'action')})"


def _can_happen(case: Case, row: AccessRow) -> bool:
    """
    Whether some principal of the row can have what its example is decided by: a role's session has no MFA,
    and tags only as the trust policy lets it.
    """
    if row.witness is None or case.access is None:
        return True
    if not _reached(case, row, row.actions):
        return False
    if all(name in case.in_vain for name in row.principal.split(", ")):
        return False
    if not can_happen(case.session_arn, row.witness.context):
        return False
    return entering(case, row.witness) is not None


def _actions(names: tuple[str, ...]) -> str:
    """Changes by name, reads by number: what matters to a reviewer first."""
    catalog = load_catalog()
    reads = [name for name in names if (action := catalog.action(name)) is not None and action.is_read]
    others = [name for name in names if name not in reads]
    if len(reads) <= _SHOWN:
        return short_actions(names)
    read = f"{len(reads)} reads ({reads[0].partition(':')[2]} and so on)"
    return f"{short_actions(others)}, and {read}" if others else read


def _power(case: Case, power: Power) -> Row:
    catalog = load_catalog()
    actions = [one for one in catalog.actions.values() if power.does(one) and one.source is not Source.SDK]
    granted = {action.name for action in case.granted}
    able = granted - set(case.hindered)
    yes = [power.named(action.name) for action in actions if action.name in able]
    no = [action.name for action in actions if action.name not in granted]
    through = [power.named(name) for name in power.through if name in granted]
    answer = f"yes, by {_few(yes)}" if yes else f"no{_as_far_as_seen(case)}"
    if through and not yes:
        give = "gives" if len(through) == 1 else "give"
        answer = f"not by a call that does it, but with what {_few(through)} {give}"
    return Row((f"{power.title}?", answer, _few(no)), Tone.WARN if yes or through else Tone.PLAIN)


def _as_far_as_seen(case: Case) -> str:
    """Goes behind what is told not to be allowed, where attached policies are not at hand."""
    return ", by what stands in the grant" if case.unknown_policies else ""


def _few(names: list[str]) -> str:
    if len(names) <= _SHOWN:
        return ", ".join(names) or "none"
    return f"{', '.join(names[:_SHOWN])} and {len(names) - _SHOWN} more"


def _bounds(case: Case) -> Iterator[Point]:
    yield Point(_in_lightsail(case), "In Lightsail")
    yield _outside(case)
    if case.party is Party.GROUP:
        text = "All this is said of the grant alone: other policies and groups of the users can allow more."
        yield Point(text, "Besides", Tone.WARN)
    for name in case.hindered:
        text = f"It comes to nothing: AWS asks {NEEDS[name]} of the caller as well, which this grant denies."
        yield Point(text, name)
    yield from _unseen(case)
    yield from _account_wide(case)
    yield from _besides(case)


def _outside(case: Case) -> Point:
    """What the permissions say of other services, and what leads there from within Lightsail."""
    said = "No Allow of the permissions names an action of IAM, S3, EC2 or any other service."
    if case.others:
        said = f"Also {listed(case.others)}, as written into the grant{case.but_for_denied}."
    if goes_on(case):
        said += (
            " By sts:AssumeRole it may become further roles, where their trust policies let it in as well;"
            " what those may do is not seen here."
        )
    able = [action.name for action in case.granted if action.name not in case.hindered]
    leading = [f"{name} ({OUTSIDE[name]})" for name in able if name in OUTSIDE]
    if leading:
        said += f" Among Lightsail's own actions these lead to other services: {listed(leading)}."
    who = "the users" if case.party is Party.GROUP else "the role"
    said += f" Policies of resources elsewhere that name {who} can allow more; they are not seen here."
    return Point(said, "Outside Lightsail", Tone.WARN if case.others or leading else Tone.PLAIN)


def _may_be_role(resource: str) -> bool:
    """Whether the pattern of an ARN can be a role's."""
    service = resource.split(":")[2:3]
    return not service or service[0] == "iam" or "*" in service[0] or "?" in service[0]


def goes_on(case: Case) -> bool:
    """Whether the permissions let a session, or a user, assume further roles."""
    name = "sts:AssumeRole"
    allowing_it = allowing_in(case.documents, name)
    reaching = [one for one in allowing_it if any(map(_may_be_role, one.resources or ("*",)))]
    return bool(reaching) and passes_somehow(case, name)


def _account_wide(case: Case) -> Iterator[Point]:
    names = case.expansion.account_wide
    if not names:
        return
    unlimited = [action.full_name for action in case.granted if _has_no_limit(case, action)]
    others = [name for name in unlimited if name not in names]
    if others:
        text = (
            f"{count(len({*unlimited, *names}), 'action')} reach the whole account although a part of the"
            " grant sets a limit by resource or tag: another part of it sets none."
        )
    else:
        shown = short_actions(names) if len(names) <= _SHOWN else f"{short_actions(names[:_SHOWN])} and more"
        text = (
            f"{count(len(names), 'action')} reach the whole account although the grant sets a limit by"
            f" resource or tag, because AWS checks them against * alone; the other limits hold: {shown}."
        )
    yield Point(text, "Account-wide", Tone.WARN)


def _has_no_limit(case: Case, action: Action) -> bool:
    """Whether some Allow gives it on everything, whatever the tags."""
    statements = [one for document in case.documents for one in document.statements]
    return any(
        one.effect is Effect.ALLOW
        and "*" in (one.resources or ())
        and names_action(one, action.full_name)
        and not any(condition.key.lower().startswith(_TAGS) for condition in one.conditions)
        for one in statements
    )


_TAGS = ("aws:resourcetag/", "aws:requesttag/")


def _besides(case: Case) -> Iterator[Point]:
    """What AWS asks beyond the actions that are granted."""
    names = case.short_of_tagging
    if names:
        text = (
            f"For tags that a request gives, AWS asks {TAGGING} as well (documented for some of these"
            " actions, taken here to hold for all). The grant does not allow it there, so these are refused:"
            f" {_few([name.removeprefix('lightsail:') for name in names])}."
        )
        yield Point(text, "Tags", Tone.WARN, TAGGED)
    if case.granted and case.party not in (Party.WEB, Party.SERVICE) and not _is_everything(case):
        text = (
            "AWS's guide asks lightsail:* on everything for the Lightsail console. This grant gives less, so"
            " count on the command line and the API."
        )
        yield Point(text, "The console", source=CONSOLE)


def _is_everything(case: Case) -> bool:
    statements = [one for document in case.documents for one in document.statements]
    return any(
        one.effect is Effect.ALLOW
        and "*" in (one.resources or ())
        and {"*", "lightsail:*"} & set(one.actions or ())
        for one in statements
    )


def _in_lightsail(case: Case) -> str:
    granted, refused = len(case.granted), refused_actions(case)
    if not refused:
        return f"All {granted} actions of Lightsail are allowed in some case."
    said = f"{count(granted, 'action')} of Lightsail allowed in some case, {len(refused)} in none"
    said += _as_far_as_seen(case) or ", whatever the request holds"
    unpublished = [one for one in refused if one.source is Source.SDK]
    guessed = [one for one in unpublished if allowing_in(case.documents, one.full_name)]
    if guessed:
        said += f"; of {len(guessed)} of these AWS has not published what they take, so that is a guess"
    return f"{said}."


def _unseen(case: Case) -> Iterator[Point]:
    """What bears on the access though its document is not at hand."""
    if case.boundary is not None:
        text = (
            f"The permissions boundary {case.boundary} limits this further. Its document is not in the"
            " grant, so all that is told to be allowed is the most that can be."
        )
        yield Point(text, "Boundary", Tone.WARN, BOUNDARIES)
    if case.unknown_policies:
        text = f"{listed(case.unknown_policies)} may allow more, or deny; what they say is not in the grant."
        yield Point(text, "Attached as well", Tone.WARN)


def _watch(case: Case) -> Iterator[Point]:
    for action in case.granted:
        why = action.sensitive.why if action.sensitive is not None else ""
        if why and action.source is not Source.SDK and action.name not in case.hindered:
            yield Point(why, action.name, Tone.WARN)
