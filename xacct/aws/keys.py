"""Access keys in IAM: read by pages or by the credential report, made, tried, made inactive, deleted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from xacct.aws.calls import Answer, Api, backoff
from xacct.aws.failures import AwsError
from xacct.aws.identity import Identity
from xacct.errors import CredentialsError, InputError, XacctError
from xacct.keys import AccessKey, KeyStatus, NewKey, UserKeys
from xacct.keys.report import read_report

__all__ = ["IamKeys"]

# A new key is known to all of AWS after some seconds (IAM User Guide, troubleshoot_general).
_TRIES = 8
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 10.0
_NOT_YET = "invalid-client-token-id"
_REPORT_TRIES = 15


@contextmanager
def _silence() -> Iterator[None]:
    """Keep out of all logs what botocore would write there of the answer: the secret is in it."""
    before = logging.root.manager.disable
    logging.disable(logging.DEBUG)
    try:
        yield
    finally:
        logging.disable(before)


class IamKeys:
    """
    The keys of one account's users; the ``KeyService`` of a rotation.

    ``whose`` tells whose a key is, and raises CredentialsError when AWS does not take it.
    """

    def __init__(self, api: Api, whose: Callable[[str, str], Identity]) -> None:
        self._api = api
        self._whose = whose

    def users(self) -> Iterator[UserKeys]:
        """Every user with its keys: a call for each thousand users, one a user, and one a key."""
        for page in self._api.pages("ListUsers"):
            for user in page["Users"]:
                yield self._user(user)

    def user(self, name: str) -> UserKeys:
        """Raises InputError when there is no such user."""
        try:
            return self._user(self._api.read("GetUser", subject=name, UserName=name)["User"])
        except AwsError as error:
            if error.aws_code != "NoSuchEntity":
                raise
            raise InputError(
                f"there is no user {name}",
                where="USER",
                fix="xacct keys list shows those with keys",
                code="no-user",
            ) from None

    def report(self) -> tuple[UserKeys, ...]:
        """The credential report, made anew where the last one is too old; it has no key IDs."""
        for wait in backoff(_REPORT_TRIES, 0.5, 4.0, self._api.chance):
            state = self._api.write("GenerateCredentialReport")["State"]
            if state == "COMPLETE":
                content: bytes = self._api.read("GetCredentialReport")["Content"]
                return read_report(content.decode("utf-8", "replace"))
            self._api.sleep(wait)
        raise XacctError(
            "IAM has not made the credential report yet", fix="try again in a minute", code="report"
        )

    def keys(self, user: str) -> tuple[AccessKey, ...]:
        """The keys of a user, oldest first."""
        return self.user(user).keys

    def make(self, user: str) -> NewKey:
        with _silence():
            made = self._api.write("CreateAccessKey", subject=user, UserName=user)["AccessKey"]
        return NewKey(id=made["AccessKeyId"], secret=made["SecretAccessKey"])

    def deactivate(self, user: str, key_id: str) -> None:
        self._write_again("UpdateAccessKey", user, AccessKeyId=key_id, Status=KeyStatus.INACTIVE.value)

    def delete(self, user: str, key_id: str) -> None:
        """Delete a key; one that is gone already is as good."""
        try:
            self._write_again("DeleteAccessKey", user, AccessKeyId=key_id)
        except AwsError as error:
            if error.aws_code != "NoSuchEntity":
                raise

    def verify(self, user: str, key: NewKey) -> None:
        """
        See that a key works and is this user's, with patience for one that was made just now.

        Raises CredentialsError when it does not, XacctError when it is somebody else's.
        """
        waits = backoff(_TRIES, _FIRST_WAIT, _LONGEST_WAIT, self._api.chance)
        while True:
            try:
                identity = self._whose(key.id, key.secret)
                break
            except CredentialsError as error:
                wait = next(waits, None)
                if wait is None or error.problems[0].code != _NOT_YET:
                    raise
                self._api.sleep(wait)
        if identity.arn.rpartition("/")[2] != user:
            raise XacctError(
                f"the key {key.id} is of {identity.arn}, not of user {user}",
                where=key.id,
                fix="name the place where this user's key is kept",
                code="wrong-user",
            )

    def _write_again(self, operation: str, user: str, **parameters: Any) -> None:
        """Both calls come to the same when they are made twice, so a lost answer is asked for again."""
        from xacct.aws.calls import LostAnswerError

        try:
            self._api.write(operation, subject=user, UserName=user, **parameters)
        except LostAnswerError:
            self._api.write(operation, subject=user, UserName=user, **parameters)

    def _user(self, user: Answer) -> UserKeys:
        name = user["UserName"]
        keys = [
            self._key(found)
            for page in self._api.pages("ListAccessKeys", subject=name, UserName=name)
            for found in page["AccessKeyMetadata"]
        ]
        return UserKeys(user=name, arn=user["Arn"], keys=tuple(keys))

    def _key(self, found: Answer) -> AccessKey:
        key_id = found["AccessKeyId"]
        used = self._api.read("GetAccessKeyLastUsed", subject=key_id, AccessKeyId=key_id)["AccessKeyLastUsed"]
        when = used.get("LastUsedDate")
        return AccessKey(
            id=key_id,
            user=found["UserName"],
            status=KeyStatus(found["Status"]),
            created=found["CreateDate"],
            last_used=when,
            service=used.get("ServiceName") if when else None,
            region=used.get("Region") if when and used.get("Region") != "N/A" else None,
        )
