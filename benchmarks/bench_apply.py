"""
Making roles: xacct, next to the practical floor and to a loop written by hand.

The floor makes each role with its tags and one policy from a thread pool of the same size. The loop does it
one after another with a call more for the tags. The second table is about an endpoint that allows five calls
a second: how long twenty roles take, and how often each is refused. Service models are read once for all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

os.environ.update(
    AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY="x", AWS_EC2_METADATA_DISABLED="true"
)

from iam_endpoint import ACCOUNT, POLICY, TRUST, Endpoint, endpoint, loader

LATENCY = 0.02
JOBS = 8


def ours(url: str, count: int) -> None:
    from xacct.apply import GrantSteps, Journal, apply_plan
    from xacct.aws.session import Sessions
    from xacct.aws.writer import IamWriter
    from xacct.iam.policy import PolicyDocument
    from xacct.iam.things import Role, RolePolicy
    from xacct.plan.steps import creating

    sessions = Sessions(endpoint_url=url, region="eu-west-1")
    sessions.identity(ACCOUNT)
    trust, permissions = PolicyDocument.from_json(TRUST), PolicyDocument.from_json(POLICY)
    grants = []
    for number in range(count):
        name = f"role{number}"
        role = Role(name=name, path="/xacct/", trust=trust, tags={"xacct:grant": name})
        policy = RolePolicy(role=name, name="xacct", document=permissions)
        steps = (*creating(role), *creating(policy))
        grants.append(GrantSteps(grant=name, account=ACCOUNT, steps=steps))

    def now() -> datetime:
        return datetime.now(UTC)

    outcome = apply_plan(
        [grants],
        {ACCOUNT: IamWriter(sessions.iam(ACCOUNT), ACCOUNT, "aws", now)},
        jobs=JOBS,
        journal=Journal(None, now),
        clock=time.monotonic,
        on_event=lambda _event: None,
    )
    assert outcome.exit_code == 0


def client(url: str, service: str, attempts: int = 1) -> Any:
    import botocore.session
    from botocore.config import Config

    core = botocore.session.Session()
    core.register_component("data_loader", loader())
    config = Config(max_pool_connections=JOBS, retries={"mode": "standard", "total_max_attempts": attempts})
    return core.create_client(service, region_name="eu-west-1", endpoint_url=url, config=config)


def pooled(url: str, count: int, attempts: int) -> None:
    client(url, "sts").get_caller_identity()
    iam = client(url, "iam", attempts)

    def make(number: int) -> None:
        name = f"role{number}"
        tags = [{"Key": "xacct:grant", "Value": name}]
        iam.create_role(RoleName=name, Path="/xacct/", AssumeRolePolicyDocument=TRUST, Tags=tags)
        iam.put_role_policy(RoleName=name, PolicyName="xacct", PolicyDocument=POLICY)

    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(make, range(count)))


def floor(url: str, count: int) -> None:
    pooled(url, count, attempts=1)


def retrying(url: str, count: int) -> None:
    pooled(url, count, attempts=50)


def loop(url: str, count: int) -> None:
    client(url, "sts").get_caller_identity()
    iam = client(url, "iam")
    for number in range(count):
        name = f"role{number}"
        iam.create_role(RoleName=name, Path="/xacct/", AssumeRolePolicyDocument=TRUST)
        iam.tag_role(RoleName=name, Tags=[{"Key": "xacct:grant", "Value": name}])
        iam.put_role_policy(RoleName=name, PolicyName="xacct", PolicyDocument=POLICY)


def timed(at: Endpoint, act: Callable[[str, int], None], count: int) -> tuple[float, dict[str, int]]:
    at.calls()
    began = time.perf_counter()
    act(at.url, count)
    return time.perf_counter() - began, at.calls()


def best(at: Endpoint, act: Callable[[str, int], None], count: int) -> tuple[float, int]:
    rounds = [timed(at, act, count) for _ in range(3 if count <= 100 else 1)]
    return min(seconds for seconds, _calls in rounds), sum(rounds[0][1].values())


def main() -> None:
    print(f"new roles, latency {LATENCY * 1000:.0f} ms, {JOBS} at a time")
    print(f"{'roles':>6} {'xacct':>16} {'floor':>16} {'loop':>16} {'xacct/floor':>12}")
    for count in (1, 10, 100, 500):
        with endpoint(latency=LATENCY) as at:
            timed(at, ours, 1)  # imports and service models, for all alike
            one, calls = best(at, ours, count)
            two, floor_calls = best(at, floor, count)
            three, loop_calls = best(at, loop, count) if count <= 100 else (0.0, 0)
        print(
            f"{count:>6} {one:>7.2f} s {calls:>5} c {two:>7.2f} s {floor_calls:>5} c "
            f"{three:>7.2f} s {loop_calls:>5} c {one / two:>11.2f}x"
        )
    print("\ntwenty new roles at five calls a second (ideal: 8 s, less what is allowed at once)")
    for size in (5, 10):
        for name, act in (("xacct", ours), ("retrying", retrying)):
            with endpoint(latency=LATENCY, rate=5, size=size) as at:
                seconds, counted = timed(at, act, 20)
            print(f"  {name:<10} {size:>2} at once: {seconds:>6.2f} s, {counted.get('refused', 0)} refused")


if __name__ == "__main__":
    main()
