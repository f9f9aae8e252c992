"""What may be typed for an answer."""

from __future__ import annotations

import pytest

from xacct.errors import InputError
from xacct.wizard.model import Kind, Option, Question
from xacct.wizard.replies import find_option, read_reply

OPTIONS = (Option("read-only", "Read"), Option("read-all", "Read all"), Option("dns-manager", "DNS"))


def question(kind: Kind, **facts) -> Question:
    return Question(key="k", kind=kind, prompt="?", **facts)


@pytest.mark.parametrize(
    ("kind", "typed", "read"),
    [
        (Kind.CHOICE, "1", "read-only"),
        (Kind.CHOICE, " 3 ", "dns-manager"),
        (Kind.CHOICE, "DNS", "dns-manager"),
        (Kind.CHOICE, "read-only", "read-only"),
        (Kind.MANY, "1, 3", "read-only,dns-manager"),
        (Kind.MANY, "dns,dns-manager,1", "dns-manager,read-only"),
        (Kind.YES_NO, "Y", "true"),
        (Kind.YES_NO, "no", "false"),
        (Kind.TEXT, " a b ", "a b"),
        (Kind.ITEMS, "a, b ,,c", "a,b,c"),
        (Kind.ITEMS, "[a, 'b,c']", "[a, 'b,c']"),
        (Kind.PAIRS, "A=b, C=d", "A=b,C=d"),
    ],
)
def test_an_answer_is_read(kind: Kind, typed: str, read: str) -> None:
    assert read_reply(question(kind, options=OPTIONS), typed) == read


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (Kind.CHOICE, "read"),  # the beginning of two
        (Kind.CHOICE, "4"),
        (Kind.CHOICE, "0"),
        (Kind.CHOICE, "²"),
        (Kind.CHOICE, "9" * 5000),
        (Kind.MANY, "1,nothing"),
        (Kind.YES_NO, "maybe"),
        (Kind.TEXT, ""),
        (Kind.TEXT, "   "),
    ],
)
def test_what_is_no_answer_is_told_with_the_way_out(kind: Kind, typed: str) -> None:
    with pytest.raises(InputError) as caught:
        read_reply(question(kind, options=OPTIONS), typed)
    assert caught.value.problems[0].fix


def test_enter_takes_the_default() -> None:
    assert read_reply(question(Kind.YES_NO, default="no"), "") == "false"
    assert read_reply(question(Kind.CHOICE, options=OPTIONS, default="read-only"), "") == "read-only"
    assert read_reply(question(Kind.TEXT, default="acme"), "") == "acme"


def test_enter_and_a_dash_leave_out_what_is_not_needed() -> None:
    assert read_reply(question(Kind.TEXT, required=False), "") == ""
    assert read_reply(question(Kind.TEXT, required=False, default="acme"), "-") == ""
    assert read_reply(question(Kind.TEXT, required=True), "-") == "-"


def test_a_number_picks_what_was_found() -> None:
    found = (Option("arn:one"), Option("arn:two"))
    assert read_reply(question(Kind.TEXT), "2", found) == "arn:two"
    assert read_reply(question(Kind.ITEMS), "1,2,arn:three", found) == "arn:one,arn:two,arn:three"
    assert read_reply(question(Kind.TEXT), "3", found) == "3"


def test_an_option_is_found_by_number_value_or_beginning() -> None:
    assert find_option(OPTIONS, "2") == OPTIONS[1]
    assert find_option(OPTIONS, "dns") == OPTIONS[2]
    assert find_option(OPTIONS, "") is None
    assert find_option(OPTIONS, "nothing") is None
