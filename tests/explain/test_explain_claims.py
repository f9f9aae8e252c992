"""What an explanation claims and can be computed, asked again of the evaluator from the documents alone."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest
from explain_builders import EXAMPLES, ROOT, example, from_text

from xacct.evaluate.engine import evaluate
from xacct.evaluate.model import Outcome, Policies, Request
from xacct.explain import explain_grant
from xacct.explain.case import ALLOW_ALL, Case, Party
from xacct.explain.cases import case_of
from xacct.explain.lasting import is_chained
from xacct.explain.model import Steps
from xacct.explain.path import caller_policy, path_section
from xacct.explain.probes import probes
from xacct.explain.reach import refused_actions
from xacct.explain.why import explain_action
from xacct.iam.policy import Condition, Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal

CASES = json.loads((ROOT / "tests" / "cases" / "explain" / "probes.json").read_text())
WITH_ROLE = [name for name in EXAMPLES if example(name).role is not None]


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return {name: case_of(example(name)) for name in EXAMPLES}


def trust_allows(case: Case, request: Request, *, own: tuple[PolicyDocument, ...] = (ALLOW_ALL,)) -> bool:
    role = case.expansion.role
    assert role is not None
    return evaluate(request, Policies(identity=own, resource=role.trust)).allowed


def permissions_allow(case: Case, request: Request) -> bool:
    return evaluate(request, Policies(identity=case.expansion.permissions())).allowed


# -- the path ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_request_of_the_path_passes_every_step(name: str, cases: dict[str, Case]) -> None:
    case = cases[name]
    if case.party is not Party.GROUP:
        assert case.assume_request is not None
        assert trust_allows(case, case.assume_request)
    assert case.request is not None
    assert permissions_allow(case, case.request)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_steps_say_what_the_evaluator_says(name: str, cases: dict[str, Case]) -> None:
    [steps] = [block for block in path_section(cases[name]).blocks if isinstance(block, Steps)]
    said = [step.outcome for step in steps.steps]
    assert "allowed" in said
    assert not {"implicitly denied", "explicitly denied", "undetermined"} & set(said)


@pytest.mark.parametrize("name", [name for name in WITH_ROLE if not name.startswith(("google", "cognito"))])
def test_across_accounts_both_sides_have_to_allow(name: str, cases: dict[str, Case]) -> None:
    case = cases[name]
    assert case.assume_request is not None
    alone = trust_allows(case, case.assume_request, own=())
    assert alone is not case.party.crosses_accounts
    assert trust_allows(case, case.assume_request, own=(caller_policy(case),))


def test_the_least_caller_policy_assumes_this_role_and_no_other(cases: dict[str, Case]) -> None:
    case = cases["owned-account"]
    [statement] = caller_policy(case).statements
    assert statement.resources == (case.role_arn,)
    assert case.assume_request is not None
    other = attrs.evolve(case.assume_request, resource=f"{case.role_arn}-other")
    assert not trust_allows(case, other, own=(caller_policy(case),))


def test_the_callers_policy_of_the_blueprint_is_the_least_one(cases: dict[str, Case]) -> None:
    case = cases["owned-account"]
    [managed] = case.expansion.things["222233334444"]
    written = {one.canonical[1:] for one in managed.document.statements}  # type: ignore[union-attr]
    assert {one.canonical[1:] for one in caller_policy(case).statements} == written


def test_a_role_as_caller_is_told_to_be_chained(cases: dict[str, Case]) -> None:
    assert is_chained(cases["owned-account"])
    assert not is_chained(cases["third-party"])


# -- one thing different -------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", CASES, ids=lambda row: f"{row['example']}: {row['call'][:50]}")
def test_changed_calls_are_decided_as_a_reviewer_expects(row: dict[str, str], cases: dict[str, Case]) -> None:
    found = {probe.label: probe.decision.outcome.value for probe in probes(cases[row["example"]])}
    assert found.get(row["call"]) == row["outcome"], list(found)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_changed_call_is_decided_by_the_grants_documents(name: str, cases: dict[str, Case]) -> None:
    case = cases[name]
    for probe in probes(case):
        if probe.assuming:
            assert trust_allows(case, probe.request) is probe.decision.allowed, probe.label
        else:
            assert permissions_allow(case, probe.request) is probe.decision.allowed, probe.label


@pytest.mark.parametrize("name", WITH_ROLE)
def test_each_condition_of_the_assuming_statement_has_a_changed_call(
    name: str, cases: dict[str, Case]
) -> None:
    case = cases[name]
    assume = case.assume_request
    assert assume is not None
    asked = {key.lower() for key in assume.context} - {"aws:principalarn"}
    changed = set()
    for probe in probes(case):
        if probe.assuming:
            changed |= {
                key.lower()
                for key, value in assume.context.items()
                if probe.request.context.get(key) != value
            }
    assert asked <= changed


# -- can and cannot ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_no_statement_names_is_denied_however_it_is_asked(name: str, cases: dict[str, Case]) -> None:
    case = cases[name]
    assert case.request is not None
    refused = refused_actions(case)
    assert refused
    for action in refused:
        for resource in {"*", *(case.arn_of(use.type) for use in action.resource_types)}:
            asked = attrs.evolve(case.request, action=action.full_name, resource=resource)
            assert not permissions_allow(case, asked), action.name


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_told_to_be_granted_is_in_the_access_delta(name: str, cases: dict[str, Case]) -> None:
    case = cases[name]
    in_rows = {action for row in case.rows for action in row.actions}
    assert {action.full_name for action in case.granted} <= in_rows


# -- the end, and what is told in general --------------------------------------------------------------------


def test_without_its_policies_a_running_session_can_do_nothing(cases: dict[str, Case]) -> None:
    request = cases["third-party"].request
    assert request is not None
    assert evaluate(request, Policies()).outcome is Outcome.IMPLICITLY_DENIED


def test_a_deny_on_older_sessions_ends_them_and_spares_new_ones(cases: dict[str, Case]) -> None:
    case = cases["owned-account"]
    revoke = PolicyDocument.of(
        Statement(
            effect=Effect.DENY,
            actions=("*",),
            resources=("*",),
            conditions=(Condition("DateLessThan", "aws:TokenIssueTime", ("2026-11-22T12:00:00Z",)),),
        )
    )
    assert case.request is not None
    for issued, passes in (("2026-11-22T11:59:59Z", False), ("2026-11-22T12:00:00Z", True)):
        context = {**case.request.context, "aws:TokenIssueTime": issued}
        policies = Policies(identity=(*case.expansion.permissions(), revoke))
        assert evaluate(attrs.evolve(case.request, context=context), policies).allowed is passes


def resource_policy(principal: str, action: str, resource: str | None) -> PolicyDocument:
    return PolicyDocument.of(
        Statement(
            effect=Effect.ALLOW,
            principals=(TypedPrincipal(PrincipalType.AWS, principal),),
            actions=(action,),
            resources=None if resource is None else (resource,),
        )
    )


IN_ONE_ACCOUNT = [
    ("s3:GetObject", "arn:aws:s3:::bucket/*", "arn:aws:iam::111122223333:user/jane", False, True),
    ("s3:GetObject", "arn:aws:s3:::bucket/*", "arn:aws:iam::111122223333:root", False, False),
    ("s3:GetObject", "arn:aws:s3:::bucket/*", None, True, True),
    ("sts:AssumeRole", None, "arn:aws:iam::111122223333:user/jane", False, True),
    ("sts:AssumeRole", None, "arn:aws:iam::111122223333:root", False, False),
    ("sts:AssumeRole", None, "arn:aws:iam::111122223333:root", True, True),
    ("sts:AssumeRole", None, "arn:aws:iam::111122223333:user/somebody", True, False),
    ("kms:Decrypt", "*", None, True, False),
    ("kms:Decrypt", "*", "arn:aws:iam::111122223333:user/jane", False, True),
]


@pytest.mark.parametrize(("action", "resource", "named", "own", "passes"), IN_ONE_ACCOUNT)
def test_within_one_account_the_comparison_holds(
    action: str, resource: str | None, named: str | None, own: bool, passes: bool
) -> None:
    """The row "Within one account": either side, but for trust and key policies, and for a named account."""
    asked = {
        "s3:GetObject": "arn:aws:s3:::bucket/report.csv",
        "sts:AssumeRole": "arn:aws:iam::111122223333:role/target",
        "kms:Decrypt": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    }[action]
    request = Request(
        principal="arn:aws:iam::111122223333:user/jane",
        action=action,
        resource=asked,
        resource_account="111122223333",
    )
    policy = None if named is None else resource_policy(named, action, resource)
    if action == "kms:Decrypt" and named is None:
        policy = resource_policy("arn:aws:iam::111122223333:user/administrator", "kms:*", "*")
    decision = evaluate(request, Policies(identity=(ALLOW_ALL,) if own else (), resource=policy))
    assert decision.allowed is passes, decision.why


def test_a_session_reaches_nothing_of_the_callers_account_but_the_caller_does() -> None:
    """The rows "What the caller gives up" and "Copying": read here, write there."""
    bucket = resource_policy("arn:aws:iam::444455556666:role/copier", "s3:GetObject", "arn:aws:s3:::owners/*")
    read = Request(
        principal="arn:aws:iam::444455556666:role/copier",
        action="s3:GetObject",
        resource="arn:aws:s3:::owners/a",
        resource_account="111122223333",
    )
    write = attrs.evolve(
        read, action="s3:PutObject", resource="arn:aws:s3:::callers/a", resource_account="444455556666"
    )
    assert evaluate(read, Policies(identity=(ALLOW_ALL,), resource=bucket)).allowed
    assert evaluate(write, Policies(identity=(ALLOW_ALL,))).allowed
    session = attrs.evolve(write, principal="arn:aws:sts::111122223333:assumed-role/lent/copier")
    assert evaluate(session, Policies(identity=(ALLOW_ALL,))).denied


def test_service_control_policies_bind_the_account_that_the_principal_is_in(cases: dict[str, Case]) -> None:
    """The row "Guardrails": the owner's hold for the session, the caller's for the call before it."""
    case = cases["owned-account"]
    nothing = ((PolicyDocument.of(Statement(effect=Effect.DENY, actions=("*",), resources=("*",))),),)
    assert case.assume_request is not None
    assert case.request is not None
    assert case.access is not None
    mine = Policies(identity=(ALLOW_ALL,), resource=case.access.trust, scps=nothing)
    assert evaluate(case.assume_request, mine).denied
    assert evaluate(case.request, Policies(identity=case.documents, scps=nothing)).denied


# -- policies that are written out ---------------------------------------------------------------------------

RAW = """
blueprint: raw
name: odd
account: "111122223333"
parameters:
  trust: {{Version: "2012-10-17", Statement: [{trust}]}}
permissions:
  - statements: {permissions}
"""
TRUST = '{Effect: Allow, Principal: {AWS: "444455556666"}, Action: "sts:*"}'
WRITTEN = [
    ("everything but deletion", "Allow * *, Deny lightsail:Delete* *", "DeleteInstance", False),
    ("everything but deletion", "Allow * *, Deny lightsail:Delete* *", "RebootInstance", True),
    ("all but IAM", "Allow-Not iam:* *", "RebootInstance", True),
    ("an ARN for an action that takes none", "Allow lightsail:* ARN", "GetInstances", False),
    ("an ARN for an action that takes one", "Allow lightsail:* ARN", "RebootInstance", True),
    ("an ARN of another type", "Allow lightsail:* ARN", "DeleteDisk", False),
    ("nothing", "Deny * *", "GetInstances", False),
]
ARN = "arn:aws:lightsail:eu-west-1:111122223333:Instance/00000000-0000-4000-8000-000000000000"


def written(words: str) -> str:
    statements = []
    for one in words.split(", "):
        effect, action, resource = one.split(" ")
        statements.append(
            {
                "Effect": effect.removesuffix("-Not"),
                "NotAction" if effect.endswith("-Not") else "Action": action,
                "Resource": ARN if resource == "ARN" else resource,
            }
        )
    return json.dumps(statements)


@pytest.mark.parametrize(("what", "words", "action", "granted"), WRITTEN)
def test_wildcards_exceptions_and_arns_are_counted_as_they_work(
    what: str, words: str, action: str, granted: bool, tmp_path: Path
) -> None:
    case = case_of(from_text(RAW.format(trust=TRUST, permissions=written(words)), tmp_path))
    assert (action in {one.name for one in case.granted}) is granted
    assert explain_action(case, action).lead.startswith("Allowed" if granted else "Denied")


def test_a_trust_that_lets_nobody_in_is_told_as_such(tmp_path: Path) -> None:
    trust = '{Effect: Deny, Principal: {AWS: "*"}, Action: "sts:AssumeRole"}'
    expansion = from_text(RAW.format(trust=trust, permissions=written("Allow * *")), tmp_path)
    found = explain_grant(expansion)
    assert found.lead.startswith("Nobody gets anything")
    assert explain_action(case_of(expansion), "GetInstances").lead.startswith("Denied")
