"""
Whole commands over many grants: plan, apply, and plan and apply again when nothing is to be done.

Each is a process of its own, start-up and reading the grants' files included, next to two programs that are
processes of their own as well. The floor does what cannot be left out: it asks who it is, reads all roles in
bulk, and makes each role with its tags and one policy, the very documents that xacct writes, from a pool of
the same size; it reads no grants, and plans, compares and checks nothing. The loop is what a script by hand
does: a call after the other, role by role. The endpoint is on loopback, with a latency put in. Usage:
``python benchmarks/bench_plan_apply.py [ROLES...]``
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import attrs
from iam_endpoint import ACCOUNT, Endpoint, endpoint

LATENCY = 0.02
JOBS = 8
ROUNDS = 3

GRANT = """\
blueprint: third-party
name: role{number}
account: "{account}"
parameters:
  trusted_account: "444455556666"
  external_id: 1b9f3f0e-6a6c-4f0e-9d55-{number:012}
permissions:
  - set: read-only
"""

OURS = "from xacct.cli import run; run()"

CLIENTS = f"""
import json, sys, botocore.session
from botocore.config import Config
core = botocore.session.Session()
core.create_client("sts", region_name="eu-west-1").get_caller_identity()
iam = core.create_client("iam", region_name="eu-west-1", config=Config(max_pool_connections={JOBS}))
count = int(sys.argv[1])
with open("documents.json") as file:
    trust, policy, tags = json.load(file)
"""

FLOOR_PLAN = f"""{CLIENTS}
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(2) as pool:
    listed = pool.submit(iam.list_roles, PathPrefix="/xacct/", MaxItems=1000)
    details = pool.submit(iam.get_account_authorization_details, Filter=["Role"], MaxItems=1000)
    assert len(listed.result()["Roles"]) == len(details.result()["RoleDetailList"])
"""

FLOOR_APPLY = f"""{FLOOR_PLAN}
def make(number):
    name = f"role{{number}}"
    iam.create_role(RoleName=name, Path="/xacct/", AssumeRolePolicyDocument=trust, Tags=tags)
    iam.put_role_policy(RoleName=name, PolicyName="xacct", PolicyDocument=policy)
with ThreadPoolExecutor({JOBS}) as pool:
    list(pool.map(make, range(count)))
"""

LOOP_PLAN = """
import json, sys, boto3
iam = boto3.client("iam", region_name="eu-west-1")
boto3.client("sts", region_name="eu-west-1").get_caller_identity()
for number in range(int(sys.argv[1])):
    name = f"role{number}"
    try:
        iam.get_role(RoleName=name)
    except iam.exceptions.NoSuchEntityException:
        continue
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.get_role_policy(RoleName=name, PolicyName=policy)
    iam.list_attached_role_policies(RoleName=name)
"""

LOOP_APPLY = f"""{LOOP_PLAN}
with open("documents.json") as file:
    trust, policy, tags = json.load(file)
for number in range(int(sys.argv[1])):
    name = f"role{{number}}"
    iam.create_role(RoleName=name, Path="/xacct/", AssumeRolePolicyDocument=trust)
    iam.tag_role(RoleName=name, Tags=tags)
    iam.put_role_policy(RoleName=name, PolicyName="xacct", PolicyDocument=policy)
"""


@attrs.frozen
class Measure:
    """One process: seconds of wall time, calls, and megabytes at most."""

    seconds: float
    calls: int
    memory: int


def run(at: Endpoint, folder: Path, code: str, *arguments: str) -> Measure:
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": at.url,
        "XDG_STATE_HOME": str(folder / "state"),
    }
    at.calls()
    began = time.perf_counter()
    command = [sys.executable, "-c", code, *arguments]
    with (folder / "talk").open("w+") as talk:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=talk
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, (talk.seek(0), talk.read())
    return Measure(seconds, sum(at.calls().values()), usage.ru_maxrss // 1024)


def documents(grant: Path) -> tuple[str, str, list[dict[str, str]]]:
    """Trust policy, permissions and tags, as xacct would write them for a grant."""
    command = [sys.executable, "-c", OURS, "plan", str(grant), "--offline", "--format", "json"]
    planned = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    things = {change["type"]: change["after"] for change in json.loads(planned)["accounts"][0]["changes"]}
    role, policy = things["role"], things["role_policy"]
    tags = [{"Key": key, "Value": value} for key, value in role["tags"].items()]
    return compact(role["trust"]), compact(policy["document"]), tags


def compact(document: object) -> str:
    return json.dumps(document, separators=(",", ":"))


def best(measures: list[Measure]) -> Measure:
    return min(measures, key=lambda measure: measure.seconds)


PROGRAMS = {"xacct": ("", ""), "floor": (FLOOR_PLAN, FLOOR_APPLY), "loop": (LOOP_PLAN, LOOP_APPLY)}
DEEDS = ("plan of new roles", "apply", "plan again", "apply again")


def measured(count: int, folder: Path) -> dict[str, dict[str, Measure]]:
    """By what is done, by who does it; the programs take turns, so that a busy machine is so for all."""
    grants = folder / "grants"
    grants.mkdir()
    for number in range(count):
        (grants / f"role{number:04}.yaml").write_text(GRANT.format(number=number, account=ACCOUNT))
    (folder / "documents.json").write_text(json.dumps(documents(grants / "role0000.yaml")))
    found: dict[str, dict[str, list[Measure]]] = {deed: {} for deed in DEEDS}
    for turn in range(ROUNDS):
        for name in PROGRAMS:
            if name == "loop" and (turn or count > 100):
                continue  # its time is the calls' time, and needs no second look
            for deed, measure in zip(DEEDS, deeds(name, count, folder), strict=True):
                found[deed].setdefault(name, []).append(measure)
    return {deed: {name: best(all_of) for name, all_of in by.items()} for deed, by in found.items()}


def deeds(name: str, count: int, folder: Path) -> list[Measure]:
    """One round of one program, against an account that is empty at first."""
    plan, apply = PROGRAMS[name]
    planning = (plan, str(count)) if plan else (OURS, "plan", "grants")
    applying = (apply, str(count)) if apply else (OURS, "apply", "grants", "--yes", "--jobs", str(JOBS))
    with endpoint(latency=LATENCY) as at:
        steps = (planning, applying, planning, applying if name == "xacct" else planning)
        return [run(at, folder, *step) for step in steps]


def main() -> None:
    counts = [int(text) for text in sys.argv[1:]] or [1, 10, 100, 500]
    print(f"latency {LATENCY * 1000:.0f} ms, {JOBS} at a time; seconds, calls, MB; whole processes")
    print(f"{'roles':>5} {'what':<18} {'xacct':>21} {'floor':>21} {'loop':>15} {'xacct/floor':>12}")
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            for what, by in measured(count, Path(folder)).items():
                ours, floor, loop = by["xacct"], by["floor"], by.get("loop")
                tail = f"{loop.seconds:>6.2f} s {loop.calls:>5} c" if loop else f"{'-':>15}"
                print(
                    f"{count:>5} {what:<18} {ours.seconds:>5.2f} s {ours.calls:>5} c {ours.memory:>3} MB"
                    f" {floor.seconds:>5.2f} s {floor.calls:>5} c {floor.memory:>3} MB {tail}"
                    f" {ours.seconds / floor.seconds:>11.2f}x",
                    flush=True,
                )


if __name__ == "__main__":
    main()
