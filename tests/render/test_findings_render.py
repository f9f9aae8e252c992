"""Findings for code scanning and for people."""

from __future__ import annotations

from xacct.lint.check import check_policy
from xacct.lint.codes import OTHER_CODES
from xacct.lint.model import Finding, Severity
from xacct.lint.rules import RULES
from xacct.lint.rules.examples import EXAMPLE_CONTEXT
from xacct.render.findings import to_sarif, to_text
from xacct.render.style import Style


def found() -> list[Finding]:
    told = check_policy(RULES["XA101"].bad, "trust", EXAMPLE_CONTEXT, file="a folder/trust.json")
    contract = Finding(rule="XA900", severity=Severity.ERROR, message="broken", fix="", path="expect")
    return [*told, contract]


def test_code_scanning_gets_each_rule_with_its_words() -> None:
    [run] = to_sarif(found())["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["XA101", "XA900"]
    assert rules[0]["shortDescription"] == {"text": RULES["XA101"].title}
    assert rules[1]["fullDescription"] == {"text": OTHER_CODES["XA900"].why}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_place_is_an_address_and_not_a_path() -> None:
    [run] = to_sarif(found())["runs"]
    [place] = run["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"] == {"uri": "a%20folder/trust.json"}


def test_the_last_line_counts_in_words() -> None:
    assert to_text(found(), 1, Style(width=100)).endswith("Checked 1 path: 2 errors.")
    assert to_text(found()[:1], 2, Style(width=100)).endswith("Checked 2 paths: 1 error.")
