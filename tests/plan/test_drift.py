"""Who moved: the grant, the account, or both, told from the digest that the last apply left."""

from __future__ import annotations

import attrs
import pytest
from plan_builders import ACCOUNT, VENDOR, allow, policy, role, sealed, snapshot, trust

from xacct.blueprint.expand import Expansion
from xacct.blueprint.model import Blueprint, Grant, Intent
from xacct.iam.ownership import TAG_DIGEST
from xacct.iam.things import HolderType, PolicyAttachment, Role, RolePolicy, Thing
from xacct.plan.drift import GrantDrift, Standing, drift_of

READ = allow("lightsail:GetDisks")
APPLIED = sealed(role(), policy(READ))
EDITED = sealed(role(), policy(allow("lightsail:GetDisk")))


def compare(desired: list[Thing], live: list[Thing]) -> GrantDrift:
    blueprint = Blueprint(
        name="third-party", title="", summary="", intent=Intent.VENDOR, parameters={}, trust=()
    )
    expansion = Expansion(
        grant=Grant(name="vendor", blueprint="third-party"),
        blueprint=blueprint,
        values={},
        account=ACCOUNT,
        partition="aws",
        things={ACCOUNT: tuple(desired)},
        role=next(thing for thing in desired if isinstance(thing, Role)),
        order=(ACCOUNT,),
    )
    return drift_of(expansion, ACCOUNT, snapshot(*live))


def changed(things: list[Thing], **changes: object) -> list[Thing]:
    return [
        attrs.evolve(thing, **changes) if isinstance(thing, Role) else thing  # type: ignore[arg-type]
        for thing in things
    ]


EXTRA = policy(allow("*"), name="extra")
FOREIGN = PolicyAttachment(
    holder_type=HolderType.ROLE, holder="vendor", policy_arn="arn:aws:iam::aws:policy/AdministratorAccess"
)
TAGS = {**next(thing for thing in APPLIED if isinstance(thing, Role)).tags}


@pytest.mark.parametrize(
    ("desired", "live", "standing", "differing"),
    [
        (APPLIED, APPLIED, Standing.SAME, []),
        (EDITED, APPLIED, Standing.PENDING, ["role_policy document"]),
        (APPLIED, changed(APPLIED, trust=trust(VENDOR)), Standing.DRIFTED, ["role trust"]),
        (APPLIED, changed(APPLIED, max_session=43200), Standing.DRIFTED, ["role max_session"]),
        (APPLIED, changed(APPLIED, description="x"), Standing.DRIFTED, ["role description"]),
        (APPLIED, changed(APPLIED, boundary="arn:b"), Standing.DRIFTED, ["role boundary"]),
        (APPLIED, changed(APPLIED, tags={**TAGS, "team": "a"}), Standing.DRIFTED, ["role tags"]),
        (APPLIED, [*APPLIED, EXTRA], Standing.DRIFTED, ["role_policy "]),
        (APPLIED, [*APPLIED, FOREIGN], Standing.DRIFTED, ["policy_attachment "]),
        (APPLIED, APPLIED[:1], Standing.DRIFTED, ["role_policy "]),
        (
            EDITED,
            changed(APPLIED, max_session=7200),
            Standing.BOTH,
            ["role max_session", "role_policy document"],
        ),
        (APPLIED, [], Standing.MISSING, ["role ", "role_policy "]),
        (APPLIED, changed(APPLIED, tags={}), Standing.NOT_OURS, []),
    ],
)
def test_who_moved_is_told(
    desired: list[Thing], live: list[Thing], standing: Standing, differing: list[str]
) -> None:
    found = compare(desired, live)
    assert found.standing is standing
    assert [f"{row.key.type.value} {row.aspect}" for row in found.rows] == differing
    assert found.standing.is_drift is (standing not in (Standing.SAME, Standing.PENDING))


def test_what_was_applied_is_the_grant_where_only_the_account_moved() -> None:
    [row] = compare(APPLIED, changed(APPLIED, max_session=43200)).rows
    assert isinstance(row.applied, Role)
    assert (row.applied_known, row.applied.max_session) == (True, 3600)


def test_what_was_applied_is_the_account_where_only_the_grant_moved() -> None:
    [row] = compare(EDITED, APPLIED).rows
    assert isinstance(row.applied, RolePolicy)
    assert row.applied == row.live
    assert row.applied != row.grant


def test_what_was_applied_is_not_known_where_both_moved() -> None:
    rows = compare(EDITED, changed(APPLIED, max_session=7200)).rows
    assert {row.applied_known for row in rows} == {False}


def test_a_digest_that_somebody_touched_is_drift() -> None:
    found = compare(APPLIED, changed(APPLIED, tags={**TAGS, TAG_DIGEST: "0" * 32}))
    assert found.standing.is_drift
