"""What a user may hand to `xacct check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xacct.cli.main import main

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "lightsail:GetInstances", "Resource": "*"}],
}


def test_a_policy_without_its_kind_is_told_the_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(POLICY))
    assert main(["check", str(file)]) == 64
    assert "--kind permission" in capsys.readouterr().err
    assert main(["check", str(file), "--kind", "permission"]) == 0


def test_a_grant_in_json_is_no_policy_though_a_statement_was_pasted_into_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "grant.json"
    grant = {
        "blueprint": "third-party",
        "name": "vendor",
        "account": "111122223333",
        "parameters": {"trusted_account": "444455556666", "external_id": "1b9f3f0e-6a6c-4f0e-9d55"},
        "permissions": [{"statements": POLICY["Statement"]}],
    }
    file.write_text(json.dumps(grant))
    assert main(["check", str(file)]) == 0, capsys.readouterr().err
