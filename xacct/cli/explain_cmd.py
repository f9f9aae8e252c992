"""``xacct explain``: how access works here, and a role against a resource-based policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options
from xacct.cli.wiring import Wiring, looks_like_path
from xacct.errors import InputError

if TYPE_CHECKING:
    from xacct.blueprint.expand import Expansion
    from xacct.blueprint.model import Blueprint
    from xacct.explain import Explanation


@click.command("explain")
@click.argument("subject", required=False, metavar="[BLUEPRINT|GRANT]")
@click.option("--service", metavar="S", help="Compare both ways on this service: s3, sqs, kms; or all.")
@click.option("--why", metavar="ACTION", help="Why is ACTION allowed or denied, and what would change that?")
@format_option("markdown", "html")
@global_options()
@click.pass_obj
def command(settings: Settings, subject: str | None, service: str | None, why: str | None) -> None:
    """
    Explain who gets in how, step by step, and how a role differs from a resource-based policy.

    Alone it helps to choose. With a grant everything is told for that grant. Needs no account.
    """
    if service is not None and why is not None:
        raise InputError(
            "--service and --why exclude each other", fix="ask one after the other", code="usage"
        )
    wiring = Wiring(settings)
    if why is not None:
        found = _why(wiring, subject, why)
    elif service is not None:
        found = _service(wiring, subject, service)
    else:
        found = _subject(wiring, subject)
    _show(found, Output(settings))


def _subject(wiring: Wiring, subject: str | None) -> Explanation:
    from xacct.explain import explain_blueprint, explain_general, explain_grant

    if subject is None:
        return explain_general()
    if looks_like_path(subject):
        return explain_grant(_grant(wiring, subject), reveal=wiring.settings.reveal)
    blueprint = wiring.blueprint(subject)
    return explain_blueprint(blueprint, _example(wiring, blueprint))


def _why(wiring: Wiring, subject: str | None, action: str) -> Explanation:
    from xacct.explain.cases import case_of
    from xacct.explain.why import explain_action

    if subject is None or not looks_like_path(subject):
        raise InputError(
            "--why is about one grant, and none is named",
            fix=f"xacct explain --why {action} grants/acme.yaml",
            code="usage",
        )
    return explain_action(case_of(_grant(wiring, subject), reveal=wiring.settings.reveal), action)


def _service(wiring: Wiring, subject: str | None, name: str) -> Explanation:
    from xacct.explain.cases import case_of
    from xacct.explain.service_compare import explain_service, explain_services
    from xacct.explain.services import find_service

    if name == "all" and subject is None:
        return explain_services()
    service = find_service(name)
    if subject is None:
        return explain_service(service)
    if looks_like_path(subject):
        return explain_service(service, case_of(_grant(wiring, subject), reveal=wiring.settings.reveal))
    example = _example(wiring, wiring.blueprint(subject))
    return explain_service(service, case_of(example) if example is not None else None)


def _grant(wiring: Wiring, path: str) -> Expansion:
    grants = wiring.grants([path])
    if len(grants) != 1:
        raise InputError(f"{path} holds {len(grants)} grants", fix="name a file with one", code="usage")
    [expansion] = wiring.expansions(grants, offline=True)
    return expansion


def _example(wiring: Wiring, blueprint: Blueprint) -> Expansion | None:
    """A grant of the blueprint with example values; None where its examples make no valid grant."""
    from xacct.blueprint.expand import expand
    from xacct.explain.grants import example_settings

    try:
        [grant] = wiring.grants([blueprint.name], example_settings(blueprint))
        return expand(grant, blueprint)
    except InputError:
        return None


def _show(explanation: Explanation, output: Output) -> None:
    match output.settings.output_format:
        case "json":
            from xacct.render.explain_json import explanation_to_json

            output.json(explanation_to_json(explanation))
        case "markdown":
            from xacct.render.explain_markdown import explanation_markdown

            output.result(explanation_markdown(explanation))
        case "html":
            from xacct.render.explain_html import explanation_html

            output.result(explanation_html(explanation))
        case _:
            from xacct.render.explain_text import explanation_text

            output.result(explanation_text(explanation, output.style))
