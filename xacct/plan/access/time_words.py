"""Phrases about time, and about MFA, which is a matter of time as well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from xacct.evaluate.scalars import parse_bool, parse_date
from xacct.iam.policy import Condition
from xacct.plan.access.operators import Operator, Qualifier

__all__ = ["DATE_KEYS", "FLIPPED", "date_phrase", "mfa_age_phrase", "mfa_phrase", "one_bool", "optional"]


def optional(words: str, operator: Operator) -> str:
    """Say so where the key may be absent as well."""
    return f"{words} (or where this is not known)" if operator.if_exists else words


def one_bool(condition: Condition) -> bool | None:
    """The line's one value, or None when it is not exactly one of true and false."""
    return parse_bool(condition.values[0]) if len(condition.values) == 1 else None


def mfa_phrase(condition: Condition, operator: Operator) -> str | None:
    """For ``Bool`` on ``aws:MultiFactorAuthPresent``; the key is absent for long-term access keys."""
    wanted = one_bool(condition)
    if operator.qualifier is not Qualifier.NONE or wanted is None:
        return None
    if wanted:
        return "with MFA (or with long-term access keys)" if operator.if_exists else "with MFA"
    return "without MFA" if operator.if_exists else "without MFA (though it could have been used)"


def mfa_age_phrase(condition: Condition, operator: Operator) -> str | None:
    """For numeric operators on ``aws:MultiFactorAuthAge``, in seconds."""
    seconds = condition.values[0] if len(condition.values) == 1 else ""
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 12) or operator.negated:
        return None
    if operator.qualifier is not Qualifier.NONE:
        return None
    age = _duration(int(seconds))
    match operator.base.removeprefix("numeric"):
        case "lessthan":
            return optional(f"with MFA less than {age} ago", operator)
        case "lessthanequals":
            return optional(f"with MFA at most {age} ago", operator)
        case "greaterthan":
            return optional(f"with MFA more than {age} ago", operator)
        case "greaterthanequals":
            return optional(f"with MFA at least {age} ago", operator)
        case _:
            return None


def _duration(seconds: int) -> str:
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}{'s' * (count != 1)}"
    return f"{seconds} seconds"


DATE_KEYS = {
    "aws:currenttime": "",
    "aws:epochtime": "",
    "aws:tokenissuetime": "with a session issued ",
}
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def date_phrase(condition: Condition, operator: Operator, start: str) -> str | None:
    """For date operators on ``DATE_KEYS``; ``start`` is what stands there. A whole day is told as the day."""
    moment = _moment(condition.values[0]) if len(condition.values) == 1 else None
    if moment is None or operator.negated or operator.qualifier is not Qualifier.NONE:
        return None
    match operator.base.removeprefix("date"):
        case "lessthan" if start:
            words = f"before {_instant(moment)}"
        case "lessthan":
            words = f"until {_last_day(moment) or f'just before {_instant(moment)}'}"
        case "lessthanequals":
            words = f"until {_last_day(moment + _SECOND) or _instant(moment)}"
        case "greaterthan":
            words = f"after {_last_day(moment + _SECOND) or _instant(moment)}"
        case "greaterthanequals":
            words = (
                f"from {_instant(moment)}" if start or not _is_midnight(moment) else f"from {moment:%Y-%m-%d}"
            )
        case _:
            words = f"at {_instant(moment)}"
    return optional(f"{start}{words} (UTC)", operator)


FLIPPED = {
    "datelessthan": "dategreaterthanequals",
    "datelessthanequals": "dategreaterthan",
    "dategreaterthan": "datelessthanequals",
    "dategreaterthanequals": "datelessthan",
}


def _moment(text: str) -> datetime | None:
    seconds = parse_date(text)
    if seconds is None or seconds != seconds.to_integral_value():
        return None
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))
    except OverflowError:
        return None


def _is_midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second) == (0, 0, 0)


def _last_day(moment: datetime) -> str | None:
    """The day that ends at this moment, if one does."""
    return f"{moment - _DAY:%Y-%m-%d}" if _is_midnight(moment) else None


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
