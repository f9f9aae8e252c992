"""The tables: each line holds to a documented rule; and answers do not lean on the way a case came in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xacct.evaluate import Policies, Request, compile_policies, evaluate
from xacct.evaluate.cases import answer_line, answer_lines
from xacct.iam import PolicyDocument

CASES = Path(__file__).parents[1] / "cases" / "evaluate"
FILES = sorted(CASES.glob("*.jsonl"))


def read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def request_and_policies(case: dict[str, Any]) -> tuple[Request, Policies]:
    def documents(raw: list[Any]) -> tuple[PolicyDocument, ...]:
        return tuple(PolicyDocument.from_json(item) for item in raw)

    def levels(raw: list[list[Any]] | None) -> tuple[tuple[PolicyDocument, ...], ...] | None:
        return None if raw is None else tuple(documents(level) for level in raw)

    request = Request(
        principal=case["principal"],
        action=case["action"],
        resource=case["resource"],
        resource_account=case["resource_account"],
        context=case["context"],
        partial=case.get("partial", False),
    )
    policies = Policies(
        identity=documents(case["identity_policies"]),
        resource=None
        if case["resource_policy"] is None
        else PolicyDocument.from_json(case["resource_policy"]),
        boundary=None if case["boundary"] is None else documents(case["boundary"]),
        scps=levels(case["scps"]),
        rcps=levels(case.get("rcps")),
        session=None if case["session_policy"] is None else documents([case["session_policy"]]),
    )
    return request, policies


def test_there_are_hundreds_of_cases_with_distinct_ids() -> None:
    ids = [case["id"] for file in FILES for case in read(file)]
    assert len(ids) > 600
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_case_of_the_table_is_decided_as_documented(file: Path) -> None:
    wrong = [
        (case["id"], case["note"], case["expected"], answer)
        for case in read(file)
        if (answer := answer_line(json.dumps(case))).get("decision") != case["expected"]
    ]
    assert wrong == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_values_and_lines_are_decided_alike_and_the_trace_bears_the_decision_out(file: Path) -> None:
    for case in read(file):
        request, policies = request_and_policies(case)
        decision = evaluate(request, policies)
        assert decision.outcome == case["expected"], case["id"]
        assert compile_policies(policies).decide(request).outcome == case["expected"], case["id"]
        denied = any(row.applies for row in decision.trace if row.effect == "Deny")
        exempt = "/aws-service-role/" in case["principal"]
        assert exempt or denied == (case["expected"] == "explicitly_denied"), case["id"]


def test_a_trace_tells_of_each_element_what_matched_and_why() -> None:
    case = next(case for case in read(CASES / "presence.jsonl") if case["note"] == "case of the external ID")
    decision = evaluate(*request_and_policies(case))
    trust = next(row for row in decision.trace if row.policy_type == "trust")
    assert trust.applies is False
    assert [(element.element.value, element.matched) for element in trust.elements] == [
        ("principal", True),
        ("action", True),
        ("condition", False),
    ]
    condition = trust.elements[-1]
    assert (condition.operator, condition.key) == ("StringEquals", "sts:ExternalId")
    assert (condition.policy_values, condition.requested) == (("ab-12",), "AB-12")
    assert decision.decided_by == "trust"


def test_an_open_decision_names_the_keys_it_hangs_on() -> None:
    case = next(
        case for case in read(CASES / "partial.jsonl") if case["note"] == "a variable without known value"
    )
    assert "aws:username" in answer_line(json.dumps(case))["why"]


def test_lines_are_answered_in_order_and_blank_ones_left_out() -> None:
    lines = (CASES / "samples.jsonl").read_text(encoding="utf-8").splitlines()
    answers = list(answer_lines([lines[0], "", "nonsense", "  \n", lines[1]]))
    assert [answer.get("id") for answer in answers] == ["s001", None, "s002"]
    assert answers[1]["error"]["code"] == "not-json"
