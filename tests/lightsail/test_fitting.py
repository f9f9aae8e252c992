from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.errors import InputError
from xacct.iam.policy import Condition, Effect, PolicyDocument, Statement
from xacct.lightsail.fitting import (
    INLINE_LIMIT,
    MANAGED_COUNT,
    MANAGED_LIMIT,
    Fitted,
    fit_policies,
    split_statement,
)
from xacct.lightsail.writing import PermissionEntry, write_statements


def instances(count: int, start: int = 0) -> tuple[str, ...]:
    head = "arn:aws:lightsail:eu-west-1:111122223333:Instance/00000000-0000-4000-8000-"
    return tuple(f"{head}{number:012d}" for number in range(start, start + count))


def allow(resources: tuple[str, ...], *actions: str, sid: str | None = "Instance") -> Statement:
    return Statement(
        effect=Effect.ALLOW, actions=actions or ("lightsail:RebootInstance",), resources=resources, sid=sid
    )


def documents(fitted: Fitted) -> list[PolicyDocument]:
    return [document for _, document in (*fitted.inline, *fitted.managed)]


def atoms(statements: tuple[Statement, ...]) -> set[tuple[object, ...]]:
    """Every (effect, action, resource, condition values) that statements hold, each list taken apart."""
    out: set[tuple[object, ...]] = set()
    for one in statements:
        chosen: list[tuple[tuple[str, str, str], ...]] = [()]
        for condition in one.conditions:
            divisible = condition.operator in ("StringEquals", "StringLike", "ForAnyValue:StringEquals")
            each = condition.values if divisible else (repr(sorted(condition.values)),)
            chosen = [(*row, (condition.operator, condition.key, value)) for row in chosen for value in each]
        out |= {
            (one.effect, action, resource, tuple(sorted(row)))
            for action in (
                one.actions if one.actions is not None else (f"not {sorted(one.not_actions or ())}",)
            )
            for resource in (
                one.resources if one.resources is not None else (f"not {sorted(one.not_resources or ())}",)
            )
            for row in chosen
        }
    return out


def check(statements: tuple[Statement, ...], fitted: Fitted, other: int = 0) -> None:
    assert sum(document.size for _, document in fitted.inline) + other <= max(INLINE_LIMIT, other)
    assert all(document.size <= MANAGED_LIMIT for _, document in fitted.managed)
    assert len(fitted.managed) <= MANAGED_COUNT
    laid = tuple(statement for document in documents(fitted) for statement in document.statements)
    assert atoms(laid) == atoms(statements)
    for document in documents(fitted):
        sids = [statement.sid for statement in document.statements if statement.sid]
        assert len(set(sids)) == len(sids)


def test_nothing_gives_no_policy():
    assert fit_policies((), name="acme") == Fitted()


def test_what_fits_is_one_inline_policy():
    statements = write_statements([PermissionEntry(set="read-only")], account="111122223333").statements
    fitted = fit_policies(statements, name="acme")
    assert fitted == Fitted(inline=(("acme", PolicyDocument(statements)),))


def test_the_inline_limit_is_shared_with_the_roles_other_policies():
    statements = (allow(instances(20)),)
    size = PolicyDocument(statements).size
    assert fit_policies(statements, name="acme", other_inline_size=INLINE_LIMIT - size).inline
    fitted = fit_policies(statements, name="acme", other_inline_size=INLINE_LIMIT - size + 1)
    assert [name for name, _ in fitted.managed] == ["acme-1"]
    assert not fitted.inline
    assert fit_policies(statements, name="acme", other_inline_size=99_999).managed


def test_what_outgrows_inline_is_laid_out_in_managed_policies():
    statements = (allow(instances(150)), allow(("*",), "lightsail:GetInstances", sid="Lightsail"))
    fitted = fit_policies(statements, name="acme")
    check(statements, fitted)
    assert [name for name, _ in fitted.managed] == ["acme-1", "acme-2", "acme-3"]
    assert fit_policies(statements, name="acme") == fitted


def test_small_statements_are_never_divided():
    statements = tuple(allow(instances(15, 15 * row), sid=f"Instance{row}") for row in range(12))
    fitted = fit_policies(statements, name="acme")
    check(statements, fitted)
    assert sum(len(document.statements) for document in documents(fitted)) == len(statements)


def test_beyond_ten_managed_policies_the_inline_policy_takes_the_rest():
    statements = tuple(allow(instances(70, 70 * row), sid=f"Instance{row}") for row in range(10))
    statements += (allow(instances(70, 2000), sid="More"),)
    fitted = fit_policies(statements, name="acme")
    check(statements, fitted)
    assert len(fitted.managed) == MANAGED_COUNT


def test_statements_that_pack_badly_are_poured():
    # Each takes just over half a policy, so that whole ones would need twelve policies.
    statements = tuple(allow(instances(43, 43 * row), sid=f"Instance{row}") for row in range(14))
    fitted = fit_policies(statements, name="acme", other_inline_size=INLINE_LIMIT)
    check(statements, fitted, INLINE_LIMIT)


def test_what_never_fits_is_refused_with_the_sizes():
    with pytest.raises(InputError) as caught:
        fit_policies((allow(instances(1000)),), name="acme")
    (problem,) = caught.value.problems
    assert problem.code == "too-large"
    assert "61,440" in problem.message
    assert "10,240" in problem.message


@pytest.mark.parametrize(
    "statement",
    [
        Statement(effect=Effect.ALLOW, not_actions=instances(90), resources=("*",), sid="Not"),
        Statement(effect=Effect.DENY, actions=("*",), not_resources=instances(90)),
        Statement(
            effect=Effect.ALLOW,
            actions=("*",),
            resources=("*",),
            conditions=(Condition("StringNotEquals", "aws:PrincipalArn", instances(90)),),
        ),
        Statement(
            effect=Effect.ALLOW,
            actions=("*",),
            resources=("*",),
            conditions=(Condition("ForAllValues:StringEquals", "aws:TagKeys", instances(90)),),
        ),
        allow(("*" * 7000,)),
    ],
)
def test_what_cannot_be_divided_without_changing_its_meaning_is_not(statement: Statement):
    with pytest.raises(InputError, match="cannot be divided"):
        split_statement(statement, MANAGED_LIMIT)


def test_a_not_action_is_divided_along_its_resources():
    statement = Statement(
        effect=Effect.DENY, not_actions=("lightsail:Get*",), resources=instances(90), sid="Not"
    )
    parts = split_statement(statement, MANAGED_LIMIT)
    assert len(parts) == 2
    assert all(part.not_actions == ("lightsail:Get*",) for part in parts)
    assert atoms(tuple(parts)) == atoms((statement,))


def test_the_values_of_a_positive_condition_can_be_divided():
    statement = Statement(
        effect=Effect.ALLOW,
        actions=("lightsail:RebootInstance",),
        resources=("*",),
        conditions=(
            Condition(
                "StringEquals", "aws:ResourceTag/Team", tuple(f"team-{number:05d}" for number in range(1200))
            ),
            Condition("StringNotEquals", "aws:RequestedRegion", ("us-east-1", "eu-west-1")),
        ),
    )
    parts = split_statement(statement, MANAGED_LIMIT)
    assert len(parts) == 3
    assert atoms(tuple(parts)) == atoms((statement,))
    assert all(part.conditions[1] == statement.conditions[1] for part in parts)


def words(stem: str, most: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.integers(1, most).map(lambda count: tuple(f"{stem}{number:03d}" for number in range(count)))


conditions = st.lists(
    st.builds(
        Condition,
        st.sampled_from(
            ["StringEquals", "StringNotEquals", "ForAllValues:StringLike", "ForAnyValue:StringEquals"]
        ),
        st.sampled_from(["aws:ResourceTag/a", "aws:ResourceTag/b"]),
        words("value", 6),
    ),
    max_size=2,
    unique_by=lambda condition: condition.operator,
).map(tuple)
statements = st.one_of(
    st.builds(
        Statement,
        effect=st.sampled_from(Effect),
        actions=words("lightsail:A", 30),
        resources=words("arn:aws:lightsail:eu-west-1:111122223333:Disk/", 30),
        conditions=conditions,
        sid=st.sampled_from([None, "One", "Two"]),
    ),
    st.builds(
        Statement,
        effect=st.sampled_from(Effect),
        not_actions=words("lightsail:A", 3),
        resources=words("arn:aws:lightsail:eu-west-1:111122223333:Disk/", 30),
        conditions=conditions,
    ),
    st.builds(
        Statement,
        effect=st.sampled_from(Effect),
        actions=words("lightsail:A", 30),
        not_resources=words("arn:aws:lightsail:eu-west-1:111122223333:Disk/", 3),
        conditions=conditions,
    ),
)


@given(statements, st.integers(600, 2000))
@settings(deadline=None, max_examples=120)
def test_parts_mean_the_same_together_and_each_fits(statement: Statement, limit: int):
    parts = split_statement(statement, limit)
    assert all(PolicyDocument.of(part).size <= limit for part in parts)
    assert atoms(tuple(parts)) == atoms((statement,))


@given(st.lists(statements, min_size=1, max_size=25).map(tuple), st.integers(0, INLINE_LIMIT))
@settings(deadline=None, max_examples=25)
def test_policies_mean_the_same_as_the_statements_laid_out_in_them(given_: tuple[Statement, ...], other: int):
    try:
        fitted = fit_policies(given_, name="acme", other_inline_size=other)
    except InputError as error:
        assert "managed policies" in str(error)
        assert PolicyDocument(given_).size > MANAGED_LIMIT
        return
    check(given_, fitted, other)


def test_full_access_limited_to_sixty_instances_still_fits():
    entry = PermissionEntry(set="full-access", resources=instances(60), tags={"Team": ("web",)})
    written = write_statements([entry], account="111122223333")
    check(written.statements, fit_policies(written.statements, name="acme"))
