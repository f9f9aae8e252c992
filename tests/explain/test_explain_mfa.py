"""A demand for MFA, which sessions of IAM users alone can meet."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from explain_builders import EXAMPLES, ROOT, example, from_text

from xacct.explain import explain_grant
from xacct.explain.case import Case
from xacct.explain.cases import case_of
from xacct.explain.mfa import can_happen
from xacct.explain.model import Grid
from xacct.explain.why import explain_action

CASES = json.loads((ROOT / "tests" / "cases" / "explain" / "mfa.json").read_text())
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def asking(row: dict[str, Any], folder: Path) -> Case:
    """A grant whose trust policy is the row's."""
    condition = dict(row.get("condition", MFA))
    if "like" in row:
        condition["ArnLike"] = {"aws:PrincipalArn": row["like"]}
    allow = {"Effect": "Allow", "Principal": {"AWS": row["principals"]}, "Action": "sts:AssumeRole"}
    statements = [{**allow, "Condition": condition} if condition else allow]
    if "deny" in row:
        everyone = {"Effect": "Deny", "Principal": "*", "Action": row.get("denied", "sts:AssumeRole")}
        statements.append({**everyone, "Condition": row["deny"]})
    grant = {
        "blueprint": "raw",
        "name": "odd",
        "account": "111122223333",
        "parameters": {"trust": {"Version": "2012-10-17", "Statement": statements}},
        "permissions": [{"set": "instance-operator"}],
        "max_session": "4h",
    }
    return case_of(from_text(json.dumps(grant), folder))


@pytest.mark.parametrize("row", CASES, ids=lambda row: row["why"])
def test_the_example_of_a_caller_is_one_who_can_get_in(row: dict[str, Any], tmp_path: Path) -> None:
    case = asking(row, tmp_path)
    assert case.shut_out == tuple(row["shut_out"])
    assert case.is_closed is (row["caller"] is None)
    found = case.assume_request
    assert (found is None) is (row["caller"] is None)
    if found is not None:
        assert fnmatchcase(found.principal, row["caller"])
        assert can_happen(found.principal, found.context)
        assert case.decide_assume(found).allowed


@pytest.mark.parametrize("row", [row for row in CASES if row["shut_out"]], ids=lambda row: row["why"])
def test_who_carries_no_mfa_is_named_and_shown_among_nobody_who_may(
    row: dict[str, Any], tmp_path: Path
) -> None:
    case = asking(row, tmp_path)
    found = explain_grant(case.expansion)
    texts = [text for section in found.sections for text in _texts(section.blocks)]
    assert any("which only sessions of IAM users carry" in text for text in texts)
    assert found.lead.startswith("Nobody gets in") is (row["caller"] is None)
    assert not [one.principal for one in case.rows if set(row["shut_out"]) & set(one.principal.split(", "))]


def _texts(blocks: Any) -> list[str]:
    return [block.text for block in blocks if hasattr(block, "text")]


@pytest.mark.parametrize("row", [row for row in CASES if row["caller"] is None], ids=lambda row: row["why"])
def test_where_nobody_gets_in_nothing_is_told_to_be_allowed(row: dict[str, Any], tmp_path: Path) -> None:
    case = asking(row, tmp_path)
    assert case.granted == ()
    assert explain_action(case, "StartInstance").lead.startswith("Denied")
    assert explain_action(case, "sts:AssumeRole").lead.startswith("Denied for the trusted party: no request")
    found = explain_grant(case.expansion)
    assert {section.key for section in found.sections} == {"path", "lines"}
    assert found.picture is not None
    assert found.picture.alt.startswith("Nobody can assume")


def test_users_get_the_role_s_own_maximum_where_roles_are_shut_out(tmp_path: Path) -> None:
    case = asking(CASES[0], tmp_path)
    assert "for at most 4 hours at a time" in explain_grant(case.expansion).lead


def test_a_whole_account_that_has_to_show_mfa_is_its_users(tmp_path: Path) -> None:
    with_mfa, without = ({"principals": ["444455556666"]}, {"principals": ["444455556666"], "condition": {}})
    assert "any user that its administrators" in _trust_line(asking(with_mfa, tmp_path))
    assert "any user or role that its administrators" in _trust_line(asking(without, tmp_path))


def _trust_line(case: Case) -> str:
    [lines] = [one for one in explain_grant(case.expansion).sections if one.key == "lines"]
    grid = next(block for block in lines.blocks if isinstance(block, Grid))
    return grid.rows[0].cells[1]


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_example_shows_mfa_on_a_session_without_it(name: str) -> None:
    witness = case_of(example(name)).witness
    assert witness is not None
    assert can_happen(witness.principal, witness.assume_context)


def test_a_service_beside_an_account_is_explained_without_failing(tmp_path: Path) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
            for principal in (
                {"Service": "ec2.amazonaws.com"},
                {"AWS": "arn:aws:iam::444455556666:role/deploy"},
            )
        ],
    }
    grant = {"blueprint": "raw", "name": "odd", "account": "111122223333", "parameters": {"trust": trust}}
    text = json.dumps({**grant, "permissions": [{"set": "monitoring"}]})
    assert explain_grant(from_text(text, tmp_path)).sections


@pytest.mark.parametrize("other", ["arn:aws:iam::444455556666:role/deploy", "arn:aws:iam::444455556666:root"])
def test_who_may_come_another_way_is_not_told_to_be_shut_out(other: str, tmp_path: Path) -> None:
    allow = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    asking_for_it = {
        **allow,
        "Principal": {"AWS": "arn:aws:iam::444455556666:role/deploy"},
        "Condition": MFA,
    }
    trust = {"Version": "2012-10-17", "Statement": [asking_for_it, {**allow, "Principal": {"AWS": other}}]}
    grant = {"blueprint": "raw", "name": "odd", "account": "111122223333", "parameters": {"trust": trust}}
    case = case_of(from_text(json.dumps({**grant, "permissions": [{"set": "monitoring"}]}), tmp_path))
    assert case.shut_out == ()
    assert not case.is_closed
    assert case.assume_request is not None
    assert can_happen(case.assume_request.principal, case.assume_request.context)
