"""For every blueprint and combination of parameters: a plan that was carried out leaves nothing to plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from xacct.blueprint.catalogue import list_blueprints, load_blueprint
from xacct.blueprint.expand import Expansion, expand
from xacct.blueprint.model import Blueprint, Parameter, ParameterType
from xacct.blueprint.settings import grant_from_settings
from xacct.errors import InputError
from xacct.iam.things import AccountThings
from xacct.lightsail.sets import permission_sets
from xacct.plan.build import make_plan
from xacct.plan.file import plan_digest, plan_from_json, plan_to_json
from xacct.plan.model import ChangeKind, Plan, Verdict
from xacct.plan.options import PlanOptions
from xacct.plan.perform import after_changes, after_steps
from xacct.plan.snapshot import Snapshot
from xacct.plan.work import work_of

METADATA = str(Path(__file__).parent.parent.parent / "examples" / "metadata.xml")
# Offline: a provider that a grant expects to be there is not looked for.
OPTIONS = PlanOptions(target="aws", created_at="2026-11-22T10:00:00Z", today=date(2026, 11, 22), offline=True)

# What fits each type; parameters with choices or examples bring their own.
SAMPLES: Mapping[ParameterType, tuple[str, ...]] = {
    ParameterType.ACCOUNT_ID: ("444455556666",),
    ParameterType.EXTERNAL_ID: ("1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11", "Zk3-2291-vQ8/wm.7"),
    ParameterType.BOOL: ("true", "false"),
    ParameterType.REGION: ("eu-west-1",),
    ParameterType.SAML_METADATA: (METADATA,),
    ParameterType.NAME: ("some-name",),
    ParameterType.TAG_KEY: ("Customer",),
    ParameterType.TEXT: ("octo",),
}


def samples(parameter: Parameter) -> tuple[str, ...]:
    if parameter.choices:
        return tuple(choice.value for choice in parameter.choices)
    if parameter.type is ParameterType.SAML_METADATA:
        return (METADATA,)
    return parameter.examples or SAMPLES.get(parameter.type, ())


@st.composite
def grants(draw: st.DrawFn, blueprint: Blueprint) -> list[tuple[str, str]]:
    chosen = [("name", "sample"), ("account", "111122223333")]
    for parameter in blueprint.parameters.values():
        found = samples(parameter)
        if found and (parameter.required or draw(st.booleans())):
            chosen.append((parameter.name, draw(st.sampled_from(found))))
    sets = draw(st.lists(st.sampled_from(sorted(permission_sets())), min_size=1, max_size=3, unique=True))
    chosen.append(("permissions", ",".join(sets)))
    if draw(st.booleans()):
        chosen.append(("expires", "2027-01-31"))
    if draw(st.booleans()):
        chosen.append(("max_session", "2h"))
    return chosen


@cache
def blueprint(name: str) -> Blueprint:
    return load_blueprint(name)


def expansion_of(chosen: Blueprint, answers: list[tuple[str, str]]) -> Expansion:
    """Expand the answers: without those that have no effect here, with those that are missing."""
    for _ in range(6):
        try:
            return expand(grant_from_settings(chosen, answers), chosen)
        except InputError as error:
            named = {problem.where.removeprefix("--set "): problem.code for problem in error.problems}
            answers = [(key, value) for key, value in answers if key not in named]
            answers += [
                (key, samples(chosen.parameters[key])[0])
                for key, code in named.items()
                if code == "missing-value" and key in chosen.parameters
            ]
    assume(False)
    raise AssertionError


def snapshots(expansion: Expansion) -> dict[str, Snapshot]:
    return {account: Snapshot.empty(account) for account in expansion.things}


def performed(plan: Plan, before: Mapping[str, Snapshot]) -> dict[str, Snapshot]:
    """The accounts after the plan's steps were taken one by one."""
    held = {account: snapshot.things for account, snapshot in before.items()}
    for phase in work_of(plan):
        for part in phase:
            held[part.account] = after_steps(held[part.account], part.steps)
    return {account: attrs.evolve(snapshot, things=held[account]) for account, snapshot in before.items()}


NAMES = [found.name for found in list_blueprints()]


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(deadline=None, max_examples=12)
def test_what_was_applied_leaves_nothing_to_plan(name: str, data: st.DataObject) -> None:
    chosen = blueprint(name)
    expansion = expansion_of(chosen, data.draw(grants(chosen)))
    before = snapshots(expansion)
    plan = make_plan([expansion], before, OPTIONS)
    after = performed(plan, before)
    for account in plan.accounts:
        desired = AccountThings(account.account, expansion.things[account.account])
        assert dict(after[account.account].things.things) == dict(desired.things)
        assert after_changes(before[account.account].things, account.changes) == desired
    again = make_plan([expansion], after, OPTIONS)
    assert again.is_empty
    assert work_of(again) == []
    gone = make_plan([expansion], after, attrs.evolve(OPTIONS, removal=True))
    left = performed(gone, after)
    assert all(not snapshot.things.things for snapshot in left.values())


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(deadline=None, max_examples=6)
def test_a_plan_survives_its_file(name: str, data: st.DataObject) -> None:
    chosen = blueprint(name)
    expansion = expansion_of(chosen, data.draw(grants(chosen)))
    plan = make_plan([expansion], snapshots(expansion), OPTIONS)
    written = json.loads(json.dumps(plan_to_json(plan, reveal=True)))
    read = plan_from_json(written)
    assert plan_to_json(read, reveal=True) == written
    assert plan_digest(read) == plan_digest(plan)
    assert work_of(read) == work_of(plan)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(deadline=None, max_examples=6)
def test_changing_the_permissions_changes_nothing_else(name: str, data: st.DataObject) -> None:
    chosen = blueprint(name)
    answers = data.draw(grants(chosen))
    one = expansion_of(chosen, answers)
    other = expansion_of(
        chosen, [(key, "account-setup" if key == "permissions" else value) for key, value in answers]
    )
    assume(one.permissions() != other.permissions())
    before = performed(make_plan([one], snapshots(one), OPTIONS), snapshots(one))
    plan = make_plan([other], before, OPTIONS)
    changed = {
        change.type.value
        for account in plan.accounts
        for change in account.changes
        if change.kind is not ChangeKind.NONE
    }
    assert changed <= {"role_policy", "group_policy", "managed_policy", "policy_attachment"}
    verdicts = {account.verdict for account in plan.accounts}
    assert verdicts & {Verdict.WIDER, Verdict.NARROWER, Verdict.BOTH, Verdict.UNKNOWN}
