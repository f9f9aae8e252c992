"""The edits that people make to roles, each with the verdict and the rows that a reviewer should read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.evaluate.engine import compile_policies
from xacct.evaluate.model import Policies, Request
from xacct.evaluate.principals import principal_arn
from xacct.iam.policy import PolicyDocument
from xacct.plan.access import HolderAccess, RoleAccess, access_delta, holder_delta
from xacct.plan.model import AccessRow, Effect, Verdict

CASES = json.loads((Path(__file__).parents[1] / "cases" / "access" / "role-changes.json").read_text("utf-8"))
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/xacct/acme"
GROUP = tuple(f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("ann", "bob"))


def policy(name: str) -> PolicyDocument:
    return PolicyDocument.from_json(CASES["policies"][name])


def role(side: dict[str, Any] | None) -> RoleAccess | None:
    if side is None:
        return None
    boundary = side.get("boundary")
    return RoleAccess(
        account=ACCOUNT,
        role_arn=ROLE,
        trust=PolicyDocument.from_json(CASES["trusts"][side["trust"]]),
        policies=tuple(map(policy, side["policies"])),
        boundary=policy(boundary) if boundary else None,
        boundary_unknown="boundary_arn" in side,
        boundary_arn=side.get("boundary_arn"),
        unknown_policies=tuple(side.get("unknown_policies", ())),
    )


def sides(name: str) -> tuple[RoleAccess | None, RoleAccess | None]:
    case = next(case for case in CASES["cases"] if case["name"] == name)
    return role(case["before"]), role(case["after"])


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_an_edit_reads_as_what_it_does(case: dict[str, Any]) -> None:
    delta = access_delta(role(case["before"]), role(case["after"]))
    rows = [[row.effect.value, row.principal, row.condition] for row in delta.rows]
    assert delta.verdict.value == case["verdict"], rows
    if "rows" in case:
        assert rows == case["rows"]


def passes(access: RoleAccess | None, row: AccessRow) -> bool:
    """Whether the witness of a row gets through: into the role, and with its request."""
    witness = row.witness
    if access is None or witness is None:
        return False
    everything = PolicyDocument.from_json(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    )
    has_identity = witness.principal.startswith("arn:aws:iam::4444")
    assume = Policies(identity=(everything,) if has_identity else (), resource=access.trust)
    own = Policies(identity=access.policies, boundary=(access.boundary,) if access.boundary else None)
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/acme/session"
    steps = [
        (assume, witness.principal, witness.assume_action, ROLE, witness.assume_context),
        (own, session, witness.action, witness.resource, witness.context),
    ]
    if not witness.assume_action:
        steps = [(assume, witness.principal, witness.action, witness.resource, witness.context)]
    return all(
        compile_policies(policies)
        .decide(
            Request(
                principal=principal,
                action=action,
                resource=resource,
                resource_account=ACCOUNT,
                context=context,
            )
        )
        .allowed
        for policies, principal, action, resource, context in steps
    )


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_a_witness_passes_on_the_side_it_speaks_of_and_not_on_the_other(case: dict[str, Any]) -> None:
    before, after = role(case["before"]), role(case["after"])
    for row in access_delta(before, after).rows:
        if row.witness is None:
            assert case["verdict"] == "unknown"
            continue
        here, there = (after, before) if row.effect is Effect.GAIN else (before, after)
        assert passes(here, row), row
        assert not passes(there, row), row


def test_a_new_role_gives_a_row_for_each_kind_of_permission_and_no_more() -> None:
    before, after = None, role({"trust": "account", "policies": ["reads in Ireland", "restart prod"]})
    rows = access_delta(before, after).rows
    assert [(row.condition, row.actions) for row in rows] == [
        ("in eu-west-1", ("lightsail:GetInstances", "lightsail:GetInstanceSnapshots")),
        (
            "on resources tagged Environment=prod",
            ("lightsail:RebootInstance", "lightsail:StartInstance"),
        ),
    ]


def test_actions_without_resources_join_those_with() -> None:
    (row,) = access_delta(None, role({"trust": "account", "policies": ["reads", "restart"]})).rows
    assert row.resources == (
        f"arn:aws:lightsail:*:{ACCOUNT}:Instance/*",
        "* (for actions that take no resource)",
    )


def test_many_actions_are_told_by_their_verbs() -> None:
    before = role({"trust": "account", "policies": ["all reads by pattern"]})
    after = role({"trust": "account", "policies": ["everything"]})
    (row,) = access_delta(before, after).rows
    assert any(action.startswith("lightsail:Create* (") for action in row.actions)
    assert not any(action.startswith("lightsail:Get") for action in row.actions)
    assert len(row.actions) < 45


def test_external_ids_never_stand_whole_in_the_words() -> None:
    for row in access_delta(*sides("external ID changed")).rows:
        assert "1b9f3f0e" not in f"{row.principal} {row.condition} {row.actions} {row.resources}"


def test_a_new_member_of_a_group_gains_what_the_group_allows() -> None:
    def group(*members: str) -> HolderAccess:
        return HolderAccess(account=ACCOUNT, holders=members, policies=(policy("reads"),))

    delta = holder_delta(group(GROUP[0]), group(*GROUP))
    (row,) = delta.rows
    assert (delta.verdict, row.effect, row.principal) == (Verdict.WIDER, Effect.GAIN, GROUP[1])
    assert row.witness is not None
    assert (row.witness.principal, row.witness.action) == (GROUP[1], "lightsail:GetInstances")
    assert holder_delta(group(*GROUP), group(GROUP[1], GROUP[0])).verdict is Verdict.EQUAL
    assert holder_delta(None, group()).verdict is Verdict.EQUAL
    assert holder_delta(group(*GROUP), None).verdict is Verdict.NARROWER


def test_a_policy_too_entangled_to_compare_is_unknown_and_says_so() -> None:
    def entangled(letters: str) -> RoleAccess:
        actions = [f"lightsail:*{one}*{other}*{one}*" for one in letters for other in letters]
        text = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}],
        }
        return RoleAccess(
            account=ACCOUNT,
            role_arn=ROLE,
            trust=PolicyDocument.from_json(CASES["trusts"]["account"]),
            policies=(PolicyDocument.from_json(text),),
        )

    delta = access_delta(entangled("abcdef"), entangled("ghijkl"))
    assert delta.verdict is Verdict.UNKNOWN
    assert {row.witness for row in delta.rows} == {None}
    assert {row.effect for row in delta.rows} == {Effect.GAIN, Effect.LOSE}


def test_another_role_in_place_of_one_is_a_loss_and_a_gain() -> None:
    before = role({"trust": "account", "policies": ["reads"]})
    other = RoleAccess(
        account=ACCOUNT,
        role_arn=f"{ROLE}-2",
        trust=PolicyDocument.from_json(CASES["trusts"]["account"]),
        policies=(policy("reads"),),
    )
    delta = access_delta(before, other)
    assert delta.verdict is Verdict.BOTH
    assert [row.effect for row in delta.rows] == [Effect.GAIN, Effect.LOSE]


_ODD = st.sampled_from(
    [
        "*",
        "",
        "?",
        ":",
        "arn:",
        "${",
        "${a}",
        "${*}",
        "a:b:c:d:e:f",
        "lightsail:Get*",
        "true",
        "9" * 150,
        "AROA1",
    ]
) | st.text(max_size=12)
_CONDITIONS = st.dictionaries(
    st.sampled_from(
        ["StringLike", "Null", "DateEquals", "IpAddress", "ForAllValues:ArnLike", "Nope", "BoolIfExists"]
    ),
    st.dictionaries(_ODD, st.lists(_ODD, max_size=3), max_size=2),
    max_size=2,
)


def _statements(trust: bool) -> st.SearchStrategy[dict[str, Any]]:
    who = st.dictionaries(st.sampled_from(["AWS", "Federated", "Service"]), st.lists(_ODD, max_size=3))
    what = st.lists(_ODD, max_size=3)
    return st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(["Allow", "Deny"]),
            "Action": what,
            ("Principal" if trust else "Resource"): (who if trust else what),
            "Condition": _CONDITIONS,
        }
    )


@settings(max_examples=60, deadline=None)
@given(
    trusts=st.lists(_statements(trust=True), min_size=2, max_size=4),
    owns=st.lists(_statements(trust=False), min_size=2, max_size=4),
)
def test_odd_documents_give_a_verdict_and_never_an_accident(
    trusts: list[dict[str, Any]], owns: list[dict[str, Any]]
) -> None:
    def side(part: slice) -> RoleAccess:
        documents = [
            PolicyDocument.from_json({"Version": "2012-10-17", "Statement": one[part]})
            for one in (trusts, owns)
        ]
        return RoleAccess(account=ACCOUNT, role_arn=ROLE, trust=documents[0], policies=(documents[1],))

    assert access_delta(side(slice(1)), side(slice(1, None))).verdict in Verdict
    assert access_delta(side(slice(None)), None).verdict in Verdict


def _let_in(*actions: str) -> RoleAccess:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
        "Action": list(actions),
        "Condition": {"StringEquals": {"sts:ExternalId": "id-12345"}},
    }
    trust = PolicyDocument.from_json({"Version": "2012-10-17", "Statement": [statement]})
    return RoleAccess(account=ACCOUNT, role_arn=ROLE, trust=trust, policies=(policy("reads"),))


@pytest.mark.parametrize("before", [None, _let_in("sts:AssumeRole")])
def test_what_is_allowed_beside_assuming_has_a_row_of_its_own(before: RoleAccess | None) -> None:
    after = _let_in("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession")
    rows = access_delta(before, after).rows
    beside = [row for row in rows if row.actions[0].startswith("sts:")]
    assert [name for row in beside for name in row.actions] == ["sts:SetSourceIdentity", "sts:TagSession"]
    assert all(passes(after, row) and not passes(before, row) for row in beside)


def test_an_issuer_of_tokens_is_told_in_its_own_case() -> None:
    issuer = "oidc.eks.eu-west-1.amazonaws.com/id/1A2B3C"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{issuer}:sub": "job"}},
    }
    trust = PolicyDocument.from_json({"Version": "2012-10-17", "Statement": [statement]})
    role = RoleAccess(account=ACCOUNT, role_arn=ROLE, trust=trust, policies=(policy("reads"),))
    (row,) = access_delta(None, role).rows
    assert row.condition == f"as subject job at {issuer}"


@pytest.mark.parametrize("account", ["444455556666", ACCOUNT])
def test_the_witness_of_a_demand_for_mfa_is_a_user_where_one_is_trusted(account: str) -> None:
    named = [f"arn:aws:iam::{account}:role/deploy", f"arn:aws:iam::{account}:user/jane"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": named},
        "Action": "sts:AssumeRole",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    }
    trust = PolicyDocument.from_json({"Version": "2012-10-17", "Statement": [statement]})
    side = RoleAccess(account=ACCOUNT, role_arn=ROLE, trust=trust, policies=(policy("reads"),))
    witnesses = [row.witness for row in access_delta(None, side).rows]
    assert [one.principal for one in witnesses if one is not None] == [named[1]] * len(witnesses)


def test_a_pattern_of_callers_with_mfa_has_a_witness_or_none_but_no_failure() -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "Bool": {"aws:MultiFactorAuthPresent": "true"},
            "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:*/ops"},
        },
    }
    trust = PolicyDocument.from_json({"Version": "2012-10-17", "Statement": [statement]})
    side = RoleAccess(account=ACCOUNT, role_arn=ROLE, trust=trust, policies=(policy("reads"),))
    assert access_delta(None, side).rows


CALLERS = json.loads((Path(__file__).parents[1] / "cases" / "access" / "callers.json").read_text("utf-8"))


@pytest.mark.parametrize("row", CALLERS, ids=lambda row: f"{row['operator']} {row['pattern']}")
def test_the_caller_of_a_witness_is_the_one_whom_its_context_tells_of(row: dict[str, Any]) -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": "444455556666"},
        "Action": "sts:AssumeRole",
        "Condition": {row["operator"]: {"aws:PrincipalArn": row["pattern"]}},
    }
    allow = {"Effect": "Allow", "Action": "lightsail:GetInstances", "Resource": "*"}
    side = RoleAccess(
        account=ACCOUNT,
        role_arn=ROLE,
        trust=PolicyDocument.from_json({"Version": "2012-10-17", "Statement": [trust]}),
        policies=(PolicyDocument.from_json({"Version": "2012-10-17", "Statement": [allow]}),),
    )
    delta = access_delta(None, side)
    assert delta.trust_verdict is (Verdict.WIDER if row["caller"] else Verdict.UNKNOWN)
    [found] = delta.rows
    if row["caller"] is None:
        assert found.witness is None
        return
    assert found.witness is not None
    assert found.witness.principal == row["caller"]
    told = found.witness.assume_context.get("aws:PrincipalArn", principal_arn(row["caller"]))
    assert told == principal_arn(row["caller"])


def made(trust: list[dict[str, Any]], statements: list[dict[str, Any]]) -> RoleAccess:
    return RoleAccess(
        account=ACCOUNT,
        role_arn=ROLE,
        trust=PolicyDocument.from_json({"Version": "2012-10-17", "Statement": trust}),
        policies=(PolicyDocument.from_json({"Version": "2012-10-17", "Statement": statements}),),
    )


TRUSTED = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}
STOP = {"Effect": "Allow", "Action": "lightsail:StopInstance", "Resource": "*"}
IRELAND = "arn:aws:lightsail:eu-west-1:*:*"
UNTAGGED = {"StringNotEquals": {"aws:ResourceTag/Team": "web"}}
EVIL = "arn:aws:iam::444455556666:user/evil"


@pytest.mark.parametrize(
    ("trust", "statements", "said"),
    [
        ([TRUSTED], [STOP, {"Effect": "Deny", "Action": "*", "Resource": IRELAND}], f"not on {IRELAND}"),
        ([TRUSTED], [STOP, {"Effect": "Deny", "Action": "*", "NotResource": IRELAND}], f"only on {IRELAND}"),
        (
            [TRUSTED, {**TRUSTED, "Effect": "Deny", "Principal": {"AWS": EVIL}}],
            [STOP],
            f"not for {EVIL}",
        ),
        ([TRUSTED], [STOP, {"Effect": "Deny", "Action": "lightsail:Delete*", "Resource": "*"}], ""),
    ],
)
def test_what_a_deny_takes_off_is_told_with_what_is_left(
    trust: list[dict[str, Any]], statements: list[dict[str, Any]], said: str
) -> None:
    [row] = access_delta(None, made(trust, statements)).rows
    assert row.condition == said
    assert row.witness is not None


def test_a_deny_with_a_condition_is_told_of_what_it_is_about_and_not_of_the_rest() -> None:
    deny = {"Effect": "Deny", "Action": "*", "Resource": IRELAND, "Condition": UNTAGGED}
    rows = access_delta(None, made([TRUSTED], [STOP, deny])).rows
    there = f"on resources tagged Team=web (as far as {IRELAND} goes)"
    assert {row.condition for row in rows} == {f"not on {IRELAND}", there}


@pytest.mark.parametrize(("role", "verdict"), [("xacct/acme", Verdict.EQUAL), ("other", Verdict.NARROWER)])
def test_a_deny_but_as_the_role_itself_changes_nothing(role: str, verdict: Verdict) -> None:
    named = {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/{role}"}}
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": named}
    assert access_delta(made([TRUSTED], [STOP]), made([TRUSTED], [STOP, deny])).verdict is verdict


def test_going_on_to_another_role_is_shown_by_a_request() -> None:
    hub = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::999988887777:role/next"}
    delta = access_delta(None, made([TRUSTED], [hub]))
    assert delta.permissions_verdict is Verdict.WIDER
    assert [row.witness.resource for row in delta.rows if row.witness] == [hub["Resource"]]


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [("db", "web", Verdict.WIDER), ("web", "db", Verdict.NARROWER), ("web", "web", Verdict.EQUAL)],
)
def test_a_tag_of_the_role_gives_what_its_policies_ask_it_for(
    before: str, after: str, verdict: Verdict
) -> None:
    asked = {**STOP, "Condition": {"StringEquals": {"aws:PrincipalTag/Team": "web"}}}
    sides = [attrs.evolve(made([TRUSTED], [asked]), tags=(("Team", tag),)) for tag in (before, after)]
    assert access_delta(*sides).verdict is verdict


def test_a_tag_of_the_role_decides_nothing_where_callers_bring_their_own() -> None:
    asked = {**STOP, "Condition": {"StringEquals": {"aws:PrincipalTag/Team": "${aws:PrincipalTag/Of}"}}}
    tagging = {**TRUSTED, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    sides = [attrs.evolve(made([tagging], [asked]), tags=(("Team", tag),)) for tag in ("db", "web")]
    assert access_delta(*sides).verdict is Verdict.EQUAL


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"ForAnyValue:StringLike": "*"}, {"StringLike": "*"}),
        ({"StringEquals": "web"}, {"ForAllValues:StringEquals": "web", "Null": "false"}),
    ],
)
def test_an_empty_text_is_no_value_to_a_set_operator(before: dict[str, str], after: dict[str, str]) -> None:
    def tagged(lines: dict[str, str]) -> RoleAccess:
        asked = {operator: {"aws:ResourceTag/Team": value} for operator, value in lines.items()}
        return made([TRUSTED], [{**STOP, "Condition": asked}])

    assert access_delta(tagged(before), tagged(after)).verdict is Verdict.WIDER


def test_a_key_of_one_value_is_never_met_twice() -> None:
    lines = {"StringEquals": {"aws:ResourceTag/Team": "db"}, "StringLike": {"aws:ResourceTag/Team": "web*"}}
    assert (
        access_delta(None, made([TRUSTED], [{**STOP, "Condition": lines}])).permissions_verdict
        is Verdict.EQUAL
    )
