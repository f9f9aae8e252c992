"""
The plan as JSON: the only code that knows its keys.

The file is whole, external IDs too, and made for the owner's eyes (mode 0600). What goes to a screen or a
pull request comes from ``plan_to_json(..., reveal=False)``, in which external IDs are redacted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar, cast

import attrs

from xacct import __version__
from xacct.errors import InputError
from xacct.iam.policy import PolicyDocument
from xacct.iam.redact import redact_document, redact_external_id
from xacct.iam.things import (
    Group,
    GroupMember,
    GroupPolicy,
    HolderType,
    ManagedPolicy,
    OidcProvider,
    PolicyAttachment,
    Role,
    RolePolicy,
    SamlProvider,
    Thing,
    ThingKey,
    ThingType,
    User,
)
from xacct.lint.model import Finding, Severity
from xacct.plan.model import (
    AccessRow,
    AccountPlan,
    Change,
    ChangeKind,
    Containment,
    Effect,
    GrantRef,
    Plan,
    Reason,
    RequiredPermission,
    Verdict,
    Witness,
)

__all__ = ["FORMAT_VERSION", "finding_to_json", "plan_digest", "plan_from_json", "plan_to_json"]

FORMAT_VERSION = "1.0"
"""Major and minor; a reader takes any minor of its major and passes over keys it does not know."""

Json: TypeAlias = dict[str, Any]

_CLASSES: dict[ThingType, type[Any]] = {
    ThingType.ROLE: Role,
    ThingType.ROLE_POLICY: RolePolicy,
    ThingType.MANAGED_POLICY: ManagedPolicy,
    ThingType.POLICY_ATTACHMENT: PolicyAttachment,
    ThingType.SAML_PROVIDER: SamlProvider,
    ThingType.OIDC_PROVIDER: OidcProvider,
    ThingType.GROUP: Group,
    ThingType.GROUP_POLICY: GroupPolicy,
    ThingType.GROUP_MEMBER: GroupMember,
    ThingType.USER: User,
}


def plan_to_json(plan: Plan, *, reveal: bool = False) -> Json:
    """The plan with its digest. ``reveal`` keeps external IDs whole, as the saved file has them."""
    body = _body(plan, reveal)
    return {
        "format_version": FORMAT_VERSION,
        "xacct_version": __version__,
        "created_at": plan.created_at,
        "digest": plan_digest(plan),
        **body,
    }


def plan_digest(plan: Plan) -> str:
    """
    A SHA-256 over all that the plan would do, whatever was redacted when it was shown.

    The time at which it was made does not count: the same plan has the same digest.
    """
    text = json.dumps(_body(plan, reveal=True), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def plan_from_json(value: object, where: str = "plan") -> Plan:
    """
    Read a plan that ``plan_to_json(reveal=True)`` wrote.

    Raises InputError when it is no plan, is of a newer major format, or does not match its own digest.
    """
    if not isinstance(value, Mapping) or "format_version" not in value:
        raise InputError(
            f"{where} is no plan of xacct", where=where, fix="make one: xacct plan GRANT --out plan.json"
        )
    version = str(value["format_version"])
    if version.split(".", maxsplit=1)[0] != FORMAT_VERSION.split(".", maxsplit=1)[0]:
        raise InputError(
            f"{where} has format version {version}; this xacct {__version__} reads {FORMAT_VERSION}",
            where=where,
            fix="use the xacct that made it, or make the plan anew",
            code="plan-version",
        )
    try:
        plan = _plan(value)
    except (KeyError, TypeError, ValueError, AttributeError, InputError) as error:
        raise InputError(
            f"{where} is damaged: {type(error).__name__} at {error}",
            where=where,
            fix="make the plan anew: xacct plan GRANT --out plan.json",
            code="plan-damaged",
        ) from None
    if plan_digest(plan) != value.get("digest"):
        raise InputError(
            f"{where} does not match its own digest: it was changed after it was made, or redacted",
            where=where,
            fix="make the plan anew: xacct plan GRANT --out plan.json",
            code="plan-damaged",
        )
    return plan


# -- writing -------------------------------------------------------------------------------------------------


def _body(plan: Plan, reveal: bool) -> Json:
    return {
        "target": plan.target,
        "offline": plan.offline,
        "summary": attrs.asdict(plan.summary),
        "accounts": [_account_to_json(account, reveal) for account in plan.accounts],
    }


def _account_to_json(account: AccountPlan, reveal: bool) -> Json:
    return {
        "account": account.account,
        "partition": account.partition,
        "summary": attrs.asdict(account.summary),
        "grants": [{**attrs.asdict(grant), "notes": list(grant.notes)} for grant in account.grants],
        "verdict": account.verdict.value,
        "containment": {
            role: {"trust": found.trust.value, "permissions": found.permissions.value}
            for role, found in sorted(account.containment.items())
        },
        "sessions": list(account.sessions),
        "access_delta": [_row_to_json(row, reveal) for row in account.access_delta],
        "findings": [finding_to_json(finding) for finding in account.findings],
        "changes": [_change_to_json(change, reveal) for change in account.changes],
        "required_permissions": [
            {"action": need.action, "resources": list(need.resources)}
            for need in account.required_permissions
        ],
    }


def _change_to_json(change: Change, reveal: bool) -> Json:
    return {
        "kind": change.kind.value,
        "type": change.type.value,
        "name": change.name,
        "grant": change.grant,
        "reason": change.reason.value,
        "aspects": list(change.aspects),
        "note": change.note,
        "before": _thing_to_json(change.before, reveal),
        "after": _thing_to_json(change.after, reveal),
    }


def _thing_to_json(thing: Thing | None, reveal: bool) -> Json | None:
    if thing is None:
        return None
    out: Json = {}
    for field in attrs.fields(type(thing)):
        value = getattr(thing, field.name)
        match value:
            case PolicyDocument():
                out[field.name] = (value if reveal else redact_document(value)).to_json()
            case Mapping():
                out[field.name] = dict(value)
            case tuple():
                out[field.name] = list(value)
            case HolderType():
                out[field.name] = value.value
            case _:
                out[field.name] = value
    return out


def _row_to_json(row: AccessRow, reveal: bool) -> Json:
    return {
        "effect": row.effect.value,
        "principal": row.principal,
        "condition": row.condition,
        "actions": list(row.actions),
        "resources": list(row.resources),
        "witness": _witness_to_json(row.witness, reveal),
        "grant": row.grant,
    }


def _witness_to_json(witness: Witness | None, reveal: bool) -> Json | None:
    if witness is None:
        return None
    return {
        "principal": witness.principal,
        "action": witness.action,
        "resource": witness.resource,
        "assume_action": witness.assume_action,
        "assume_context": _context_to_json(witness.assume_context, reveal),
        "context": _context_to_json(witness.context, reveal),
    }


def _context_to_json(context: Mapping[str, str | tuple[str, ...]], reveal: bool) -> Json:
    out: Json = {}
    for key, value in context.items():
        if not reveal and key.lower() == "sts:externalid" and isinstance(value, str):
            value = redact_external_id(value)
        out[key] = list(value) if isinstance(value, tuple) else value
    return out


def finding_to_json(finding: Finding) -> Json:
    """A finding as plan and check show it."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "grant": finding.grant,
        "path": finding.path,
        "file": finding.file,
        "line": finding.line,
        "message": finding.message,
        "fix": finding.fix,
        "accepted": finding.accepted,
    }


# -- reading -------------------------------------------------------------------------------------------------

_T = TypeVar("_T")


def _plan(value: Mapping[str, Any]) -> Plan:
    return Plan(
        target=_text(value["target"]),
        created_at=_text(value["created_at"]),
        offline=bool(value["offline"]),
        accounts=tuple(_account(account) for account in value["accounts"]),
    )


def _account(value: Mapping[str, Any]) -> AccountPlan:
    return AccountPlan(
        account=_text(value["account"]),
        partition=_text(value["partition"]),
        grants=tuple(_known(GrantRef, grant, notes=tuple) for grant in value["grants"]),
        changes=tuple(_change(change) for change in value["changes"]),
        access_delta=tuple(_row(row) for row in value["access_delta"]),
        verdict=Verdict(value["verdict"]),
        containment={
            role: Containment(trust=Verdict(found["trust"]), permissions=Verdict(found["permissions"]))
            for role, found in value["containment"].items()
        },
        sessions=tuple(value.get("sessions", ())),
        findings=tuple(_known(Finding, finding, severity=Severity) for finding in value["findings"]),
        required_permissions=tuple(
            _known(RequiredPermission, need, resources=tuple) for need in value["required_permissions"]
        ),
    )


def _change(value: Mapping[str, Any]) -> Change:
    key = ThingKey(ThingType(value["type"]), _text(value["name"]))
    change = Change(
        kind=ChangeKind(value["kind"]),
        key=key,
        grant=value["grant"],
        before=_thing(key.type, value["before"]),
        after=_thing(key.type, value["after"]),
        reason=Reason(value["reason"]),
        aspects=tuple(value["aspects"]),
        note=_text(value["note"]),
    )
    for thing in (change.before, change.after):
        if thing is not None and thing.key != key:
            raise ValueError(f"{key} holds {thing.key}")
    return change


def _thing(kind: ThingType, value: Mapping[str, Any] | None) -> Thing | None:
    if value is None:
        return None
    made = _known(
        _CLASSES[kind],
        value,
        document=PolicyDocument.from_json,
        trust=PolicyDocument.from_json,
        holder_type=HolderType,
        client_ids=tuple,
        thumbprints=tuple,
        instance_profiles=tuple,
    )
    return cast("Thing", made)


def _row(value: Mapping[str, Any]) -> AccessRow:
    return _known(AccessRow, value, effect=Effect, actions=tuple, resources=tuple, witness=_witness)


def _witness(value: Mapping[str, Any] | None) -> Witness | None:
    if value is None:
        return None
    return _known(Witness, value, assume_context=_context, context=_context)


def _context(value: Mapping[str, Any]) -> Mapping[str, str | tuple[str, ...]]:
    return {key: tuple(item) if isinstance(item, list) else item for key, item in value.items()}


def _known(cls: type[_T], value: Mapping[str, Any], **convert: Callable[[Any], Any]) -> _T:
    """Make a value of the keys its class knows, each converted where that is named."""
    names = [field.name for field in attrs.fields(cast("type[attrs.AttrsInstance]", cls))]
    found = {name: value[name] for name in names if name in value}
    return cls(**{name: convert[name](item) if name in convert else item for name, item in found.items()})


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r}")
    return value
