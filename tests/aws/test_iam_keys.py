"""The adapter for access keys: exact calls, patience with new keys, lost answers."""

from __future__ import annotations

from typing import Any

import pytest

from xacct.aws.calls import Api
from xacct.aws.identity import Identity
from xacct.aws.keys import IamKeys
from xacct.errors import CredentialsError, XacctError
from xacct.keys import NewKey

KEY = NewKey(id="AKIANEW", secret="s")
DANA = Identity("111122223333", "arn:aws:iam::111122223333:user/team/dana", "aws")


class Client:
    """Answers from a list, in order, and remembers what was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def call(**parameters: Any) -> Any:
            self.asked.append((name, parameters))
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def keys_with(client: Client, *whose: Any) -> tuple[IamKeys, list[float]]:
    slept: list[float] = []
    turns = list(whose)

    def tell(key_id: str, secret: str) -> Identity:
        turn = turns.pop(0)
        if isinstance(turn, Exception):
            raise turn
        assert isinstance(turn, Identity)
        return turn

    return IamKeys(Api(client, sleep=slept.append, clock=lambda: 0.0, chance=lambda: 1.0), tell), slept


def not_yet() -> CredentialsError:
    return CredentialsError("AWS does not know the access key", code="invalid-client-token-id")


def test_a_new_key_is_waited_for_until_aws_knows_it() -> None:
    keys, slept = keys_with(Client(), not_yet(), not_yet(), DANA)
    keys.verify("dana", KEY)
    assert slept == [1.0, 2.0]


def test_a_key_that_never_works_is_given_up() -> None:
    keys, slept = keys_with(Client(), *(not_yet() for _ in range(9)))
    with pytest.raises(CredentialsError):
        keys.verify("dana", KEY)
    assert len(slept) == 8


def test_another_refusal_is_not_waited_out() -> None:
    keys, slept = keys_with(Client(), CredentialsError("no", code="signature-does-not-match"))
    with pytest.raises(CredentialsError):
        keys.verify("dana", KEY)
    assert slept == []


def test_a_key_of_somebody_else_is_told() -> None:
    keys, _ = keys_with(Client(), Identity("111122223333", "arn:aws:iam::111122223333:user/raj", "aws"))
    with pytest.raises(XacctError, match="not of user dana"):
        keys.verify("dana", KEY)


def test_a_deletion_whose_answer_was_lost_is_asked_for_again() -> None:
    from botocore.exceptions import ClientError, ReadTimeoutError

    gone = ClientError({"Error": {"Code": "NoSuchEntity", "Message": "gone"}}, "DeleteAccessKey")
    ok = {"ResponseMetadata": {}}
    client = Client(ok, ReadTimeoutError(endpoint_url="https://iam.amazonaws.com"), gone)
    keys, _ = keys_with(client)
    keys.deactivate("dana", "AKIAOLD")
    keys.delete("dana", "AKIAOLD")
    assert [name for name, _ in client.asked] == [
        "update_access_key",
        "delete_access_key",
        "delete_access_key",
    ]


def test_the_report_is_waited_for() -> None:
    text = b"user,arn,access_key_1_active\ndana,arn:aws:iam::111122223333:user/dana,false\n"
    client = Client({"State": "STARTED"}, {"State": "INPROGRESS"}, {"State": "COMPLETE"}, {"Content": text})
    keys, slept = keys_with(client)
    assert [user.user for user in keys.report()] == ["dana"]
    assert slept == [0.5, 1.0]
