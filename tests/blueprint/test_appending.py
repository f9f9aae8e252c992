"""An item is added to a list of a grant's file, and every other character stays."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.blueprint.edit import append_item
from xacct.blueprint.yaml_nodes import MappingNode, SequenceNode, parse_yaml
from xacct.errors import InputError

ITEM = {"add": ["lightsail:GetDisk"]}
WRITTEN = '{add: ["lightsail:GetDisk"]}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\npermissions:\n  - set: x\nb: 2\n", f"a: 1\npermissions:\n  - set: x\n  - {WRITTEN}\nb: 2\n"),
        ("permissions:\n- set: x # why\n", f"permissions:\n- set: x # why\n- {WRITTEN}\n"),
        ("permissions:\n  - set: x-y", f"permissions:\n  - set: x-y\n  - {WRITTEN}\n"),
        ("permissions: [{set: x}]\n", f"permissions: [{{set: x}}, {WRITTEN}]\n"),
        ("permissions: []\n", f"permissions: [{WRITTEN}]\n"),
        ("permissions:\n", f"permissions: [{WRITTEN}]\n"),
        ("a: 1\n", f"a: 1\npermissions: [{WRITTEN}]\n"),
        (
            "permissions:\r\n  - set: x\r\nb: 1\r\n",
            f"permissions:\r\n  - set: x\r\n  - {WRITTEN}\r\nb: 1\r\n",
        ),
        ("\ufeffpermissions: [{set: x}]\n", f"\ufeffpermissions: [{{set: x}}, {WRITTEN}]\n"),
    ],
)
def test_an_item_is_added_at_the_end(text: str, expected: str) -> None:
    assert append_item(text, "permissions", ITEM) == expected


def test_a_grant_among_several_is_picked_by_its_name() -> None:
    text = "name: one\nitems: [a]\n---\nname: two\nitems: [b]\n"
    assert append_item(text, "items", "c", grant="two").endswith("items: [b, c]\n")


def test_what_is_no_list_is_refused() -> None:
    with pytest.raises(InputError):
        append_item("permissions: {set: x}\n", "permissions", ITEM)


BLOCKS = st.lists(
    st.sampled_from(["  - set: a\n", "  - set: b  # c\n", "  # note\n", "\n", "  - {add: [x]}\n"]),
    min_size=1,
    max_size=5,
)


@settings(max_examples=100, deadline=None)
@given(BLOCKS, st.booleans())
def test_the_text_before_and_after_is_whole(blocks: list[str], more: bool) -> None:
    if not any("- " in block for block in blocks):
        blocks = ["  - set: a\n"]
    text = f"permissions:\n{''.join(blocks)}" + ("last: 1\n" if more else "")
    after = append_item(text, "permissions", ITEM)
    [root] = parse_yaml(after, "grant.yaml")
    assert isinstance(root, MappingNode)
    listed = root.get("permissions")
    assert isinstance(listed, SequenceNode)
    assert len(listed.items) == sum("- " in block for block in blocks) + 1
    kept = after.splitlines()
    kept.remove(f"  - {WRITTEN}")
    assert kept == text.splitlines()
