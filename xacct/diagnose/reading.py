"""What one place of a text says, as a value: the judgement of who said no, and the masking of secrets."""

from __future__ import annotations

import re
from functools import cache

import attrs

from xacct.diagnose.clean import squeeze
from xacct.diagnose.families import Family
from xacct.diagnose.mask import mask
from xacct.diagnose.model import DeniedBy, Found
from xacct.diagnose.sentence import Sentence
from xacct.diagnose.wrapper import Wrapper

__all__ = ["masked", "of_family", "of_sentence"]


def of_sentence(sentence: Sentence, wrapper: Wrapper, said: str) -> Found:
    clause = sentence.clause
    action = sentence.action or wrapper.operation
    return masked(
        Found(
            text=said,
            family="block-public"
            if clause and clause.block
            else _sentence_family(sentence.principal, action),
            denied_by=_denied_by(sentence, action),
            named=clause is not None and clause.denied_by is not None,
            explicit=clause is not None and clause.explicit,
            principal=sentence.principal,
            action=action,
            resource=sentence.resource,
            missing_action=clause.missing_action if clause else None,
            policy_arns=clause.policy_arns if clause else (),
            code=wrapper.code,
            operation=wrapper.operation,
            service=wrapper.service,
            request_id=wrapper.request_id,
            hints=_hints(said),
        )
    )


_SIGN_IN = {"assumerolewithwebidentity": "web-identity", "assumerolewithsaml": "saml"}
_BY_ACTION = {
    **_SIGN_IN,
    "assumerole": "assume-role",
    "tagsession": "tag-session",
    "setsourceidentity": "source-identity",
    "passrole": "pass-role",
}


def _sentence_family(principal: str | None, action: str | None) -> str:
    if principal is not None and "AmazonLightsailInstanceRole" in principal:
        return "lightsail-instance-role"
    service, _, name = (action or "").lower().rpartition(":")
    if name in _BY_ACTION and service in ("", "sts", "iam"):
        return _BY_ACTION[name]
    return "lightsail" if service == "lightsail" else "access"


def _denied_by(sentence: Sentence, action: str | None) -> DeniedBy:
    clause = sentence.clause
    if clause is not None:
        if clause.denied_by is not None:
            return clause.denied_by
        if clause.explicit or clause.block:
            return DeniedBy.OTHER
    # Web identity and SAML calls are not signed: nothing but the trust policy can refuse them.
    return DeniedBy.TRUST if (action or "").lower().rpartition(":")[2] in _SIGN_IN else DeniedBy.NONE


@cache
def _hint_words() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return (
        ("github", re.compile(r"github|with OIDC|aws-actions|GitHubActions", re.IGNORECASE)),
        ("eks", re.compile(r"\beks\b|serviceaccount|irsa|karpenter|oidc\.eks", re.IGNORECASE)),
        ("lightsail", re.compile(r"lightsail", re.IGNORECASE)),
        ("console", re.compile(r"console|switch role|send it to your AWS administrator", re.IGNORECASE)),
    )


def _hints(said: str) -> frozenset[str]:
    return frozenset(name for name, pattern in _hint_words() if pattern.search(said))


_TRUST_WORDS = re.compile(r"trust(?:policy|relationship)")
_VALUE_IN = {
    "not-allowed-to-execute": re.compile(
        r"Principal:?\s*\[?(?P<principal>[^\s\]]+)\]?\s+is not allowed to "
        r"execute\s+\[?(?P<action>[^\s\]]+)\]?"
        r"(?:\s+on\s+(?:the\s+)?resource:?\s*\[?(?P<resource>[^\s\]]+)\]?)?"
    ),
    "resource-denied": re.compile(
        r"(?:User:\s*(?P<principal>\S+)\s+is not authorized to access this resource"
        r"|Access to the resource\s+(?P<resource>\S+)\s+is denied|to access resource:?\s*(?P<resource2>\S+))"
    ),
    "service-cannot-assume": re.compile(r"(?P<resource>arn:[\w-]+:iam::[^\s\"'`)]+)"),
    "role-cannot-be-assumed": re.compile(r"(?P<resource>arn:[\w-]+:iam::[^\s\"'`)]+)"),
}
_DETAIL_EXPLICIT = "explicitdeny"


def of_family(item: Family, wrapper: Wrapper, said: str) -> Found:
    pattern = _VALUE_IN.get(item.name)
    match = pattern.search(said) if pattern else None
    values = (
        {}
        if match is None
        else {name.rstrip("2"): value for name, value in match.groupdict().items() if value}
    )
    words = squeeze(said).text
    denied_by = item.denied_by
    explicit = _DETAIL_EXPLICIT in words
    if denied_by is DeniedBy.NONE and item.name != "encoded":
        denied_by = (
            DeniedBy.TRUST if _TRUST_WORDS.search(words) else DeniedBy.OTHER if explicit else denied_by
        )
    return masked(
        Found(
            text=said,
            family=item.name,
            denied_by=denied_by,
            named=denied_by is not DeniedBy.NONE and bool(item.causes),
            explicit=explicit,
            principal=values.get("principal"),
            action=values.get("action") or wrapper.operation,
            resource=(values.get("resource") or "").rstrip(".,;:") or None,
            code=wrapper.code,
            operation=wrapper.operation,
            service=wrapper.service,
            request_id=wrapper.request_id,
            hints=_hints(said),
        )
    )


def masked(found: Found) -> Found:
    """Mask every text of a message; nothing else makes one that leaves this module."""
    return attrs.evolve(
        found,
        text=mask(found.text),
        principal=_mask(found.principal),
        action=_mask(found.action),
        resource=_mask(found.resource),
        missing_action=_mask(found.missing_action),
        policy_arns=tuple(mask(arn) for arn in found.policy_arns),
        code=_mask(found.code),
        operation=_mask(found.operation),
        service=_mask(found.service),
        request_id=_mask(found.request_id),
    )


def _mask(value: str | None) -> str | None:
    return None if value is None else mask(value)
