"""Plans as reviewers see them, in golden files."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import attrs
import pytest
from golden_files import assert_golden

from xacct.blueprint.catalogue import load_blueprint
from xacct.blueprint.expand import Expansion, expand
from xacct.blueprint.load import parse_grant
from xacct.iam.policy import PolicyDocument
from xacct.iam.things import HolderType, PolicyAttachment, Role, RolePolicy
from xacct.plan.build import make_plan
from xacct.plan.file import plan_digest
from xacct.plan.model import Plan
from xacct.plan.options import PlanOptions
from xacct.plan.perform import after_changes
from xacct.plan.snapshot import Snapshot
from xacct.render.plan_html import plan_html
from xacct.render.plan_markdown import plan_markdown
from xacct.render.plan_text import plan_text
from xacct.render.style import Style

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
OPTIONS = PlanOptions(target="aws", created_at="2026-11-22T10:00:00Z", today=date(2026, 11, 22))
VENDOR = (EXAMPLES / "third-party.yaml").read_text()
GITHUB = (EXAMPLES / "github-actions.yaml").read_text()


def grant(text: str) -> Expansion:
    [made] = parse_grant(text, "grant.yaml")
    return expand(made, load_blueprint(made.blueprint), today=OPTIONS.today)


def applied(text: str) -> dict[str, Snapshot]:
    """The accounts as an apply of this grant leaves them."""
    expansion = grant(text)
    empty = {account: Snapshot.empty(account) for account in expansion.things}
    plan = make_plan([expansion], empty, OPTIONS)
    return {
        part.account: attrs.evolve(
            empty[part.account], things=after_changes(empty[part.account].things, part.changes)
        )
        for part in plan.accounts
    }


def change(before: str, after: str, options: PlanOptions = OPTIONS) -> Plan:
    return make_plan([grant(after)], applied(before), options)


def sub(text: str, old: str, new: str) -> str:
    changed = re.sub(old, new, text)
    assert changed != text, old
    return changed


def drifted() -> Plan:
    """The external ID was taken out by hand, a policy and an attachment were added."""
    snapshots = applied(VENDOR)
    [(account, snapshot)] = snapshots.items()
    held = {**snapshot.things.things}
    for key, thing in held.items():
        if isinstance(thing, Role):
            open_trust = [attrs.evolve(one, conditions=()) for one in thing.trust.statements]
            held[key] = attrs.evolve(thing, trust=PolicyDocument(tuple(open_trust)))
    everything = PolicyDocument.from_json(
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    )
    extra = RolePolicy(role="acme-backup", name="backdoor", document=everything)
    attached = PolicyAttachment(
        holder_type=HolderType.ROLE,
        holder="acme-backup",
        policy_arn="arn:aws:iam::aws:policy/ReadOnlyAccess",
    )
    held |= {extra.key: extra, attached.key: attached}
    moved = attrs.evolve(snapshot, things=attrs.evolve(snapshot.things, things=held))
    return make_plan([grant(VENDOR)], {account: moved}, OPTIONS)


def plans() -> dict[str, Plan]:
    other_id = sub(VENDOR, "1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11", "77aa1c9e-0b51-4d0f-8a3c-5f2d9e6b4c10")
    return {
        "new": make_plan([grant(VENDOR)], {"111122223333": Snapshot.empty("111122223333")}, OPTIONS),
        "nothing": change(VENDOR, VENDOR),
        "external-id": change(VENDOR, other_id),
        "tag": change(VENDOR, sub(VENDOR, "Environment: prod", "Environment: staging")),
        "region": change(VENDOR, sub(VENDOR, r"\[eu-west-1\]", "[eu-west-1, eu-central-1]")),
        "permission-set": change(VENDOR, sub(VENDOR, "set: snapshot-operator", "set: instance-operator")),
        "expiry": change(VENDOR, sub(VENDOR, "2030-01-31", "2030-06-30")),
        "subject": change(GITHUB, sub(GITHUB, "environment: production", "environment: staging")),
        "drift": drifted(),
        "destroy": change(VENDOR, VENDOR, attrs.evolve(OPTIONS, removal=True)),
    }


PLANS = plans()


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_reads_as_in_its_golden_file(name: str) -> None:
    assert_golden(f"plan/{name}.txt", plan_text(PLANS[name], Style(width=100)))


def test_a_plan_folds_into_forty_columns() -> None:
    text = plan_text(PLANS["external-id"], Style(width=40))
    assert_golden("plan/external-id-40.txt", text)
    wide = [line for line in text.splitlines() if len(line) > 40]
    # Only a word that has no place to break, such as an ARN, runs over.
    assert all(max(map(len, line.split())) >= 20 for line in wide), wide


@pytest.mark.parametrize("name", ["external-id", "drift"])
def test_a_plan_for_a_pull_request_reads_as_in_its_golden_file(name: str) -> None:
    plan = PLANS[name]
    assert_golden(f"plan/{name}.md", plan_markdown(plan, digest=plan_digest(plan)))


def test_a_plan_as_a_page_reads_as_in_its_golden_file() -> None:
    plan = PLANS["external-id"]
    assert_golden("plan/external-id.html", plan_html(plan, digest=plan_digest(plan)))


def test_colour_changes_no_character() -> None:
    plain = plan_text(PLANS["drift"], Style(width=100))
    colored = plan_text(PLANS["drift"], Style(color=True, width=100))
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == plain
    assert colored != plain


@pytest.mark.parametrize("render", [plan_text, plan_markdown, plan_html])
def test_no_render_shows_an_external_id(render: object) -> None:
    for plan in PLANS.values():
        text = plan_text(plan, Style()) if render is plan_text else render(plan)  # type: ignore[operator]
        assert "1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11" not in text
        assert "77aa1c9e" not in text


def test_markdown_stays_within_a_comment_and_says_what_it_left_out() -> None:
    plan = PLANS["drift"]
    text = plan_markdown(plan, limit=2500)
    assert len(text) <= 2500
    assert "did not fit" in text
    assert "### Access" in text


def hostile() -> Plan:
    bad = "<script>alert(1)</script>|`x`\x1b[31m@everyone [a](http://b)"
    [account] = PLANS["external-id"].accounts
    rows = tuple(attrs.evolve(row, principal=bad, condition=bad) for row in account.access_delta)
    grants = tuple(attrs.evolve(one, notes=(bad,)) for one in account.grants)
    return attrs.evolve(
        PLANS["external-id"], accounts=(attrs.evolve(account, access_delta=rows, grants=grants),)
    )


def test_hostile_text_is_shown_as_text() -> None:
    page = plan_html(hostile())
    assert "<script>" not in page
    assert "\x1b" not in page
    markdown = plan_markdown(hostile())
    assert "<script>" not in re.sub(r"`[^`]*`", "", markdown)
    assert "\x1b" not in markdown
    assert "@everyone" not in markdown.replace("`<script>alert(1)</script>\\|'x'\\x1b[31m@everyone", "")
    assert "\x1b" not in plan_text(hostile(), Style())
