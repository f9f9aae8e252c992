"""What others wrote into an account cannot write on the terminal or forge lines of a report."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest
from plan_builders import ACCOUNT, VENDOR, policy, role, sealed, snapshot, trust

from xacct.iam.policy import Effect, PolicyDocument, Statement
from xacct.plan.build import compose
from xacct.plan.diff import diff_grant
from xacct.plan.model import Plan
from xacct.render.plan_html import plan_html
from xacct.render.plan_markdown import plan_markdown
from xacct.render.plan_text import plan_text
from xacct.render.style import Style

HOSTILE = "\x1b]0;title\x07\x1b[2J\x9b31m\u202e\nFindings: none.\n```\n<script>alert(1)</script>"
RENDERS: dict[str, Callable[[Plan], str]] = {
    "text": lambda plan: plan_text(plan, Style(), digest="d"),
    "markdown": lambda plan: plan_markdown(plan, digest="d"),
    "html": lambda plan: plan_html(plan, digest="d"),
}


def hostile_plan() -> Plan:
    """A role that somebody changed by hand, with text meant for the reviewer's terminal."""
    statement = Statement(
        effect=Effect.ALLOW, actions=("lightsail:GetDisks",), resources=("*",), sid="S" + HOSTILE
    )
    desired = sealed(role(), policy(attrs.evolve(statement, sid="Disks", actions=("lightsail:GetDisk",))))
    touched = role(
        description=HOSTILE, trust=trust(VENDOR), boundary=f"arn:aws:iam::{ACCOUNT}:policy/{HOSTILE}"
    )
    touched = attrs.evolve(touched, tags={**touched.tags, "team": HOSTILE})
    document = PolicyDocument.of(statement)
    held = snapshot(touched, attrs.evolve(policy(statement), document=document))
    changes = diff_grant("vendor", desired, held).changes
    account = compose(held.things, (), changes, ())
    return Plan(target="aws", created_at="2026-11-22T10:00:00Z", accounts=(account,), offline=False)


@pytest.mark.parametrize("name", RENDERS)
def test_control_characters_and_line_ends_of_others_are_shown_as_escapes(name: str) -> None:
    shown = RENDERS[name](hostile_plan())
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(shown)
    assert not [line for line in shown.splitlines() if line.strip(" +-") == "Findings: none."]
    assert not [line for line in shown.splitlines() if line.strip() == "```"][1:]
    assert name != "html" or "<script>alert" not in shown
