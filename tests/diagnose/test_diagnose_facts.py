"""A refused request held against a grant: the true cause, ranked, and the change that would help."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.blueprint.catalogue import load_blueprint
from xacct.blueprint.expand import Expansion, expand
from xacct.blueprint.load import parse_grant, read_text
from xacct.blueprint.model import Grant
from xacct.diagnose import Diagnosis, diagnose
from xacct.diagnose.differ import compare
from xacct.diagnose.grant_facts import GrantFacts
from xacct.diagnose.model import GrantEdit
from xacct.diagnose.repair import Proposal, propose
from xacct.iam.policy import PolicyDocument
from xacct.iam.things import AccountThings
from xacct.plan.access import RoleAccess
from xacct.plan.options import PlanOptions
from xacct.plan.reach import role_access
from xacct.plan.revoke import revocation
from xacct.plan.simulate import simulate

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "tests" / "cases" / "diagnose" / "facts.jsonl"
CASES = [json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()]
NOW = "2026-12-01T00:00:00Z"
OPTIONS = PlanOptions(target="aws", created_at=NOW, today=date(2026, 12, 1), offline=True)
UUID = "3f1d2c4b-0a1b-4c2d-9e8f-7a6b5c4d3e2f"


def expanded(grant: Grant) -> Expansion:
    return expand(grant, load_blueprint(grant.blueprint, []))


def example(name: str) -> Expansion:
    file = TABLE.parent / "grants" / f"{name}.yaml"
    [grant] = parse_grant(read_text(file), str(file))
    return expanded(grant)


def access_of(expansion: Expansion) -> RoleAccess | None:
    things = AccountThings(expansion.account, expansion.things[expansion.account])
    return role_access(things, expansion.role, {})


def facts_of(name: str, now: str = NOW, **context: str) -> GrantFacts:
    expansion = example(name)
    return GrantFacts(
        expansion=expansion, access=access_of(expansion), context={"aws:CurrentTime": now, **context}
    )


def settled(case: dict[str, Any]) -> Diagnosis:
    facts = facts_of(case["grant"], case.get("now", NOW), **case.get("context", {}))
    [only] = diagnose(case["text"], facts)
    return only


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_cause_is_found_as_the_table_says(case: dict[str, Any]) -> None:
    told = settled(case)
    causes = [f"{cause.likelihood.value}: {cause.title}" for cause in told.causes]
    edit = told.edits[0].path if told.edits else None
    assert (causes[: len(case["causes"])], edit) == (case["causes"], case["edit"])
    assert told.denied_by.value == case["denied_by"]
    assert told.fix


def proposal_for(case: dict[str, Any]) -> Proposal:
    told = settled(case)
    expansion = example(case["grant"])
    text = read_text(Path(expansion.grant.file or ""))
    return propose(told.edits[0], text, expansion, expanded, OPTIONS)


@pytest.mark.parametrize("case", [case for case in CASES if case["edit"]], ids=lambda case: case["id"])
def test_proposed_change_keeps_every_other_line_and_only_gives(case: dict[str, Any]) -> None:
    found = proposal_for(case)
    removed = [line for line in found.diff.splitlines()[2:] if line.startswith("-")]
    added = [line for line in found.diff.splitlines()[2:] if line.startswith("+")]
    assert len(removed) <= 1
    assert len(added) == 1
    rows = [row for account in found.plan for row in account.access_delta]
    assert rows
    assert all(row.effect.value == "gain" for row in rows)
    assert not found.blocking


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if (case["edit"] or "").startswith("permissions")],
    ids=lambda case: case["id"],
)
def test_proposed_change_gives_the_refused_action_and_nothing_else(case: dict[str, Any]) -> None:
    told = settled(case)
    found = proposal_for(case)
    gained = {action for account in found.plan for row in account.access_delta for action in row.actions}
    assert gained == {told.action}


def test_request_passes_after_the_proposed_change() -> None:
    case = next(case for case in CASES if case["id"] == "other Region")
    found = proposal_for(case)
    [grant] = parse_grant(found.after, "grant.yaml")
    access = access_of(expanded(grant))
    assert access is not None
    told = simulate(
        access,
        action="lightsail:CreateInstanceSnapshot",
        resource=f"arn:aws:lightsail:eu-west-2:111122223333:Instance/{UUID}",
        context={"aws:ResourceTag/Environment": "prod", "aws:RequestedRegion": "eu-west-2"},
        defaults={"aws:CurrentTime": NOW},
    )
    assert told.outcome.value == "allowed"


def test_change_that_opens_a_hole_blocks() -> None:
    expansion = example("third-party")
    text = read_text(Path(expansion.grant.file or ""))
    statement = {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}
    edit = GrantEdit(path="permissions", value={"statements": [statement]}, append=True, why="opens all")
    rows = [
        row for account in propose(edit, text, expansion, expanded, OPTIONS).plan for row in account.findings
    ]
    assert any(finding.rule for finding in rows)


def test_external_id_is_neither_shown_nor_ever_proposed_to_be_dropped() -> None:
    sent = "1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a12"
    case = next(case for case in CASES if case["id"] == "no external ID")
    facts = facts_of("third-party", **{"sts:ExternalId": sent})
    [told] = diagnose(case["text"], facts)
    shown = json.dumps(told.to_json())
    assert sent not in shown
    assert sent[:-1] not in shown
    assert "from character 36 on" in told.causes[0].why
    assert told.edits == ()


def test_role_that_the_account_does_not_have_is_told() -> None:
    case = next(case for case in CASES if case["id"] == "no external ID")
    facts = attrs.evolve(facts_of("third-party"), is_live=True, live=None)
    [told] = diagnose(case["text"], facts)
    assert told.causes[0].title == "The account has no role acme-backup"
    assert told.fix[0].command is not None
    assert told.fix[0].command.startswith("xacct apply")


def test_principal_that_was_made_anew_is_told() -> None:
    facts = facts_of("delegated", **{"aws:MultiFactorAuthPresent": "true"})
    assert facts.access is not None
    trust = PolicyDocument.from_json(
        json.loads(
            facts.access.trust.pretty().replace(
                "arn:aws:iam::111122223333:user/jane", "AIDAQ3EXAMPLEJANE0001"
            )
        )
    )
    live = attrs.evolve(facts.access, trust=trust)
    case = next(case for case in CASES if case["id"] == "no MFA")
    [told] = diagnose(case["text"], attrs.evolve(facts, is_live=True, live=live))
    assert [cause.title for cause in told.causes] == [
        "The account is not as the grant says",
        "The trust policy holds on to a user or role that was deleted",
    ]


def test_revoked_session_is_told() -> None:
    facts = facts_of("third-party", **{"aws:TokenIssueTime": "2026-11-30T00:00:00Z"})
    assert facts.access is not None
    deny = revocation("acme-backup", "2026-12-01T00:00:00Z").document
    live = attrs.evolve(facts.access, policies=(*facts.access.policies, deny))
    [told] = diagnose(
        "User: arn:aws:sts::111122223333:assumed-role/acme-backup/acme is not authorized to perform: "
        "lightsail:GetInstances on resource: * with an explicit deny in an identity-based policy",
        attrs.evolve(facts, is_live=True, live=live),
    )
    assert "The session was revoked" in [cause.title for cause in told.causes]


@pytest.mark.parametrize(
    "family",
    ["MaxSessionDuration set for this role", "1 hour session limit for roles assumed by role chaining"],
)
def test_session_length_is_told_from_the_grant(family: str) -> None:
    text = f"An error occurred (ValidationError): The requested DurationSeconds exceeds the {family}."
    [told] = diagnose(text, facts_of("third-party"))
    assert "3600 seconds" in told.fix[0].text


def test_comparison_marks_each_character_that_differs() -> None:
    shown = compare(("one", "other"), ("role/deploy", "role/Deploy-2"))
    assert shown.split("\n") == ["one    role/deploy··", "other  role/Deploy-2", "            ^     ^^"]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_comparison_lays_texts_out_in_equal_width(one: str, other: str) -> None:
    lines = compare(("a", "b"), (one.replace("\n", ""), other.replace("\n", ""))).split("\n")
    if one == other:
        assert "^" not in lines[2]
    assert lines[0].startswith("a")


WORDS = st.sampled_from(
    """
User: |arn:aws:iam::444455556666:user/robot|***| is not authorized to perform: |sts:AssumeRole|lightsail:*
lightsail:CreateInstanceSnapshot| on resource: |arn:aws:iam::111122223333:role/acme-backup|sts:TagSession|*
arn:aws:sts::111122223333:assumed-role/acme-backup/x|arn:aws:lightsail:eu-west-1:111122223333:Instance/web
arn:aws:lightsail:::| with an explicit deny|arn:aws:iam::12:role/
""".strip()
    .replace("\n", "|")
    .split("|")
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(WORDS, max_size=9).map("".join),
    st.sampled_from(["third-party", "delegated-group", "github-actions"]),
)
def test_no_message_makes_the_facts_raise(text: str, grant: str) -> None:
    for told in diagnose(text, FACTS[grant]):
        assert told.fix
        json.dumps(told.to_json())


FACTS = {name: facts_of(name) for name in ("third-party", "delegated-group", "github-actions")}
