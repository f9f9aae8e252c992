"""
Reading an account: xacct, next to the practical floor and to a loop written by hand.

The floor is identity and the two bulk reads with botocore, nothing more; service models are read once for
all. The loop asks role by role, as most scripts do. The endpoint is on loopback with a latency put in.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.update(
    AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY="x", AWS_EC2_METADATA_DISABLED="true"
)

from iam_endpoint import ACCOUNT, Endpoint, endpoint, loader

LATENCY = 0.02
ROUNDS = 5


def ours(url: str, names: list[str]) -> None:
    from xacct.aws.reader import read_account
    from xacct.aws.session import Sessions
    from xacct.iam.things import ThingKey, ThingType
    from xacct.plan.snapshot import ReadScope

    sessions = Sessions(endpoint_url=url, region="eu-west-1")
    identity = sessions.identity(ACCOUNT)
    scope = ReadScope(keys=frozenset(ThingKey(ThingType.ROLE, name) for name in names))
    snapshot = read_account(sessions.iam(ACCOUNT), scope, identity)
    assert len(snapshot.things.roles) == len(names)


def client(url: str, service: str) -> Any:
    import botocore.session

    core = botocore.session.Session()
    core.register_component("data_loader", loader())
    return core.create_client(service, region_name="eu-west-1", endpoint_url=url)


def floor(url: str, names: list[str]) -> None:
    client(url, "sts").get_caller_identity()
    iam = client(url, "iam")
    listed = iam.list_roles(PathPrefix="/xacct/", MaxItems=1000)["Roles"]
    details = iam.get_account_authorization_details(Filter=["Role"], MaxItems=1000)["RoleDetailList"]
    assert len(listed) == len(details) >= len(names)


def loop(url: str, names: list[str]) -> None:
    import boto3

    iam = boto3.client("iam", region_name="eu-west-1", endpoint_url=url)
    boto3.client("sts", region_name="eu-west-1", endpoint_url=url).get_caller_identity()
    for name in names:
        iam.get_role(RoleName=name)
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.get_role_policy(RoleName=name, PolicyName=policy)
        iam.list_attached_role_policies(RoleName=name)


def measure(
    at: Endpoint, act: Callable[[str, list[str]], None], names: list[str], rounds: int
) -> tuple[float, int]:
    """Seconds of the best round, and calls of one."""
    seconds = []
    for _ in range(rounds):
        at.calls()
        began = time.perf_counter()
        act(at.url, names)
        seconds.append(time.perf_counter() - began)
    return min(seconds), sum(at.calls().values())


def main() -> None:
    counts = [int(text) for text in sys.argv[1:]] or [1, 10, 100, 500]
    print(f"reading roles, latency {LATENCY * 1000:.0f} ms")
    print(f"{'roles':>6} {'xacct':>14} {'floor':>14} {'loop':>16} {'xacct/floor':>12}")
    for count in counts:
        names = [f"role{number}" for number in range(count)]
        with endpoint(roles=count, latency=LATENCY) as at:
            measure(at, ours, names, 1)  # imports and service models, for all alike
            one, calls = measure(at, ours, names, ROUNDS)
            two, floor_calls = measure(at, floor, names, ROUNDS)
            # The loop's time grows with the roles and nothing else; a hundred tell enough.
            three, loop_calls = measure(at, loop, names[:100], 1)
        print(
            f"{count:>6} {one:>7.2f} s {calls:>3} c {two:>7.2f} s {floor_calls:>3} c "
            f"{three:>7.2f} s {loop_calls:>5} c {one / two:>11.2f}x"
        )
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
