"""Principals made on demand, for ``sandbox env --as``; they exist from then on."""

from __future__ import annotations

import json
import re

from xacct.errors import InputError
from xacct.iam import Arn, is_account_id
from xacct.sandbox.enforce import ALLOW_ALL
from xacct.sandbox.entities import AccessKey, Role, Session, User
from xacct.sandbox.http import Credentials
from xacct.sandbox.iam_users import keys_of, make_key
from xacct.sandbox.names import OPERATOR_NAME, operator_credentials, unique_id
from xacct.sandbox.sessions import open_session, session_arn
from xacct.sandbox.sts import is_session_text
from xacct.sandbox.world import World

__all__ = ["POLICY_NAME", "credentials_of"]

POLICY_NAME = "sandbox-allow-all"
_SESSION_SECONDS = 43200
_DEFAULT_SESSION_NAME = "sandbox"


def credentials_of(principal: str, world: World, now: int) -> Credentials:
    """Raises InputError for what is no principal with credentials of its own."""
    if is_account_id(principal):
        principal = f"arn:aws:iam::{principal}:root"
    arn = Arn.parse(principal)
    if not is_account_id(arn.account) or arn.region:
        raise _no_principal(principal)
    match (arn.service, arn.resource_type):
        case ("iam", "root"):
            return _long_term(world, arn, None, now)
        case ("iam", "user") if arn.name == OPERATOR_NAME:
            return operator_credentials(arn.account)
        case ("iam", "user") if _is_name(arn.name):
            return _long_term(world, arn, _user(world, arn, now).name, now)
        case ("iam", "role") if _is_name(arn.name):
            return _role_session(world, _role(world, arn, now), _DEFAULT_SESSION_NAME, now)
        case ("sts", "assumed-role"):
            return _named_session(world, arn, now)
        case ("sts", "federated-user") if is_session_text(arn.resource_path):
            return _federated(world, arn, now)
    raise _no_principal(principal)


def _is_name(text: str) -> bool:
    return re.fullmatch(r"[\w+=,.@-]{1,64}", text, re.ASCII) is not None


def _no_principal(principal: str) -> InputError:
    return InputError(
        f"{principal!r} is no principal that has credentials",
        fix="name a user, a role, a role session or a root: arn:aws:iam::111122223333:user/NAME, "
        "arn:aws:iam::111122223333:role/NAME, arn:aws:sts::111122223333:assumed-role/NAME/SESSION or "
        "arn:aws:iam::111122223333:root",
        code="sandbox-principal",
    )


def _path_of(arn: Arn) -> str:
    inner = arn.resource_path.rpartition("/")[0]
    return f"/{inner}/" if inner else "/"


def _taken(principal: Arn, held: User | Role) -> InputError:
    return InputError(
        f"the sandbox has {held.arn}, whose name differs only in its path or in case from {principal}",
        fix=f"use {held.arn}: names are unique in an account whatever the path and the case",
        code="sandbox-principal",
    )


def _user(world: World, arn: Arn, now: int) -> User:
    held = world.get(User, arn.account, arn.name.lower())
    if held is None:
        return world.put(
            User(
                account=arn.account,
                partition=arn.partition,
                created=now,
                name=arn.name,
                path=_path_of(arn),
                id=unique_id("AIDA"),
                inline={POLICY_NAME: ALLOW_ALL},
            )
        )
    if held.arn != str(arn):
        raise _taken(arn, held)
    return held


def _role(world: World, arn: Arn, now: int) -> Role:
    held = world.get(Role, arn.account, arn.name.lower())
    if held is None:
        return world.put(
            Role(
                account=arn.account,
                partition=arn.partition,
                created=now,
                name=arn.name,
                path=_path_of(arn),
                id=unique_id("AROA"),
                trust=_own_account_trust(arn),
                inline={POLICY_NAME: ALLOW_ALL},
                max_session=_SESSION_SECONDS,
            )
        )
    if held.arn != str(arn):
        raise _taken(arn, held)
    return held


def _own_account_trust(arn: Arn) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{arn.partition}:iam::{arn.account}:root"},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _long_term(world: World, arn: Arn, user: str | None, now: int) -> Credentials:
    keys = [key for key in keys_of(world, arn.account, user) if key.status == "Active"]
    key: AccessKey = keys[0] if keys else make_key(world, arn.account, arn.partition, user, now)
    return Credentials(key.id, key.secret)


def _named_session(world: World, arn: Arn, now: int) -> Credentials:
    role_name, _, session_name = arn.resource_path.partition("/")
    if not _is_name(role_name) or not is_session_text(session_name):
        raise _no_principal(str(arn))
    role = world.get(Role, arn.account, role_name.lower())
    if role is None:
        role_arn = Arn(arn.partition, "iam", "", arn.account, f"role/{role_name}")
        role = _role(world, role_arn, now)
    return _role_session(world, role, session_name, now)


def _role_session(world: World, role: Role, session_name: str, now: int) -> Credentials:
    return _opened(
        world,
        Session(
            account=role.account,
            partition=role.partition,
            created=now,
            arn=session_arn(role, session_name),
            unique_id=f"{role.id}:{session_name}",
            role=role.name,
            expires=now + _SESSION_SECONDS,
        ),
    )


def _federated(world: World, arn: Arn, now: int) -> Credentials:
    return _opened(
        world,
        Session(
            account=arn.account,
            partition=arn.partition,
            created=now,
            arn=str(arn),
            unique_id=f"{arn.account}:{arn.resource_path}",
            user=OPERATOR_NAME,
            expires=now + _SESSION_SECONDS,
            policies=(ALLOW_ALL,),
        ),
    )


def _opened(world: World, session: Session) -> Credentials:
    made = open_session(world, session)
    return Credentials(made.id, made.secret, made.token)
