"""``xacct rule``: what a rule means."""

from __future__ import annotations

import click

from xacct.cli.output import Output
from xacct.cli.settings import Settings, format_option, global_options


@click.command("rule")
@click.argument("code", required=False)
@format_option()
@global_options()
@click.pass_obj
def command(settings: Settings, code: str | None) -> None:
    """Explain a rule: why it matters, how to fix it, a bad and a good example. Without CODE, list all."""
    from xacct.lint.codes import OTHER_CODES, OtherCode
    from xacct.lint.rules import RULES, Rule, rule
    from xacct.render.rules import rule_text, rule_to_json, rules_text

    output = Output(settings)
    if code is None:
        known: list[Rule | OtherCode] = [*RULES.values(), *OTHER_CODES.values()]
        if output.as_json:
            output.json({"rules": [rule_to_json(found) for found in known]})
        else:
            output.result(rules_text(known, output.style))
        return
    found: Rule | OtherCode = OTHER_CODES.get(code.upper()) or rule(code)
    if output.as_json:
        output.json(rule_to_json(found))
    else:
        output.result(rule_text(found, output.style))
