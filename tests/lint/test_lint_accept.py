"""Accepting findings: with a reason, for a time, and never without a word."""

from __future__ import annotations

import datetime

import pytest

from xacct.errors import InputError
from xacct.iam.policy import PolicyDocument
from xacct.iam.things import Role
from xacct.lint.accept import Acceptance, accept
from xacct.lint.check import check_policy, check_role
from xacct.lint.context import LintContext
from xacct.lint.model import Finding, Severity
from xacct.lint.rules import RULES
from xacct.lint.rules.examples import EXAMPLE_CONTEXT

TODAY = datetime.date(2026, 11, 22)


def findings() -> tuple[Finding, ...]:
    return check_policy(RULES["XA101"].bad, "trust", EXAMPLE_CONTEXT)


def test_an_accepted_finding_no_longer_blocks_and_stays_in_sight() -> None:
    (found,) = accept(findings(), [Acceptance(rule="XA101", reason="a public sandbox", until=TODAY)], TODAY)
    assert found.accepted == "a public sandbox"
    assert not found.blocks


def test_an_acceptance_that_ran_out_does_not_count_and_says_so() -> None:
    yesterday = TODAY - datetime.timedelta(days=1)
    found, told = accept(findings(), [Acceptance(rule="XA101", reason="for a week", until=yesterday)], TODAY)
    assert found.blocks
    assert "ran out" in told.message


def test_an_acceptance_of_nothing_is_told() -> None:
    told = accept((), [Acceptance(rule="XA101", reason="never mind")], TODAY)
    assert [(item.severity, "accepts nothing" in item.message) for item in told] == [(Severity.INFO, True)]


def test_an_acceptance_without_reason_or_with_an_unknown_rule_is_refused_all_at_once() -> None:
    with pytest.raises(InputError) as caught:
        accept((), [Acceptance(rule="XA101", reason=" "), Acceptance(rule="XA1011", reason="x")], TODAY)
    assert [problem.code for problem in caught.value.problems] == ["accept-reason", "unknown-rule"]


def test_a_role_is_checked_with_its_policies_and_the_paths_tell_which() -> None:
    role = Role(name="backup", trust=PolicyDocument.from_json(RULES["XA104"].bad))
    secrets = PolicyDocument.from_json(RULES["XA420"].bad)
    found = check_role(
        role, [secrets], LintContext(account="111122223333", third_party_accounts={"444455556666"})
    )
    places = {(item.rule, item.path.partition(".Statement")[0]) for item in found if item.severity != "info"}
    assert places == {("XA104", "$.trust"), ("XA420", "$.permissions[0]")}


def test_policies_that_are_too_large_together_are_told() -> None:
    names = ",".join(f'"lightsail:Get{"x" * 90}{number}"' for number in range(70))
    text = f'{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":[{names}],"Resource":"*"}}}}'
    role = Role(name="backup", trust=PolicyDocument.from_json(RULES["XA104"].good))
    found = check_role(role, [PolicyDocument.from_json(text)] * 2, EXAMPLE_CONTEXT)
    assert ("XA514", "$.permissions") in {(item.rule, item.path) for item in found}
