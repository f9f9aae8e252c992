"""Several accounts at a time, and the rights that an operator holds there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from xacct.aws.fleet import read_accounts
from xacct.aws.identity import Identity
from xacct.aws.rights import check_rights
from xacct.errors import CredentialsError, XacctError
from xacct.plan.model import RequiredPermission
from xacct.plan.snapshot import ReadScope

NEEDED = (
    RequiredPermission(action="iam:CreateRole", resources=("arn:aws:iam::111122223333:role/xacct/a",)),
    RequiredPermission(action="iam:ListRoles", resources=("*",)),
)


class Sessions:
    """Accounts of which some can't be entered."""

    def __init__(self, kit: Any, errors: dict[str, XacctError]) -> None:
        self.kit, self.errors = kit, errors

    def iam(self, account: str) -> Any:
        if account in self.errors:
            raise self.errors[account]
        return self.kit.sessions.iam(account)

    def identity(self, account: str) -> Identity:
        return Identity(account, f"arn:aws:iam::{account}:user/op", "aws")


def scopes(*accounts: str) -> dict[str, ReadScope]:
    return {account: ReadScope(keys=frozenset()) for account in accounts}


def test_accounts_are_read_side_by_side_and_told_in_order(kit: Any) -> None:
    names = [f"{number:012d}" for number in range(1, 6)]
    found = read_accounts(Sessions(kit, {}), scopes(*names))  # type: ignore[arg-type]
    assert [snapshot.account for snapshot in found.values()] == names


def test_all_accounts_that_fail_are_told_at_once_and_missing_credentials_decide(kit: Any) -> None:
    errors = {"000000000002": XacctError("no read"), "000000000004": CredentialsError("no keys")}
    with pytest.raises(CredentialsError) as caught:
        read_accounts(
            Sessions(kit, errors),  # type: ignore[arg-type]
            scopes(*(f"{number:012d}" for number in range(1, 6))),
        )
    assert [problem.message for problem in caught.value.problems] == ["no read", "no keys"]


def test_a_right_that_is_missing_is_named_for_user_and_role_session(kit: Any) -> None:
    client = kit.sessions.client("iam", kit.account)
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iam:List*", "Resource": "*"}],
    }
    trust = kit.trust().minified()
    client.create_user(UserName="op")
    client.put_user_policy(UserName="op", PolicyName="p", PolicyDocument=json.dumps(policy))
    client.create_role(RoleName="ops", Path="/team/", AssumeRolePolicyDocument=trust)
    client.put_role_policy(RoleName="ops", PolicyName="p", PolicyDocument=json.dumps(policy))
    for arn in ("arn:aws:iam::{}:user/op", "arn:aws:sts::{}:assumed-role/ops/me"):
        found = check_rights(kit.api(), Identity(kit.account, arn.format(kit.account), "aws"), NEEDED)
        assert [(right.action, right.resource) for right in found.missing] == [
            ("iam:CreateRole", "arn:aws:iam::111122223333:role/xacct/a")
        ]
    assert found.principal == f"arn:aws:iam::{kit.account}:role/team/ops"


def test_where_the_simulator_can_not_be_asked_the_check_says_so(kit: Any) -> None:
    root = Identity(kit.account, f"arn:aws:iam::{kit.account}:root", "aws")
    found = check_rights(kit.api(), root, NEEDED)
    assert (found.missing, bool(found.unknown)) == ((), True)
    gone = Identity(kit.account, f"arn:aws:iam::{kit.account}:user/gone", "aws")
    assert check_rights(kit.api(), gone, NEEDED).unknown
