"""What is said of keys, and the credential report as keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from xacct.errors import XacctError
from xacct.keys import AccessKey, KeyStatus, UserKeys, remarks_on_key, remarks_on_user
from xacct.keys.report import read_report

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def key(*, days: int, used: int | None, active: bool = True) -> AccessKey:
    return AccessKey(
        id="AKIAX",
        user="dana",
        status=KeyStatus.ACTIVE if active else KeyStatus.INACTIVE,
        created=NOW - timedelta(days=days),
        last_used=None if used is None else NOW - timedelta(days=used),
    )


@pytest.mark.parametrize(
    ("held", "codes"),
    [
        (key(days=1, used=None), []),
        (key(days=8, used=None), ["never-used"]),
        (key(days=89, used=1), []),
        (key(days=91, used=1), ["old"]),
        (key(days=200, used=91), ["unused"]),
        (key(days=200, used=1, active=False), ["inactive"]),
    ],
)
def test_a_key_is_remarked_on_by_age_and_use(held: AccessKey, codes: list[str]) -> None:
    assert [remark.code for remark in remarks_on_key(held, NOW)] == codes


@pytest.mark.parametrize(
    ("name", "is_outside"),
    [
        ("vendor-acme", True),
        ("acme_Partner", True),
        ("third-party-backup", True),
        ("external.audit", True),
        ("eventvendored", False),
        ("dana", False),
        ("clientele", False),
    ],
)
def test_users_that_look_like_a_third_partys_are_told(name: str, is_outside: bool) -> None:
    user = UserKeys(user=name, arn=f"arn:aws:iam::111122223333:user/{name}", keys=(key(days=1, used=1),))
    assert ("third-party" in [remark.code for remark in remarks_on_user(user)]) is is_outside


def test_a_user_without_keys_is_passed_over() -> None:
    assert list(remarks_on_user(UserKeys(user="vendor", arn="arn:aws:iam::111122223333:user/vendor"))) == []


REPORT = """\
user,arn,user_creation_time,password_enabled,access_key_1_active,access_key_1_last_rotated,\
access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,\
access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service
<root_account>,arn:aws:iam::111122223333:root,2020-01-01T00:00:00+00:00,not_supported,true,\
2020-01-02T00:00:00+00:00,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A
dana,arn:aws:iam::111122223333:user/dana,2020-01-01T00:00:00+00:00,true,false,2026-01-02T00:00:00+00:00,\
2026-11-30T10:00:00+00:00,eu-west-1,lightsail,true,2026-11-02T00:00:00+00:00,no_information,N/A,N/A
"""


def test_the_credential_report_is_read() -> None:
    root, dana = read_report(REPORT)
    assert [remark.code for remark in remarks_on_user(root)] == ["root"]
    assert dana.has_password is True
    assert [(one.is_active, one.service, one.region) for one in dana.keys] == [
        (False, "lightsail", "eu-west-1"),
        (True, None, None),
    ]
    assert dana.keys[0].last_used == datetime(2026, 11, 30, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "<html>", "a,b\n1,2"])
def test_what_is_no_report_is_told(text: str) -> None:
    with pytest.raises(XacctError, match="no credential report"):
        read_report(text)
