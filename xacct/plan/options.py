"""What a plan is made under."""

from __future__ import annotations

from datetime import date

from xacct.values import frozen

__all__ = ["PlanOptions"]


@frozen(kw_only=True)
class PlanOptions:
    """
    What a plan is made under.

    ``created_at`` is ISO 8601 in UTC and ``today`` its day, passed in because the core has no clock.
    ``owned_accounts`` are those the project names as the user's own. ``removal`` plans the removal of what
    the grants made; ``prune`` that of what no grant asks for any more; ``force_foreign`` takes off what
    others attached. ``adopt`` names grants that may take over a role which is nobody's.
    """

    target: str
    created_at: str
    today: date
    offline: bool = False
    removal: bool = False
    force_foreign: bool = False
    prune: bool = False
    adopt: frozenset[str] = frozenset()
    owned_accounts: frozenset[str] = frozenset()
