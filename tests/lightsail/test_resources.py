from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.errors import InputError
from xacct.lightsail.resources import check_resource

ACCOUNT = "111122223333"
LINES = (Path(__file__).parents[1] / "cases" / "lightsail" / "resources.jsonl").read_text(encoding="utf-8")
CASES = [json.loads(line) for line in LINES.splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["text"]))
def test_a_resource_is_accepted_or_refused_with_the_way_out(case: dict[str, str | None]):
    text, says = case["text"], case["says"]
    assert text is not None
    if says is None:
        assert str(check_resource(text, account=ACCOUNT)) == text
        return
    with pytest.raises(InputError) as caught:
        check_resource(text, account=ACCOUNT, where="permissions[0].resources[0]")
    assert says in str(caught.value)
    assert caught.value.problems[0].fix
    assert caught.value.problems[0].where == "permissions[0].resources[0]"


def test_without_an_account_any_account_will_do_but_one_there_must_be():
    assert check_resource("arn:aws:lightsail:*:444455556666:Disk/*", account=None).account == "444455556666"
    with pytest.raises(InputError, match="no account ID"):
        check_resource("arn:aws:lightsail:*:4444:Disk/*", account=None)


def test_another_partition_is_checked_against_the_grants():
    arn = "arn:aws-us-gov:lightsail:*:111122223333:Disk/*"
    assert str(check_resource(arn, account=ACCOUNT, partition="aws-us-gov")) == arn


PIECES = st.sampled_from(
    ["arn", ":", "aws", "lightsail", "eu-west-1", "*", ACCOUNT, "Instance", "/", "[", "\x00", "é", "?"]
)


@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=14).map("".join)))
@settings(deadline=None, max_examples=300)
def test_no_text_makes_it_stumble(text: str):
    try:
        assert str(check_resource(text, account=ACCOUNT)) == text
    except InputError as error:
        assert error.problems[0].fix
