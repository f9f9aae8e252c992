"""Ownership through time, in the sandbox: renamed, pruned, drifted, adopted, rotated, revoked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xacct.cli.main import main
from xacct.cli.settings import Settings
from xacct.cli.wiring import Wiring

ACCOUNT, VENDOR = "111122223333", "444455556666"

Run = Callable[..., tuple[int, dict[str, Any]]]


def write_grant(path: str, name: str, more: str = "", external_id: str = "first-id-0001") -> Path:
    file = Path(path)
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        f"# kept\nblueprint: third-party\nname: {name}\naccount: '{ACCOUNT}'\nparameters:\n"
        f"  trusted_account: '{VENDOR}'\n  external_id: {external_id} # theirs\n"
        f"permissions: [read-only]\n{more}"
    )
    return file


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in the sandbox, in a folder of its own; give its exit code and its JSON."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, dict[str, Any]]:
        code = main(["--sandbox", *arguments, "--format", "json"])
        out = capsys.readouterr()
        assert "Traceback" not in out.err
        return code, json.loads(out.out)

    return call


@pytest.fixture
def iam() -> Any:
    return Wiring(Settings(sandbox=True)).sessions.client("iam", ACCOUNT)


def kinds(plan: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (change["kind"], change["name"], change["reason"])
        for account in plan["accounts"]
        for change in account["changes"]
        if change["kind"] != "none" or change["note"]
    ]


def names(run: Run) -> list[str]:
    return [grant["arn"].rpartition("/")[2] for grant in run("list")[1]["grants"]]


# -- renamed and pruned --------------------------------------------------------------------------------------


def test_another_role_name_makes_a_second_role_until_the_first_is_pruned(run: Run) -> None:
    file = write_grant("grants/acme.yaml", "acme")
    run("apply", "grants/", "--yes")
    write_grant("grants/acme.yaml", "acme", "role_name: acme-new\n")
    _, plan = run("plan", "grants/")
    assert kinds(plan) == [
        ("create", "acme-new", "new"),
        ("create", "acme-new/xacct-permissions", "new"),
        ("none", "acme", "foreign"),
    ]
    assert run("apply", str(file), "--yes")[0] == 0
    assert names(run) == ["acme", "acme-new"]
    assert run("apply", str(file), "--yes")[1]["outcome"] == "nothing to change"
    _, plan = run("plan", str(file), "--prune")
    assert [change for change in kinds(plan) if change[0] != "none"] == [
        ("delete", "acme/xacct-permissions", "other_role"),
        ("delete", "acme", "other_role"),
    ]
    assert [row["effect"] for row in plan["accounts"][0]["access_delta"]] == ["lose"]
    assert run("apply", str(file), "--prune", "--yes")[0] == 0
    assert names(run) == ["acme-new"]


def test_roles_of_grants_that_are_gone_are_pruned_and_others_left_alone(run: Run, iam: Any) -> None:
    write_grant("grants/acme.yaml", "acme")
    gone = write_grant("grants/gone.yaml", "gone", external_id="second-id-0002")
    run("apply", "grants/", "--yes")
    trust = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    )
    iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=trust)
    gone.unlink()
    assert run("apply", "grants/", "--yes")[1]["outcome"] == "nothing to change"
    _, plan = run("plan", "grants/", "--prune", "--out", "plan.json")
    assert kinds(plan) == [
        ("delete", "gone/xacct-permissions", "grant_gone"),
        ("delete", "gone", "grant_gone"),
    ]
    assert [grant["name"] for grant in plan["accounts"][0]["grants"]] == ["acme", "gone"]
    assert run("apply", "plan.json", "--yes")[0] == 0
    assert names(run) == ["acme"]
    assert "theirs" in [role["RoleName"] for role in iam.list_roles()["Roles"]]


def test_a_role_with_what_others_attached_is_only_pruned_by_force(run: Run, iam: Any) -> None:
    write_grant("grants/acme.yaml", "acme")
    gone = write_grant("grants/gone.yaml", "gone", external_id="second-id-0002")
    run("apply", "grants/", "--yes")
    iam.attach_role_policy(RoleName="gone", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    gone.unlink()
    _, plan = run("plan", "grants/", "--prune")
    assert [kind for kind, _, _ in kinds(plan)] == ["none"]
    assert run("apply", "grants/", "--prune", "--yes")[1]["outcome"] == "nothing to change"
    assert run("apply", "grants/", "--prune", "--force-foreign", "--yes")[0] == 0
    assert names(run) == ["acme"]


def test_a_provider_goes_with_the_last_role_that_trusts_it(run: Run, iam: Any) -> None:
    write_grant("grants/acme.yaml", "acme")
    ci = Path("grants/ci.yaml")
    ci.write_text(
        f"blueprint: gitlab-ci\nname: ci\naccount: '{ACCOUNT}'\n"
        "parameters: {project_path: group/site, project_id: 42, branch: main, protected: true}\n"
        "permissions: [read-only]\n"
    )
    code, outcome = run("apply", "grants/", "--yes")
    assert code == 0, outcome
    assert len(iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]) == 1
    ci.unlink()
    assert run("apply", "grants/", "--prune", "--yes")[0] == 0
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


# -- drifted -------------------------------------------------------------------------------------------------


def test_drift_tells_what_was_changed_and_what_stood_before(run: Run, iam: Any) -> None:
    file = str(write_grant("acme.yaml", "acme"))
    run("apply", file, "--yes")
    assert run("drift", file) == (0, run("drift", file)[1])
    iam.update_role(RoleName="acme", MaxSessionDuration=43200)
    code, told = run("drift", file)
    assert code == 2
    [grant] = told["grants"]
    assert (grant["standing"], grant["drift"]) == ("drifted", True)
    [row] = grant["rows"]
    assert (row["aspect"], row["grant"], row["last_applied"], row["live"]) == (
        "max_session",
        3600,
        3600,
        43200,
    )
    assert run("apply", file, "--yes")[0] == 0
    assert run("drift", file)[0] == 0


def test_a_grant_that_was_edited_and_not_applied_is_no_drift(run: Run) -> None:
    file = str(write_grant("acme.yaml", "acme"))
    run("apply", file, "--yes")
    write_grant("acme.yaml", "acme", "max_session: 2h\n")
    code, told = run("drift", file)
    assert (code, told["grants"][0]["standing"]) == (0, "pending")


def test_a_role_made_anew_by_somebody_is_told_as_not_ours(run: Run, iam: Any) -> None:
    file = str(write_grant("acme.yaml", "acme"))
    run("apply", file, "--yes")
    trust = iam.get_role(RoleName="acme")["Role"]["AssumeRolePolicyDocument"]
    iam.delete_role_policy(RoleName="acme", PolicyName="xacct-permissions")
    iam.delete_role(RoleName="acme")
    assert run("drift", file)[1]["grants"][0]["standing"] == "missing"
    iam.create_role(RoleName="acme", Path="/xacct/", AssumeRolePolicyDocument=json.dumps(trust))
    code, told = run("drift", file)
    assert (code, told["grants"][0]["standing"]) == (2, "not_ours")


def test_drift_in_words_has_three_columns(run: Run, iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(write_grant("acme.yaml", "acme"))
    run("apply", file, "--yes")
    open_trust = iam.get_role(RoleName="acme")["Role"]["AssumeRolePolicyDocument"]
    del open_trust["Statement"][0]["Condition"]
    iam.update_assume_role_policy(RoleName="acme", PolicyDocument=json.dumps(open_trust))
    assert main(["--sandbox", "drift", file]) == 2
    text = capsys.readouterr().out
    assert "WHAT              GRANT                  LAST APPLIED" in text
    assert "- " in text
    assert "sts:ExternalId" in text
    assert "first-id-0001" not in text
    assert text.rstrip().endswith("Drift: 1 of 1 grant has drifted.")


# -- external IDs and sessions -------------------------------------------------------------------------------


def external_ids(iam: Any) -> Any:
    trust = iam.get_role(RoleName="acme")["Role"]["AssumeRolePolicyDocument"]
    return trust["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"]


def test_an_external_id_is_rotated_with_overlap_and_comments_stay(run: Run, iam: Any) -> None:
    file = write_grant("acme.yaml", "acme")
    file.chmod(0o640)
    run("apply", str(file), "--yes")
    assert run("rotate-external-id", str(file), "--new", "second-id-0002", "--yes")[0] == 0
    assert sorted(external_ids(iam)) == ["first-id-0001", "second-id-0002"]
    text = file.read_text()
    assert text.startswith("# kept\n")
    assert "external_id: second-id-0002 # theirs\n" in text
    assert "previous_external_id: first-id-0001\n" in text
    assert file.stat().st_mode & 0o777 == 0o640
    code, told = run("rotate-external-id", str(file), "--new", "third-id-0003", "--yes")
    assert (code, told["errors"][0]["code"]) == (64, "rotation-under-way")
    assert run("rotate-external-id", str(file), "--finish", "--yes")[0] == 0
    assert external_ids(iam) == "second-id-0002"
    assert "first-id-0001" not in file.read_text()
    assert run("plan", str(file), "--detailed-exitcode")[0] == 0
    code, told = run("rotate-external-id", str(file), "--finish", "--yes")
    assert (code, told["errors"][0]["code"]) == (64, "no-rotation")


def test_a_rotation_that_nobody_agreed_to_edits_nothing(run: Run, iam: Any) -> None:
    file = write_grant("acme.yaml", "acme")
    run("apply", str(file), "--yes")
    before = file.read_text()
    assert run("rotate-external-id", str(file), "--new", "generate")[0] == 64
    assert file.read_text() == before
    assert external_ids(iam) == "first-id-0001"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], "usage"),
        (["--new", "x y"], "external-id"),
        (["--new", "first-id-0001"], "same-value"),
        (["--new", "another", "--finish"], "usage"),
    ],
)
def test_a_rotation_that_makes_no_sense_is_refused(run: Run, options: list[str], code: str) -> None:
    file = write_grant("acme.yaml", "acme")
    assert run("rotate-external-id", str(file), *options, "--yes")[1]["errors"][0]["code"] == code


def session_can_read(credentials: dict[str, str]) -> bool:
    wiring = Wiring(Settings(sandbox=True))
    client = wiring.sessions.client("lightsail", ACCOUNT, "eu-west-1")
    client._request_signer._credentials.access_key = credentials["AccessKeyId"]
    client._request_signer._credentials.secret_key = credentials["SecretAccessKey"]
    client._request_signer._credentials.token = credentials["SessionToken"]
    try:
        client.get_instances()
    except client.exceptions.ClientError as error:
        assert "AccessDenied" in error.response["Error"]["Code"]
        return False
    return True


def test_revoking_ends_the_sessions_so_far_and_is_no_drift(run: Run) -> None:
    file = str(write_grant("acme.yaml", "acme"))
    run("apply", file, "--yes")
    sts = Wiring(Settings(sandbox=True)).sessions.client("sts", VENDOR)
    answer = sts.assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/xacct/acme", RoleSessionName="robot", ExternalId="first-id-0001"
    )
    assert session_can_read(answer["Credentials"])
    time.sleep(1.1)  # IAM's times have seconds
    code, outcome = run("revoke-sessions", file, "--yes")
    assert (code, outcome["results"][0]["status"]) == (0, "done")
    assert not session_can_read(answer["Credentials"])
    assert run("plan", file, "--detailed-exitcode")[0] == 0
    assert run("drift", file)[0] == 0
    assert run("list")[1]["grants"][0]["revoked_before"]
    assert run("revoke-sessions", file, "--yes")[0] == 0
    assert run("destroy", file, "--yes")[0] == 0


def test_revoking_where_nothing_was_applied_is_told(run: Run) -> None:
    file = str(write_grant("acme.yaml", "acme"))
    code, told = run("revoke-sessions", file, "--yes")
    assert (code, told["errors"][0]["code"]) == (1, "no-role")


# -- adopted -------------------------------------------------------------------------------------------------

THEIR_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{VENDOR}:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": ["their-id-0001"]}},
        }
    ],
}
THEIR_POLICY = {
    "Version": "2012-10-17",
    "Statement": {"Sid": "Look", "Effect": "Allow", "Action": "lightsail:GetInstances", "Resource": ["*"]},
}


@pytest.fixture
def theirs(iam: Any) -> dict[str, Any]:
    """A role that somebody made by hand, with all that a role can have."""
    iam.create_role(
        RoleName="Legacy",
        Path="/old/",
        AssumeRolePolicyDocument=json.dumps(THEIR_TRUST),
        MaxSessionDuration=7200,
        Tags=[{"Key": "team", "Value": "ops"}],
    )
    iam.put_role_policy(RoleName="Legacy", PolicyName="Look", PolicyDocument=json.dumps(THEIR_POLICY))
    iam.attach_role_policy(RoleName="Legacy", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    role: dict[str, Any] = iam.get_role(RoleName="Legacy")["Role"]
    return role


def test_an_adopted_role_changes_by_our_tags_alone(run: Run, iam: Any, theirs: dict[str, Any]) -> None:
    code, told = run("adopt", "Legacy", "-o", "legacy.yaml", "--account", ACCOUNT)
    assert (code, told["errors"][0]["code"]) == (64, "no-terminal")
    assert Path("legacy.yaml").exists()
    assert run("list")[1] == {"grants": []}
    code, outcome = run("adopt", "Legacy", "-o", "legacy.yaml", "--account", ACCOUNT, "--yes")
    assert code == 0, outcome
    assert [step["operation"] for step in outcome["results"][0]["done"]] == ["TagRole"]
    after = iam.get_role(RoleName="Legacy")["Role"]
    same = ("Path", "RoleId", "Arn", "AssumeRolePolicyDocument", "MaxSessionDuration")
    assert {key: after[key] for key in same} == {key: theirs[key] for key in same}
    assert {tag["Key"] for tag in after["Tags"]} == {
        "team",
        "xacct:blueprint",
        "xacct:digest",
        "xacct:grant",
    }
    code, plan = run("plan", "legacy.yaml", "--detailed-exitcode")
    assert (code, kinds(plan)) == (0, [])
    assert run("drift", "legacy.yaml")[0] == 0
    assert [grant["name"] for grant in run("list")[1]["grants"]] == ["Legacy"]
    code, told = run("adopt", f"arn:aws:iam::{ACCOUNT}:role/old/Legacy")
    assert (code, told["errors"][0]["code"]) == (1, "owned")


def test_a_grant_is_shown_without_a_file_and_nothing_is_tagged(
    run: Run, iam: Any, theirs: dict[str, Any]
) -> None:
    code, told = run("adopt", theirs["Arn"])
    assert (code, told["name"]) == (0, "Legacy")
    assert "blueprint: raw" in told["grant"]
    assert iam.get_role(RoleName="Legacy")["Role"]["Tags"] == theirs["Tags"]


def test_an_unsafe_role_is_written_down_and_not_taken_over_until_its_findings_are_accepted(
    run: Run, iam: Any
) -> None:
    trust = json.loads(json.dumps(THEIR_TRUST))
    trust["Statement"][0]["Principal"] = {"AWS": "*"}
    del trust["Statement"][0]["Condition"]
    iam.create_role(RoleName="Open", AssumeRolePolicyDocument=json.dumps(trust))
    code, told = run("adopt", "Open", "-o", "open.yaml", "--account", ACCOUNT, "--yes")
    assert code == 5
    assert told["errors"]
    assert "Tags" not in iam.get_role(RoleName="Open")["Role"]


def test_without_adopting_a_grant_takes_no_role_that_is_there(run: Run, theirs: dict[str, Any]) -> None:
    Path("legacy.yaml").write_text(run("adopt", theirs["Arn"])[1]["grant"])
    code, told = run("apply", "legacy.yaml", "--yes")
    assert (code, told["errors"][0]["code"]) == (1, "not-ours")


# -- a blueprint is upgraded ---------------------------------------------------------------------------------


def test_what_a_changed_blueprint_means_for_a_grant_is_in_its_plan_and_is_no_drift(run: Run) -> None:
    shipped = Path(__file__).parents[2] / "blueprints" / "third-party.yaml"
    own = Path("blueprints/third-party.yaml")
    own.parent.mkdir()
    own.write_text(shipped.read_text())
    file = str(write_grant("acme.yaml", "acme"))
    run("apply", file, "--yes")
    own.write_text("# a new comment changes nothing\n" + shipped.read_text())
    assert run("plan", file, "--detailed-exitcode")[0] == 0
    own.write_text(shipped.read_text().replace(":root", ":role/robot", 1))
    code, plan = run("plan", file, "--detailed-exitcode")
    assert (code, kinds(plan)) == (2, [("update", "acme", "grant_changed")])
    assert {row["effect"] for row in plan["accounts"][0]["access_delta"]} == {"lose"}
    assert run("drift", file)[1]["grants"][0]["standing"] == "pending"
