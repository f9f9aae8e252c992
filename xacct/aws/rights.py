"""
Whether the operator holds the rights that a plan needs, asked of IAM's own simulator.

SimulatePrincipalPolicy judges identity-based policies, permissions boundary and, within an organization,
service control policies as IAM knows them; it does not see session policies. Source: IAM API Reference,
SimulatePrincipalPolicy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xacct.aws.calls import Answer, Api
from xacct.aws.identity import Identity
from xacct.aws.things import ThingReader
from xacct.errors import XacctError
from xacct.iam.arn import Arn
from xacct.plan.model import RequiredPermission
from xacct.plan.rights import MissingRight, RightsCheck

__all__ = ["check_rights"]


def check_rights(api: Api, identity: Identity, required: Iterable[RequiredPermission]) -> RightsCheck:
    """Ask for each right; where that can't be asked, the check says why and names nothing as missing."""
    try:
        source = _source(api, identity)
        missing = tuple(_missing(api, source, required)) if source else ()
    except XacctError as error:
        return RightsCheck(
            account=identity.account, principal=identity.arn, unknown=error.problems[0].message
        )
    unknown = "" if source else "IAM's simulator takes users and roles only"
    return RightsCheck(
        account=identity.account, principal=source or identity.arn, missing=missing, unknown=unknown
    )


def _source(api: Api, identity: Identity) -> str | None:
    """The user or role whose policies count; a session's ARN lacks its role's path."""
    arn = Arn.parse(identity.arn)
    if arn.service == "iam" and arn.resource_type == "user":
        return identity.arn
    kind, _, rest = arn.resource.partition("/")
    if arn.service != "sts" or kind != "assumed-role":
        return None
    role = ThingReader(api, identity.account, identity.partition).role(rest.partition("/")[0])
    return role.arn(identity.account, identity.partition) if role is not None else None


def _missing(api: Api, source: str, required: Iterable[RequiredPermission]) -> Iterator[MissingRight]:
    together: dict[tuple[str, ...], list[str]] = {}
    for permission in required:
        together.setdefault(permission.resources, []).append(permission.action)
    for resources, actions in together.items():
        for page in api.pages(
            "SimulatePrincipalPolicy",
            subject=source,
            PolicySourceArn=source,
            ActionNames=actions,
            ResourceArns=list(resources),
        ):
            for result in page["EvaluationResults"]:
                yield from _denied(result)


def _denied(result: Answer) -> Iterator[MissingRight]:
    action = result["EvalActionName"]
    by_resource = result.get("ResourceSpecificResults") or ()
    for one in by_resource:
        if one["EvalResourceDecision"] != "allowed":
            yield MissingRight(action=action, resource=one["EvalResourceName"])
    if not by_resource and result["EvalDecision"] != "allowed":
        yield MissingRight(action=action, resource=result.get("EvalResourceName") or "*")
