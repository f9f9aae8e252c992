"""Every rule shows itself on its bad example, and leaves its good one alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from xacct.errors import InputError
from xacct.lint.check import check_policy
from xacct.lint.model import Severity
from xacct.lint.reference import rules_to_markdown
from xacct.lint.rules import RULES, Rule, rule
from xacct.lint.rules.examples import EXAMPLE_CONTEXT, allow, policy, trust


@pytest.mark.parametrize("each", RULES.values(), ids=lambda each: each.code)
def test_the_bad_example_gives_exactly_this_rule(each: Rule) -> None:
    findings = check_policy(each.bad, each.kinds[0], EXAMPLE_CONTEXT)
    assert (each.code, each.severity) in {(item.rule, item.severity) for item in findings}
    alarms = {item.rule for item in findings if item.severity is not Severity.INFO}
    assert alarms <= {each.code}, [(item.rule, item.message) for item in findings]


@pytest.mark.parametrize("each", RULES.values(), ids=lambda each: each.code)
def test_the_good_example_has_nothing_to_change(each: Rule) -> None:
    findings = check_policy(each.good, each.kinds[0], EXAMPLE_CONTEXT)
    assert not [
        (item.rule, item.message)
        for item in findings
        if item.severity is not Severity.INFO or (each.severity is Severity.INFO and item.rule == each.code)
    ]


@pytest.mark.parametrize("each", RULES.values(), ids=lambda each: each.code)
def test_every_rule_says_why_and_what_to_do(each: Rule) -> None:
    assert each.title and each.why.endswith(".") and each.fix and each.source
    assert not each.title.endswith(".")


def test_a_rule_is_found_in_any_case_and_an_unknown_one_names_the_nearest() -> None:
    assert rule("xa101") is RULES["XA101"]
    with pytest.raises(InputError) as caught:
        rule("XA1O1")
    assert "XA101" in caught.value.problems[0].fix


def test_the_page_of_rules_is_what_the_rules_say() -> None:
    page = Path(__file__).parents[2] / "docs" / "rules.md"
    assert page.read_text(encoding="utf-8") == rules_to_markdown(), "run scripts/generate_rules.py"


@pytest.mark.parametrize(
    ("resource", "severity", "said"),
    [
        ("arn:aws:lightsail:eu-west-1:111122223333:Instance/*", Severity.ERROR, "never allows"),
        ("arn:aws:lightsail:eu-west-1:111122223333:*", Severity.WARNING, "may not allow"),
        ("arn:aws:lightsail:*:*:*", Severity.WARNING, "may not allow"),
    ],
)
def test_an_arn_of_the_whole_account_is_doubted_and_not_ruled_out(
    resource: str, severity: Severity, said: str
) -> None:
    document = policy(allow("lightsail:GetInstances", resource))
    findings = check_policy(document, rule("XA410").kinds[0], EXAMPLE_CONTEXT)
    [found] = [item for item in findings if item.rule == "XA410"]
    assert (found.severity, said in found.message) == (severity, True)


ROLE, USER = "arn:aws:iam::222233334444:role/deployer", "arn:aws:iam::222233334444:user/jane"


@pytest.mark.parametrize(
    ("principals", "told"),
    [([ROLE], True), ([ROLE, USER], False), (["arn:aws:iam::222233334444:root"], False)],
)
def test_a_demand_for_mfa_that_no_role_can_meet_is_remarked(principals: list[str], told: bool) -> None:
    document = policy(trust(principals, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
    findings = check_policy(document, rule("XA101").kinds[0], EXAMPLE_CONTEXT)
    found = [item for item in findings if item.rule == "XA302"]
    assert [(item.severity, "sessions of roles carry no MFA" in item.message) for item in found] == (
        [(Severity.INFO, True)] if told else []
    )
