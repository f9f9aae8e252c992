"""The parts put together: the explanation of a grant, of a blueprint, and of choosing between ways."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.blueprint.expand import Expansion
from xacct.blueprint.model import Blueprint, Parameter, StatementTemplate
from xacct.blueprint.resolve import holds
from xacct.explain.advice import advice_section
from xacct.explain.bucket import bucket_of, bucket_section
from xacct.explain.case import Case, Party
from xacct.explain.cases import case_of
from xacct.explain.contrast import contrast_section, general_contrast
from xacct.explain.ending import ending_section, logs_section
from xacct.explain.general import general_explanation
from xacct.explain.lasting import console_session, longest_session, services_beside
from xacct.explain.lines import lines_section
from xacct.explain.model import Explanation, Grid, Point, Points, Row, Section, Text
from xacct.explain.nothing import is_nothing, nothing_lead
from xacct.explain.party import Kind
from xacct.explain.path import path_section
from xacct.explain.picture import picture_of
from xacct.explain.probes import probes_section
from xacct.explain.reach import reach_section
from xacct.explain.text import count, duration, listed

__all__ = ["example_settings", "explain_blueprint", "explain_general", "explain_grant"]


def explain_general() -> Explanation:
    """The short decision path, the comparison, and the table of services."""
    return general_explanation()


def explain_grant(expansion: Expansion, *, reveal: bool = False) -> Explanation:
    """Everything about one grant. External IDs are redacted unless ``reveal``."""
    case = case_of(expansion, reveal=reveal)
    return Explanation(
        about="grant",
        name=case.grant_name,
        title=f"How access works with {case.grant_name}",
        lead=_lead(case),
        sections=_sections(case),
        picture=picture_of(case),
    )


def _sections(case: Case) -> tuple[Section, ...]:
    if is_nothing(case):
        return (path_section(case), lines_section(case))
    bucket = bucket_of(case) if case.party.crosses_accounts else None
    return (
        path_section(case),
        probes_section(case),
        lines_section(case),
        reach_section(case),
        ending_section(case),
        logs_section(case),
        contrast_section(case),
        bucket_section(case),
        advice_section(case, bucket=bucket),
    )


_WHO = {
    Party.OWNED: "Callers of account {caller} that the trust policy admits",
    Party.VENDOR: "The vendor with account {caller}",
    Party.SAME: "Callers of the same account that the trust policy admits",
    Party.GROUP: "Users of the same account",
    Party.SAML: "People who sign in through the SAML provider {provider}, if the trust policy admits them,",
    Party.WEB: "Holders of a token from {provider} that the trust policy admits",
    Party.SERVICE: "An AWS service",
}


def _lead(case: Case) -> str:
    if case.witness is None:
        return nothing_lead(case)
    if case.expansion.expired:
        return (
            f"The grant expired: {case.expansion.grant.expires} (UTC) was its last day, and nobody gets in"
            " any more. What follows tells of the time before."
        )
    who = _who(case)
    can = f"{who} can use {_at_most(case)}{_what(case)} in account {case.account}"
    if case.party is Party.GROUP or case.role is None:
        return f"{can}, as members of a group."
    until = f", until {case.expansion.grant.expires} (UTC)" if case.expansion.grant.expires else ""
    if case.kinds == (Kind.SERVICE,):
        return f"{can} by assuming the role {case.role_arn}{until}."
    console = console_session(case)
    beside = f" ({console} in a console session made from it)" if console else ""
    return (
        f"{can} by assuming the role {case.role_arn}, for at most {duration(longest_session(case))} at a"
        f" time{beside}{until}.{services_beside(case)}"
    )


def _who(case: Case) -> str:
    """The trusted party; where the trust is of several kinds, all that it names."""
    if case.access is None or (len(case.trusted) < 2 and "*" not in case.trusted):
        return _one_kind(case)
    accounts = case.trusted_accounts
    if "*" in case.trusted or case.is_mixed or case.party.federated or case.party is Party.SERVICE:
        return f"Whoever the trust policy lets in ({listed(case.trusted)})"
    return _one_kind(case) if len(accounts) == 1 else _OF_ACCOUNTS.format(listed(accounts))


_OF_ACCOUNTS = "Callers of the accounts {} that the trust policy admits"


def _one_kind(case: Case) -> str:
    return _WHO[case.party].format(caller=case.caller_account, account=case.account, provider=_provider(case))


def _at_most(case: Case) -> str:
    """Where tags of the session decide, and callers differ in what they may bring."""
    tags = any("aws:principaltag/" in document.pretty().lower() for document in case.documents)
    return "up to " if tags and len(case.trusted) > 1 else ""


def _what(case: Case) -> str:
    usable = [action for action in case.granted if action.name not in case.hindered]
    changes = sum(action.is_change for action in usable)
    said = "none of them changes anything"
    if changes:
        said = f"{changes} of them {'changes' if changes == 1 else 'change'} something"
    secrets = sum(action.only_hands_out for action in usable)
    if secrets:
        said += f", {secrets} more {'hands' if secrets == 1 else 'hand'} out a login, a password or a key"
    parts = [f"{count(len(usable), 'action')} of Lightsail ({said})"] if usable else []
    if case.others:
        plain = not any(mark in pattern for pattern in case.others for mark in "*? ")
        number = count(len(case.others), "action") if plain else "actions"
        parts.append(f"{number} of other services")
    if case.unknown_policies:
        parts.append("what the attached policies allow")
    return listed(parts)


def _provider(case: Case) -> str:
    """The identity provider by name or host."""
    principal = case.witness.principal if case.witness is not None else ""
    return principal.partition("-provider/")[2] or principal


# -- blueprints ----------------------------------------------------------------------------------------------


def explain_blueprint(blueprint: Blueprint, example: Expansion | None) -> Explanation:
    """
    What a blueprint does, before there is a grant.

    ``example`` is a grant of it with example values: the rest is then told for that one.
    """
    sections = [_about(blueprint, example)]
    if example is not None:
        case = case_of(example)
        sections += [section for section in _sections(case) if section.key != "bucket"]
    else:
        sections += [_templates(blueprint), general_contrast()]
    return Explanation(
        about="blueprint",
        name=blueprint.name,
        title=f"{blueprint.name}: {blueprint.title}",
        lead=blueprint.summary,
        sections=tuple(sections),
        picture=picture_of(case_of(example)) if example is not None else None,
    )


def _about(blueprint: Blueprint, example: Expansion | None) -> Section:
    asked = tuple(_parameter(item) for item in blueprint.parameters.values() if item.required)
    blocks: list[Text | Points] = []
    if asked:
        blocks += [Text("What it asks for:"), Points(asked)]
    advanced = [item.name for item in blueprint.parameters.values() if not item.required]
    if advanced:
        blocks.append(
            Text(f"It also takes {', '.join(advanced)}; xacct blueprints show {blueprint.name} tells more.")
        )
    if example is not None:
        said = (
            "What follows is told for example values and the permission set read-only; account numbers are"
            " made up."
        )
        blocks.append(Text(said))
    return Section("blueprint", "The blueprint", tuple(blocks))


def _parameter(parameter: Parameter) -> Point:
    return Point(f"{parameter.prompt}. {parameter.help}".replace("?.", "?").strip(), parameter.name)


def _templates(blueprint: Blueprint) -> Section:
    rows = tuple(row for statement in blueprint.trust for row in _template_rows(statement))
    grid = Grid("The trust policy, with placeholders", ("Line", "Asks for", "Why it is there"), rows)
    return Section("lines", "What each line is for", (grid,))


def _template_rows(statement: StatementTemplate) -> Iterator[Row]:
    who = ", ".join(value for _, values in statement.principals for value in values)
    yield Row((statement.sid, f"{', '.join(statement.actions)} to {who}", statement.why))
    for condition in statement.conditions:
        yield Row((f"{condition.operator} {condition.key}", ", ".join(condition.values), condition.why))


EXAMPLE_ACCOUNT = "111122223333"


def example_settings(blueprint: Blueprint) -> list[str]:
    """``key=value`` texts that make a grant from the examples and choices that the parameters carry."""
    values: dict[str, tuple[str, ...]] = {}
    chosen: dict[str, str] = {}
    for parameter in blueprint.parameters.values():
        if isinstance(parameter.default, str):
            values[parameter.name] = (parameter.default,)
        required = parameter.required or (parameter.required_when and holds(parameter.required_when, values))
        if not required or parameter.default is not None or not holds(parameter.when, values):
            continue
        options = [*parameter.examples, *(choice.value for choice in parameter.choices)]
        if options:
            values[parameter.name] = (options[0],)
            chosen[parameter.name] = options[0]
    name = f"example-{blueprint.name}"[:60]
    fixed = [f"account={EXAMPLE_ACCOUNT}", f"name={name}", "permissions=read-only"]
    return [*fixed, *(f"{key}={value}" for key, value in chosen.items())]
