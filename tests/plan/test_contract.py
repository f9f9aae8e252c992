"""The contract of a grant: held where it holds, broken with the line that breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from xacct.cli.checking import check_grants
from xacct.cli.settings import Settings
from xacct.cli.wiring import Wiring
from xacct.errors import InputError

GRANT = """\
blueprint: third-party
name: acme-backup
account: "111122223333"
parameters:
  trusted_account: "444455556666"
  external_id: 1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11
permissions:
  - set: snapshot-operator
    regions: [eu-west-1]
    tags: {Environment: prod}
expect:
"""
SNAPSHOT = 'action: "lightsail:CreateInstanceSnapshot"'
LIST = 'action: "lightsail:GetInstances"'


def is_broken(tmp_path: Path, side: str, line: str) -> bool:
    file = tmp_path / "acme.yaml"
    file.write_text(f"{GRANT}  {side}: [{{{line}}}]\n", encoding="utf-8")
    found = [item for item in check_grants(Wiring(Settings()), (str(file),)) if item.rule == "XA900"]
    assert all(item.line == len(GRANT.splitlines()) + 1 for item in found)
    return bool(found)


@pytest.mark.parametrize(
    "line",
    [
        SNAPSHOT,
        SNAPSHOT + ', context: {"aws:ResourceTag/Environment": prod}',
        SNAPSHOT + ', context: {"aws:ResourceTag/Environment": [prod, test]}',
        LIST + ', context: {"aws:RequestedRegion": eu-west-1}',
        'as: "arn:aws:iam::444455556666:role/backup"',
    ],
)
def test_what_the_grant_gives_may_be_expected_and_not_excluded(tmp_path: Path, line: str) -> None:
    assert not is_broken(tmp_path, "allow", line)
    assert is_broken(tmp_path, "deny", line)


@pytest.mark.parametrize(
    "line",
    [
        'action: "lightsail:DeleteInstance"',
        'action: "lightsail:Delete*"',
        SNAPSHOT + ', context: {"aws:ResourceTag/Environment": test}',
        SNAPSHOT + ', context: {"aws:RequestedRegion": us-east-1}',
        LIST + ', context: {"aws:RequestedRegion": [us-east-1, eu-west-2]}',
        'context: {"sts:ExternalId": somebody-elses}',
        'as: "arn:aws:iam::555566667777:user/mallory"',
    ],
)
def test_what_the_grant_does_not_give_may_be_excluded_and_not_expected(tmp_path: Path, line: str) -> None:
    assert is_broken(tmp_path, "allow", line)
    assert not is_broken(tmp_path, "deny", line)


def test_without_a_condition_of_the_trust_nobody_gets_in(tmp_path: Path) -> None:
    assert not is_broken(tmp_path, "deny", "without: external_id")
    assert not is_broken(
        tmp_path, "deny", 'as: "arn:aws:iam::444455556666:role/backup", without: external_id'
    )


GROUP = """\
blueprint: delegated
name: readers
account: "111122223333"
parameters: {via: group, users: [jane]}
permissions: [instance-operator]
expect:
"""


@pytest.mark.parametrize(
    ("side", "line", "broken"),
    [
        ("allow", 'action: "lightsail:RebootInstance"', False),
        ("allow", 'as: "arn:aws:iam::111122223333:user/jane", action: "lightsail:RebootInstance"', False),
        ("allow", 'action: "lightsail:DeleteInstance"', True),
        ("deny", 'action: "lightsail:DeleteInstance"', False),
        ("deny", 'action: "lightsail:RebootInstance"', True),
        ("deny", 'as: "arn:aws:iam::111122223333:user/raj", action: "lightsail:RebootInstance"', False),
        ("deny", "", False),
    ],
)
def test_a_group_is_held_to_its_contract_like_a_role(
    tmp_path: Path, side: str, line: str, broken: bool
) -> None:
    file = tmp_path / "readers.yaml"
    file.write_text(f"{GROUP}  {side}: [{{{line}}}]\n", encoding="utf-8")
    found = check_grants(Wiring(Settings()), (str(file),))
    assert ("XA900" in [item.rule for item in found]) is broken


@pytest.mark.parametrize("action", ["lightsail:DeletInstance", "lightsail:Destroy*"])
def test_a_misspelt_action_promises_nothing_and_is_refused(tmp_path: Path, action: str) -> None:
    with pytest.raises(InputError, match="no action"):
        is_broken(tmp_path, "deny", f'action: "{action}"')


@pytest.mark.parametrize(
    ("parameter", "action"),
    [("session_tags: [Team]", "TagSession"), ("source_identity: true", "SetSourceIdentity")],
)
def test_tags_and_source_identity_are_looked_up_in_the_trust(
    tmp_path: Path, parameter: str, action: str
) -> None:
    text = GRANT.replace("permissions:\n", f"  {parameter}\npermissions:\n")
    for grant, broken in ((text, True), (GRANT, False)):
        file = tmp_path / "acme.yaml"
        file.write_text(f'{grant}  deny: [{{action: "sts:{action}"}}]\n', encoding="utf-8")
        found = [item for item in check_grants(Wiring(Settings()), (str(file),)) if item.rule == "XA900"]
        assert bool(found) is broken
