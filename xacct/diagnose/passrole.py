"""Refused iam:PassRole: the statement for one role and one service, and where such a message comes from."""

from __future__ import annotations

from xacct.diagnose.ask import ask_for
from xacct.diagnose.caller import Caller
from xacct.diagnose.model import Cause, Found, Likelihood, Step, StepKind, Who
from xacct.diagnose.statements import allow, target_of
from xacct.iam.policy import Condition

__all__ = ["pass_role_causes", "pass_role_step"]

# The service that takes the role, by the operation that was refused.
_SERVICE_OF = {
    "runinstances": "ec2.amazonaws.com",
    "associateiaminstanceprofile": "ec2.amazonaws.com",
    "createfunction": "lambda.amazonaws.com",
    "updatefunctionconfiguration": "lambda.amazonaws.com",
    "registertaskdefinition": "ecs-tasks.amazonaws.com",
    "runtask": "ecs-tasks.amazonaws.com",
    "updateservice": "ecs-tasks.amazonaws.com",
    "createstack": "cloudformation.amazonaws.com",
    "updatestack": "cloudformation.amazonaws.com",
    "createchangeset": "cloudformation.amazonaws.com",
    "createnodegroup": "eks.amazonaws.com",
    "createcluster": "eks.amazonaws.com",
    "createproject": "codebuild.amazonaws.com",
    "createpipeline": "codepipeline.amazonaws.com",
    "createstatemachine": "states.amazonaws.com",
    "createjob": "glue.amazonaws.com",
    "startautomationexecution": "ssm.amazonaws.com",
    "putrule": "events.amazonaws.com",
    "createschedule": "scheduler.amazonaws.com",
}


def pass_role_step(found: Found, caller: Caller) -> Step:
    """The smallest statement: this role, handed to this service and no other."""
    target = target_of(found.resource, caller)
    service = _SERVICE_OF.get((found.operation or "").rpartition(":")[2].lower(), "<SERVICE>.amazonaws.com")
    statement = allow(
        "iam:PassRole", target.resource, Condition("StringEquals", "iam:PassedToService", (service,))
    )
    unknown = (
        " Put the service that shall use the role in place of <SERVICE>: it stands in the role's "
        "trust policy."
        if service.startswith("<")
        else ""
    )
    place = caller.policy_place
    return Step(
        kind=StepKind.ADD_ALLOW,
        who=Who.CALLER_ADMIN,
        account=caller.account,
        text=f"Allow {caller.words} to hand this one role to this one service.{unknown} "
        f"{target.note}".rstrip(),
        where=place,
        statement=statement,
        command=caller.put_command("pass-role"),
        ask=ask_for(found, "Please let me pass this role.", statement, place),
        warning='iam:PassRole on "*" lets whoever has it hand the role of an administrator to a '
        "service that runs their code: it is administrator access by another way.",
    )


def pass_role_causes(found: Found) -> tuple[Cause, ...]:
    likely = Likelihood.LIKELY if "lightsail" in found.hints else Likelihood.POSSIBLE
    return (
        Cause(
            title="The caller may make the thing, but not give it the role",
            why="Whoever hands a role to a service needs iam:PassRole on that role's ARN. It is "
            "checked inside the call that was made and leaves no event of its own.",
            likelihood=Likelihood.LIKELY,
        ),
        Cause(
            title="It does not come from Lightsail",
            why="Lightsail takes no service role in any operation. In a Lightsail workflow the "
            "message comes from CloudFormation or EC2 (an exported snapshot), or from another service "
            "called in the same script.",
            likelihood=likely,
        ),
    )
