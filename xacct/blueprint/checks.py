"""The checks of a grant's own keys: each takes a text, and raises InputError without a place."""

from __future__ import annotations

import re

from xacct.blueprint.reading import parse_bool, parse_duration
from xacct.blueprint.yaml_nodes import shorten
from xacct.errors import InputError
from xacct.iam.arn import Arn

__all__ = [
    "check_boundary",
    "check_description",
    "check_max_session",
    "check_name",
    "check_path",
    "check_role_name",
    "check_tag",
    "parse_unscoped",
]

SHORTEST_SESSION, LONGEST_SESSION = 3600, 43200
"""Seconds; what IAM takes as MaxSessionDuration of a role."""


def check_name(text: str) -> str:
    """Check a grant's name, which is a tag's value too, so it takes no comma. Raises InputError."""
    if re.fullmatch(r"[A-Za-z0-9_+=.@-]{1,64}", text):
        return text
    raise InputError(
        f"{shorten(text)!r} is no name for a grant",
        fix="1 to 64 letters, digits and _ + = . @ -",
        code="grant-name",
    )


def check_role_name(text: str) -> str:
    """
    Check a role's name. Raises InputError, which tells the characters at fault.

    Source: IAM API Reference, CreateRole: 1 to 64 letters, digits and ``_+=,.@-``.
    """
    if not text:
        raise InputError(
            "the role's name is empty", fix="give a name of 1 to 64 characters", code="role-name"
        )
    if len(text) > 64:
        raise InputError(
            f"the role's name {shorten(text)!r} has {len(text)} characters; IAM takes at most 64",
            fix="shorten it, or set role_name",
            code="role-name",
        )
    bad = "".join(sorted({character for character in text if not re.match(r"[A-Za-z0-9_+=,.@-]", character)}))
    if bad:
        raise InputError(
            f"the role's name {shorten(text)!r} holds {bad!r}, which IAM refuses",
            fix="use letters, digits and _ + = , . @ -",
            code="role-name",
        )
    return text


def check_path(text: str) -> str:
    """Check an IAM path: begins and ends with ``/``, at most 512 characters. Raises InputError."""
    if len(text) <= 512 and re.fullmatch(r"/|/[\x21-\x7e]+/", text):
        return text
    raise InputError(
        f"{shorten(text)!r} is no IAM path",
        fix="a path begins and ends with a slash and has no spaces: /xacct/",
        code="path",
    )


def check_max_session(text: str) -> int:
    seconds = parse_duration(text)
    if SHORTEST_SESSION <= seconds <= LONGEST_SESSION:
        return seconds
    raise InputError(
        f"max_session {shorten(text)!r} is {seconds} seconds; IAM takes 1 to 12 hours",
        fix="write a duration from 1h to 12h",
        code="max-session",
    )


def check_description(text: str) -> str:
    if len(text) > 1000:
        raise InputError(
            f"the description has {len(text)} characters; IAM takes 1000",
            fix="shorten it",
            code="description",
        )
    bad = re.search(r"[^\t\n\r\x20-\x7e\xa1-\xff]", text)
    if bad:
        raise InputError(
            f"the description holds {bad.group()!r}, which IAM refuses",
            fix="use plain Latin letters and signs",
            code="description",
        )
    return text


def check_boundary(text: str) -> str:
    arn = Arn.try_parse(text)
    if arn is not None and arn.service == "iam" and arn.resource_type == "policy" and arn.resource_path:
        return text
    raise InputError(
        f"{shorten(text)!r} is not the ARN of a managed policy",
        fix="write arn:aws:iam::ACCOUNT:policy/NAME; `aws iam list-policies --scope Local` lists them",
        code="boundary",
    )


def check_tag(key: str, value: str) -> str | None:
    """Tell what IAM would refuse about a tag, in words; None when it is well."""
    if not 1 <= len(key) <= 128:
        return f"the tag key {shorten(key)!r} has {len(key)} characters; IAM takes 1 to 128"
    if len(value) > 256:
        return f"the value of tag {shorten(key)!r} has {len(value)} characters; IAM takes at most 256"
    if key.lower().startswith("aws:"):
        return f"the tag key {shorten(key)!r} begins with aws:, which is AWS's own"
    if key.lower().startswith("xacct:"):
        return f"the tag key {shorten(key)!r} begins with xacct:, which is this tool's own"
    for text in (key, value):
        bad = next((sign for sign in text if not (sign.isalnum() or sign in " _.:/=+-@")), None)
        if bad is not None:
            return f"the tag {shorten(key)!r} holds {bad!r}, which IAM refuses"
    return None


def parse_unscoped(text: str) -> bool:
    word = text.strip().lower()
    if word in ("allow", "deny"):
        return word == "allow"
    try:
        return parse_bool(text)
    except InputError:
        raise InputError(
            f"unscoped is {shorten(text)!r}", fix="write `unscoped: allow`, or leave it out", code="unscoped"
        ) from None
