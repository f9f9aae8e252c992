"""Whatever a line holds, it is answered, quickly, and no document that IAM would refuse decides anything."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.errors import InputError
from xacct.evaluate import Policies, Request, evaluate
from xacct.evaluate.cases import answer_line
from xacct.iam import PolicyDocument

ROLE = "arn:aws:iam::111122223333:role/backup"
ALLOW = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ROLE}
TRUST = {
    "Effect": "Allow",
    "Principal": {"AWS": "444455556666"},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"sts:ExternalId": "ab"}},
}


def policy(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def case(**changes: Any) -> dict[str, Any]:
    return {
        "id": "c1",
        "principal": "arn:aws:iam::444455556666:user/ana",
        "action": "sts:AssumeRole",
        "resource": ROLE,
        "resource_account": "111122223333",
        "context": {"sts:ExternalId": "ab"},
        "identity_policies": [policy(ALLOW)],
        "resource_policy": policy(TRUST),
        "boundary": None,
        "scps": None,
        "session_policy": None,
    } | changes


def error_of(line: str) -> dict[str, str]:
    answer = answer_line(line)
    assert "decision" not in answer
    error = answer["error"]
    assert isinstance(error["message"], str) and error["message"]
    assert set(error) == {"code", "message", "fix"}
    return error


def identity(statement: Any) -> dict[str, Any]:
    return case(identity_policies=[policy(statement)])


def test_the_case_that_the_others_spoil_is_allowed() -> None:
    assert answer_line(json.dumps(case()))["decision"] == "allowed"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", "not-json"),
        ("[]", "case"),
        ("null", "case"),
        ('"text"', "case"),
        ("{}", "missing-field"),
        ('{"id": "x"}', "missing-field"),
        ('{"id": NaN}', "not-json"),
        ('{"id": "a", "id": "b"}', "duplicate-key"),
        ("[" * 100_000, "nesting"),
        ('{"a":' * 100_000, "nesting"),
        ("1" * 10_000, "not-json"),
        ("x" * 5_000_000, "too-large"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_a_line_that_is_no_case_says_so(line: str, code: str) -> None:
    assert error_of(line)["code"] == code


@pytest.mark.parametrize("field", [name for name in case() if name != "id"])
def test_a_missing_field_is_named_and_the_id_is_told(field: str) -> None:
    broken = case()
    del broken[field]
    answer = answer_line(json.dumps(broken))
    assert answer["id"] == "c1"
    assert field in answer["error"]["message"]


@pytest.mark.parametrize("field", sorted(case()))
@pytest.mark.parametrize("value", [5, True, "", {"a": 1}, [5], [[5]]], ids=repr)
def test_a_field_of_the_wrong_type_is_an_error_or_harmless(field: str, value: Any) -> None:
    answer = answer_line(json.dumps(case(**{field: value})))
    assert "error" in answer or field in ("identity_policies", "scps", "boundary", "context", "id")
    if "error" not in answer:
        assert value == "" and field == "id"


@pytest.mark.parametrize(
    "changes",
    [
        {"principal": "arn:aws:iam::444455556666:group/x"},
        {"principal": "ana"},
        {"principal": "arn:aws:sts::444455556666:assumed-role/x"},
        {"principal": "arn:aws:iam::4444:user/x"},
        {"action": "AssumeRole"},
        {"action": "sts:*"},
        {"resource": "backup"},
        {"context": {"k": None}},
        {"context": {"k": [1]}},
        {"context": {"k": "a", "K": "b"}},
        {"context": {"k": ["a"] * 10_000}},
        {"partial": "yes"},
        {"scps": [{"Statement": []}]},
        {"scps": [[policy(TRUST)]]},
        {"boundary": policy(ALLOW)},
        {"session_policy": [policy(ALLOW)]},
        {"resource_policy": policy(ALLOW)},
        {"resource_policy": policy(TRUST | {"Resource": "*"})},
        {"resource_policy": {"Statement": 5}},
        {"resource_policy": {"Version": "2012-10-18", "Statement": []}},
        {"resource_policy": policy(TRUST) | {"Statements": []}},
    ],
    ids=lambda changes: json.dumps(changes)[:60],
)
def test_a_case_that_cannot_be_meant_is_refused(changes: dict[str, Any]) -> None:
    error_of(json.dumps(case(**changes)))


@pytest.mark.parametrize(
    "statement",
    [
        5,
        {},
        ALLOW | {"Effect": "allow"},
        ALLOW | {"effect": "Allow"},
        ALLOW | {"NotAction": "s3:*"},
        ALLOW | {"NotResource": "*"},
        ALLOW | {"Principal": "*"},
        ALLOW | {"Action": []},
        ALLOW | {"Action": [5]},
        ALLOW | {"Action": None},
        ALLOW | {"Resource": {}},
        ALLOW | {"Sid": 5},
        ALLOW | {"Condition": []},
        ALLOW | {"Condition": {"StringEqual": {"a": "b"}}},
        ALLOW | {"Condition": {"ForSomeValue:StringEquals": {"a": "b"}}},
        ALLOW | {"Condition": {"NullIfExists": {"a": "true"}}},
        ALLOW | {"Condition": {"StringEquals": "a"}},
        ALLOW | {"Condition": {"StringEquals": {"a": None}}},
        ALLOW | {"Condition": {"StringEquals": {"a": {}}}},
        {"Effect": "Allow", "Action": "s3:*"},
        {"Effect": "Allow", "Resource": "*"},
        ALLOW | {"Action": "a" * 70_000},
        ALLOW | {"Action": ["s3:*"] * 40_000},
    ],
    ids=lambda statement: json.dumps(statement)[:70],
)
def test_a_statement_that_iam_refuses_decides_nothing(statement: Any) -> None:
    error_of(json.dumps(identity(statement)))


@pytest.mark.parametrize(
    "principal",
    [5, "444455556666", [], {}, {"AWS": []}, {"AWS": 5}, {"aws": "*"}, {"Service": [None]}],
    ids=repr,
)
def test_a_principal_that_iam_refuses_decides_nothing(principal: Any) -> None:
    error_of(json.dumps(case(resource_policy=policy(TRUST | {"Principal": principal}))))
    error_of(json.dumps(case(resource_policy=policy(TRUST | {"NotPrincipal": principal}))))


def test_a_million_statements_are_refused_at_once() -> None:
    statements = ",".join(['{"Effect":"Allow","Action":"*","Resource":"*"}'] * 1_000_000)
    line = json.dumps(case(identity_policies=[])).replace(
        '"identity_policies": []', f'"identity_policies":[{{"Statement":[{statements}]}}]'
    )
    start = time.perf_counter()
    assert error_of(line)["code"] == "too-large"
    assert time.perf_counter() - start < 1


def test_thousands_of_statements_within_the_line_are_refused_with_their_number() -> None:
    error = error_of(json.dumps(case(identity_policies=[policy(*[ALLOW] * 5000)])))
    assert error["code"] == "too-large"
    assert "5,000" in error["message"]


@pytest.mark.parametrize(
    "pattern",
    ["*a" * 10_000 + "b", "*" * 10_000 + "b", "a*" * 10_000 + "?b", "?*" * 10_000 + "b", "*:" * 10_000],
)
@pytest.mark.parametrize("where", ["condition", "resource", "action"])
def test_a_pattern_of_ten_thousand_stars_is_decided_in_bounded_time(pattern: str, where: str) -> None:
    text = "a" * 30_000
    condition = {"StringLike": {"aws:PrincipalTag/x": pattern}}
    statement = {
        "condition": ALLOW | {"Condition": condition},
        "resource": ALLOW | {"Resource": "arn:aws:iam::111122223333:role/" + pattern},
        "action": ALLOW | {"Action": "sts:" + pattern},
    }[where]
    spoiled = identity(statement) | {
        "context": {"aws:PrincipalTag/x": text, "sts:ExternalId": "ab"},
        "resource": "arn:aws:iam::111122223333:role/" + text if where == "resource" else ROLE,
    }
    start = time.perf_counter()
    assert answer_line(json.dumps(spoiled))["decision"] == "implicitly_denied"
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize("operator", ["StringLike", "StringEquals"])
def test_a_variable_repeated_without_end_fills_no_memory(operator: str) -> None:
    statement = ALLOW | {"Condition": {operator: {"aws:username": ["${aws:userid}" * 5000] * 20}}}
    spoiled = identity(statement) | {"context": {"aws:username": "a" * 9000, "aws:userid": "*" * 30_000}}
    start = time.perf_counter()
    assert answer_line(json.dumps(spoiled))["decision"] == "implicitly_denied"
    assert time.perf_counter() - start < 2


def test_values_that_cannot_be_decided_raise_an_error_for_users() -> None:
    request = Request(principal="nobody", action="sts:AssumeRole", resource=ROLE)
    with pytest.raises(InputError, match="nobody"):
        evaluate(request, Policies())
    no_resource = PolicyDocument.from_json({"Statement": {"Effect": "Allow", "Action": "s3:*"}})
    with pytest.raises(InputError, match="Resource"):
        evaluate(
            Request(principal=case()["principal"], action="s3:Get", resource="*"),
            Policies(identity=[no_resource]),
        )


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["*", "Allow", "Deny", ROLE]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=8) | st.sampled_from(["AWS", "StringLike", "Statement"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_spoiled_case_raises(data: st.DataObject) -> None:
    broken = copy.deepcopy(case())
    node: Any = broken
    while True:
        key = data.draw(
            st.sampled_from(sorted(node)) if isinstance(node, dict) else st.integers(0, len(node) - 1)
        )
        inner = node[key]
        if isinstance(inner, (dict, list)) and inner and data.draw(st.booleans()):
            node = inner
            continue
        node[key] = data.draw(json_values)
        break
    answer = answer_line(json.dumps(broken))
    assert ("decision" in answer) != ("error" in answer)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60))
def test_no_text_raises(line: str) -> None:
    assert "error" in answer_line(line)
