"""
Tables of whole policies: each with one seeded defect, or with none.

A defect is found when its rules alarm; ``info`` is no alarm. A clean policy raises none at all.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.iam.policy import PolicyDocument
from xacct.lint.cases import answer_line, answer_lines
from xacct.lint.check import check_policy
from xacct.lint.context import LintContext

CASES = Path(__file__).parents[1] / "cases" / "lint"
TODAY = datetime.date(2026, 11, 22)


def table(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CASES / name).read_text(encoding="utf-8").splitlines()]


def alarms(case: dict[str, Any]) -> list[dict[str, Any]]:
    answer = answer_line(json.dumps(case), today=TODAY)
    return [finding for finding in answer["findings"] if finding["severity"] != "info"]


@pytest.mark.parametrize("case", table("defects.jsonl"), ids=lambda case: case["id"])
def test_a_seeded_defect_is_found(case: dict[str, Any]) -> None:
    assert set(case["rules"]) <= {finding["rule"] for finding in alarms(case)}


@pytest.mark.parametrize("case", table("clean.jsonl"), ids=lambda case: case["id"])
def test_a_clean_policy_raises_no_alarm(case: dict[str, Any]) -> None:
    assert alarms(case) == []


def test_the_order_and_form_of_a_clean_policy_raise_no_alarm_either() -> None:
    context = LintContext(account="111122223333", owned_accounts={"222233334444"}, today=TODAY)
    for case in table("clean.jsonl"):
        if case["context"]["third_party_accounts"] and "partition" not in case["context"]:
            document = PolicyDocument.from_json(case["policy"])
            plain = {
                item.rule for item in check_policy(document, case["kind"], context) if item.severity != "info"
            }
            turned = PolicyDocument(document.statements[::-1])
            other = {
                item.rule for item in check_policy(turned, case["kind"], context) if item.severity != "info"
            }
            assert plain == other, case["id"]


def test_findings_carry_the_line_of_their_place() -> None:
    policy = (
        '{\n "Version": "2012-10-17",\n "Statement": [\n  {\n   "Effect": "Allow",\n   "Principal": "*",\n'
    )
    policy += '   "Action": "sts:AssumeRole"\n  }\n ]\n}'
    answer = answer_line(json.dumps({"id": "1", "kind": "trust", "policy": policy, "context": {}}))
    (finding,) = [item for item in answer["findings"] if item["rule"] == "XA101"]
    assert (finding["line"], finding["path"]) == (6, "$.Statement[0].Principal")


BAD_LINES = [
    ("{", "not-json"),
    ("[]", "not-an-object"),
    ('{"id": "a"}', "policy"),
    ('{"id": "a", "kind": "x", "policy": "{}"}', "kind"),
    ('{"id": "a", "kind": "trust", "policy": "{}", "context": []}', "context"),
    ('{"id": "a", "kind": "trust", "policy": "{}", "context": {"account": "12"}}', "context"),
    ('{"id": "a", "kind": "trust", "policy": "{}", "context": {"owned_accounts": [1]}}', "context"),
    ('{"id": "a", "kind": "trust", "policy": "{}", "context": {"today": "soon"}}', "context"),
    ("[" * 100_000, "not-json"),
]


@pytest.mark.parametrize(("line", "code"), BAD_LINES, ids=range(len(BAD_LINES)))
def test_a_bad_line_is_answered_with_its_error(line: str, code: str) -> None:
    answer = answer_line(line)
    assert answer["error"]["code"] == code
    assert ("id" in answer) == ('"id"' in line)


def test_a_stream_goes_on_after_a_bad_line() -> None:
    good = json.dumps({"id": "b", "kind": "permission", "policy": "{}", "context": {}})
    assert ["error" in answer for answer in answer_lines(["{", "", good])] == [True, False]


def test_hostile_documents_are_answered_quickly() -> None:
    nested = "[" * 5_000 + "]" * 5_000
    stars = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "lightsail:" + "*a" * 5_000, "Resource": "*"}],
        }
    )
    for text in (nested, stars, '{"a":' * 5_000, "9" * 20_000, '"\\ud800"', '{"Statement": {"Effect": 1}}'):
        assert "findings" in answer_line(
            json.dumps({"id": 1, "kind": "permission", "policy": text, "context": {}})
        )


KEYS = [
    "Version",
    "Statement",
    "Effect",
    "Action",
    "Principal",
    "Resource",
    "Condition",
    "AWS",
    "Federated",
    "Sid",
]
KEYS += [
    "StringLike",
    "sts:ExternalId",
    "Null",
    "Bool",
    "NotAction",
    "aws:SourceIp",
    "a.b:sub",
    "DateLessThan",
    "",
    "x",
]
TEXTS = [
    "Allow",
    "*",
    "sts:AssumeRole",
    "arn:aws:iam::1:role/*",
    "lightsail:*",
    "${",
    "${x}",
    "arn:",
    ":",
    "::::::",
    "true",
]
TEXTS += [
    "arn:aws:lightsail:::/",
    "o-",
    "repo:",
    "10.0.0.0/8",
    "2020",
    "\u200b",
    "arn:aws:iam::1:oidc-provider/gitlab.com",
]
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(TEXTS), st.text(max_size=5))
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


def statements() -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": JSON, "Condition": JSON},
        optional={"Principal": JSON, "Resource": JSON, "NotAction": JSON, "NotPrincipal": JSON},
    )


@settings(deadline=None, max_examples=150)
@given(
    document=JSON | st.builds(lambda items: {"Statement": items}, st.lists(statements(), max_size=3)),
    kind=st.booleans(),
)
def test_no_document_makes_the_checks_fail(document: Any, kind: bool) -> None:
    case = {
        "id": "x",
        "kind": "trust" if kind else "permission",
        "policy": json.dumps(document),
        "context": {"account": "111122223333", "role": "r", "today": "2026-11-22"},
    }
    assert set(answer_line(json.dumps(case))) == {"id", "findings"}


@settings(deadline=None, max_examples=60)
@given(text=st.text(max_size=60), cut=st.integers(0, 400))
def test_no_text_makes_the_checks_fail(text: str, cut: int) -> None:
    whole = table("clean.jsonl")[0]["policy"]
    for policy in (text, whole[:cut], whole[:cut] + text + whole[cut:]):
        assert isinstance(check_policy(policy, "trust", LintContext()), tuple)
