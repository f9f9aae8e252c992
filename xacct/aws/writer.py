"""
Writing: one step, one call.

A call is repeated where AWS is known to be still spreading what this run made a moment ago, and where its
answer was lost. What such a call did is found out by reading back, so a role that stands is never taken for
somebody else's and never made twice.

Source of what may fail for a while after a change: IAM User Guide, "Changes that I make are not always
immediately visible" (troubleshoot_general).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import attrs

from xacct.apply.model import UncertainError
from xacct.aws.calls import Api, LostAnswerError, Retried, backoff
from xacct.aws.failures import AwsError
from xacct.aws.requests import Request, request_of, subject_of
from xacct.aws.things import ThingReader
from xacct.errors import XacctError
from xacct.iam.policy import Condition, PolicyDocument, Statement
from xacct.iam.things import GroupMember, GroupPolicy, Role, RolePolicy, Thing
from xacct.plan.steps import Operation, Step

__all__ = ["IamWriter", "perform"]

_ATTEMPTS = 8
_FIRST_WAIT = 0.25
_LONGEST_WAIT = 8.0
_CONFLICTS = 5
"""How often a deletion may meet what this run took off just now; a lasting conflict is somebody else's."""


def perform(
    api: Api,
    step: Step,
    account: str,
    partition: str,
    now: Callable[[], datetime],
    retried: Retried | None = None,
) -> None:
    """Carry out one step with a writer of its own; see ``IamWriter.perform``."""
    IamWriter(api, account, partition, now).perform(step, retried or (lambda _reason, _wait: None))


class IamWriter:
    """
    Carries out steps in one account.

    ``now`` gives the time in UTC. ``fresh`` collects the ARNs and names that the run made lately; writers of
    several accounts share it, as one account's trust policy may name another's new role.
    """

    def __init__(
        self,
        api: Api,
        account: str,
        partition: str,
        now: Callable[[], datetime],
        fresh: set[str] | None = None,
    ) -> None:
        self._api = api
        self._account = account
        self._partition = partition
        self._now = now
        self._fresh = set() if fresh is None else fresh
        self._reader = ThingReader(api, account, partition)

    def perform(self, step: Step, retried: Retried) -> None:
        """
        Carry out one step; returns when it stands.

        Raises UncertainError where the step may stand though every answer was lost, AwsError where AWS
        refused it, CredentialsError where the credentials did not do.
        """
        waits = backoff(_ATTEMPTS, _FIRST_WAIT, _LONGEST_WAIT, self._api.chance)
        conflicts = 0
        lost = made_room = False
        while True:
            try:
                self._send(step, retried)
            except LostAnswerError as error:
                lost = True
                self._wait(waits, UncertainError(error.problems), "the answer was lost", retried)
                if step.operation is Operation.CREATE_POLICY_VERSION and self._turns_out_done(step):
                    break
            except AwsError as error:
                if self._is_done(step, error, lost=lost):
                    break
                if not made_room and self._make_room(step, error, retried):
                    made_room = True
                    continue
                conflicts += error.aws_code == "DeleteConflict"
                if conflicts > _CONFLICTS or not self._may_pass(step, error, lost=lost):
                    raise
                self._wait(waits, error, "AWS has not yet spread what was just made", retried)
            except XacctError as error:
                if lost:
                    raise UncertainError(error.problems) from error
                raise
            else:
                break
        self._remember(step)

    def stands(self, step: Step) -> bool:
        """Read back whether the account holds what the step leads to."""
        like = step.after if step.after is not None else step.before
        assert like is not None
        return self._reader.current(like) == step.after

    def _send(self, step: Step, retried: Retried) -> None:
        request = self._request(step)
        self._api.write(request.operation, subject=self._subject(step), retried=retried, **request.parameters)

    def _request(self, step: Step) -> Request:
        if step.revokes and isinstance(step.after, (RolePolicy, GroupPolicy)):
            document = _revoking_before(step.after.document, self._latest_time())
            step = attrs.evolve(step, after=attrs.evolve(step.after, document=document))
        return request_of(step, self._account, self._partition)

    def _latest_time(self) -> datetime:
        """The later of this machine's clock and AWS's: no session slips through a difference of the two."""
        now = self._now()
        try:
            server = parsedate_to_datetime(self._api.server_date or "")
        except ValueError:
            return now
        return max(now, server if server.tzinfo else server.replace(tzinfo=UTC))

    def _subject(self, step: Step) -> str:
        thing = step.after if step.after is not None else step.before
        assert thing is not None
        return subject_of(thing, self._account, self._partition)

    def _wait(self, waits: Iterator[float], error: XacctError, reason: str, retried: Retried) -> None:
        wait = next(waits, None)
        if wait is None:
            raise error
        retried(reason, wait)
        self._api.sleep(wait)

    # --- judging refusals ------------------------------------------------------------------------

    def _is_done(self, step: Step, error: AwsError, *, lost: bool) -> bool:
        """Whether a refusal only says that the step stands already."""
        if error.aws_code == "NoSuchEntity" and step.after is None:
            return True  # gone is what a deletion wants
        return lost and self._turns_out_done(step)

    def _turns_out_done(self, step: Step) -> bool:
        """Read back what became of a call whose answer was lost."""
        try:
            return self.stands(step)
        except XacctError as error:
            raise UncertainError(error.problems) from error

    def _may_pass(self, step: Step, error: AwsError, *, lost: bool) -> bool:
        """Whether a refusal is known to pass by itself, for things that this run has just touched."""
        match error.aws_code:
            case "ConcurrentModification" | "EntityTemporarilyUnmodifiable":
                return True
            case "MalformedPolicyDocument":
                return error.problems[0].code == "invalid-principal" and self._names_fresh(step)
            case "NoSuchEntity":
                return bool(self._missing(step, error) & self._fresh)
            case "DeleteConflict":
                return bool(self._names(step) & self._fresh)
            case "EntityAlreadyExists":
                return lost and self._is_unseen(step)
            case _:
                return False

    def _is_unseen(self, step: Step) -> bool:
        """Whether what IAM calls existing cannot be read yet."""
        return step.after is not None and self._reader.current(step.after) is None

    def _names_fresh(self, step: Step) -> bool:
        trust = step.after.trust if isinstance(step.after, Role) else None
        if trust is None:
            return False
        text = trust.minified()
        return any(name.startswith("arn:") and name in text for name in tuple(self._fresh))

    def _names(self, step: Step) -> set[str]:
        """What the call depends on: the thing, and for what is held the holder and the policy."""
        thing = step.after if step.after is not None else step.before
        assert thing is not None
        return _dependencies(thing, self._account, self._partition)

    def _missing(self, step: Step, error: AwsError) -> set[str]:
        """What may be what IAM did not find: of a group's member the user alone, where IAM says so."""
        if isinstance(step.after, GroupMember) and error.problems[0].code == "no-such-user":
            return {f"{self._account} user {step.after.user}"}
        return self._names(step)

    def _remember(self, step: Step) -> None:
        self._fresh.update(self._names(step))

    # --- policy versions -------------------------------------------------------------------------

    def _make_room(self, step: Step, error: AwsError, retried: Retried) -> bool:
        """
        Delete versions of a managed policy that stand in the way; True where there were some.

        IAM keeps five versions and deletes a policy only when the default one is left. Versions that are not
        the default grant nothing.
        """
        full = step.operation is Operation.CREATE_POLICY_VERSION and error.aws_code == "LimitExceeded"
        held = step.operation is Operation.DELETE_POLICY and error.aws_code == "DeleteConflict"
        if not (full or held):
            return False
        arn = self._subject(step)
        pages = self._api.pages("ListPolicyVersions", subject=arn, PolicyArn=arn)
        spare = [item for page in pages for item in page["Versions"] if not item["IsDefaultVersion"]]
        spare.sort(key=lambda item: int(item["VersionId"].removeprefix("v").partition(".")[0]))
        for item in spare[:1] if full else spare:
            self._api.write(
                "DeletePolicyVersion",
                subject=arn,
                retried=retried,
                PolicyArn=arn,
                VersionId=item["VersionId"],
            )
        return bool(spare)


def _dependencies(thing: Thing, account: str, partition: str) -> set[str]:
    names = {subject_of(thing, account, partition)}
    for attribute, kind in (("role", "role"), ("group", "group"), ("user", "user"), ("holder", "holder")):
        holder = getattr(thing, attribute, None)
        if isinstance(holder, str):
            names.add(f"{account} {getattr(thing, 'holder_type', kind)} {holder}")
    arn = getattr(thing, "policy_arn", None)
    if arn:
        names.add(arn)
    if hasattr(thing, "name") and not hasattr(thing, "document"):
        names.add(f"{account} {thing.key.type.value} {thing.name}")
    return names


def _revoking_before(document: PolicyDocument, time: datetime) -> PolicyDocument:
    """The document with every condition on ``aws:TokenIssueTime`` set to a time."""
    stamp = time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

    def at(condition: Condition) -> Condition:
        is_it = condition.key.lower() == "aws:tokenissuetime"
        return attrs.evolve(condition, values=(stamp,)) if is_it else condition

    def dated(statement: Statement) -> Statement:
        return attrs.evolve(statement, conditions=tuple(at(condition) for condition in statement.conditions))

    return attrs.evolve(document, statements=tuple(dated(statement) for statement in document.statements))
