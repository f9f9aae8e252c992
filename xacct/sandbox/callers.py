"""Who signed a request: from the access key ID to the caller."""

from __future__ import annotations

import attrs

from xacct.iam import partition_of_region
from xacct.sandbox.call import Caller
from xacct.sandbox.entities import AccessKey, Role, Session, User
from xacct.sandbox.http import Signature
from xacct.sandbox.names import OPERATOR_NAME, operator_account
from xacct.sandbox.problems import AwsError
from xacct.sandbox.trusted import operator_id
from xacct.sandbox.world import World

__all__ = ["caller_of", "note_use"]

_USE_NOTED_EVERY = 60


def caller_of(signature: Signature, world: World, now: int) -> Caller:
    """Raises AwsError for keys that are unknown, inactive or expired, or whose holder is gone."""
    operated = operator_account(signature.access_key_id)
    if operated is not None:
        return _operator(operated, signature)
    key = world.get(AccessKey, "", signature.access_key_id)
    if key is not None:
        return _long_term(key, signature, world)
    session = world.get(Session, "", signature.access_key_id)
    if session is None or session.token != signature.token:
        raise _invalid(signature)
    if session.expires <= now:
        code = "ExpiredTokenException" if signature.service == "lightsail" else "ExpiredToken"
        raise AwsError(code, "The security token included in the request is expired")
    return _temporary(session, signature, world)


def _invalid(signature: Signature) -> AwsError:
    code = "UnrecognizedClientException" if signature.service == "lightsail" else "InvalidClientTokenId"
    return AwsError(code, "The security token included in the request is invalid.")


def _operator(account: str, signature: Signature) -> Caller:
    partition = partition_of_region(signature.region)
    arn = f"arn:{partition}:iam::{account}:user/{OPERATOR_NAME}"
    return Caller(
        account=account,
        partition=partition,
        arn=arn,
        principal_arn=arn,
        unique_id=operator_id(account),
        access_key_id=signature.access_key_id,
        user=OPERATOR_NAME,
        is_operator=True,
    )


def _long_term(key: AccessKey, signature: Signature, world: World) -> Caller:
    if key.status != "Active" or signature.token is not None:
        raise _invalid(signature)
    if key.user is None:
        return root_caller(key.account, key.partition, key.id)
    user = world.get(User, key.account, key.user.lower())
    if user is None:
        raise _invalid(signature)
    return user_caller(user, key.id)


def root_caller(account: str, partition: str, access_key_id: str) -> Caller:
    arn = f"arn:{partition}:iam::{account}:root"
    return Caller(
        account=account,
        partition=partition,
        arn=arn,
        principal_arn=arn,
        unique_id=account,
        access_key_id=access_key_id,
        is_root=True,
    )


def user_caller(user: User, access_key_id: str, session: Session | None = None) -> Caller:
    return Caller(
        account=user.account,
        partition=user.partition,
        arn=user.arn,
        principal_arn=user.arn,
        unique_id=user.id,
        access_key_id=access_key_id,
        user=user.name,
        session=session,
        tags=user.tags,
    )


def _temporary(session: Session, signature: Signature, world: World) -> Caller:
    if session.role is not None:
        return _role_session(session, session.role, signature, world)
    if session.user is None:
        return attrs.evolve(root_caller(session.account, session.partition, session.id), session=session)
    if session.user == OPERATOR_NAME:
        caller = attrs.evolve(_operator(session.account, signature), session=session)
    else:
        user = world.get(User, session.account, session.user.lower())
        if user is None:
            raise _invalid(signature)
        caller = user_caller(user, session.id, session)
    if session.arn == caller.arn:
        return caller
    # A federated user: its ARN is its own, its permissions come from the user who called.
    return attrs.evolve(
        caller,
        arn=session.arn,
        principal_arn=session.arn,
        unique_id=session.unique_id,
        is_operator=False,
        tags={**caller.tags, **session.tags},
    )


def _role_session(session: Session, role_name: str, signature: Signature, world: World) -> Caller:
    role = world.get(Role, session.account, role_name.lower())
    if role is None or role.id != session.unique_id.partition(":")[0]:
        raise _invalid(signature)
    lowered = {key.lower() for key in session.tags}
    own = {key: value for key, value in role.tags.items() if key.lower() not in lowered}
    return Caller(
        account=session.account,
        partition=session.partition,
        arn=session.arn,
        principal_arn=role.arn,
        unique_id=session.unique_id,
        access_key_id=session.id,
        role=role.name,
        session=session,
        tags={**own, **session.tags},
    )


def note_use(caller: Caller, world: World, now: int, region: str, service: str) -> None:
    """Keep when the caller's key, or the caller's role, was last used; at most once a minute."""
    if caller.role is not None:
        role = world.get(Role, caller.account, caller.role.lower())
        if role is not None and now - (role.last_used or 0) >= _USE_NOTED_EVERY:
            world.put(attrs.evolve(role, last_used=now, last_used_region=region))
    key = world.get(AccessKey, "", caller.access_key_id)
    if key is not None and now - (key.last_used or 0) >= _USE_NOTED_EVERY:
        world.put(attrs.evolve(key, last_used=now, last_used_region=region, last_used_service=service))
