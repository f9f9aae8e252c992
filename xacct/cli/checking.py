"""What ``xacct check`` wires together: grants or documents with the rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xacct.cli.wiring import Wiring

if TYPE_CHECKING:
    from xacct.lint.model import Finding

__all__ = ["check_document", "check_grants"]


def check_grants(wiring: Wiring, paths: Sequence[str]) -> list[Finding]:
    """Every finding of these grants and their contracts, in all the accounts they touch."""
    from xacct.plan.findings import external_ids, find_in

    expansions = wiring.expansions(wiring.grants(paths), offline=True)
    options = wiring.options(offline=True, removal=False, force_foreign=False)
    ids = external_ids(expansions)
    return [
        finding
        for expansion in expansions
        for account in expansion.order
        for finding in find_in(expansion, account, options, ids)
    ]


def check_document(
    wiring: Wiring,
    path: Path,
    kind: str,
    *,
    account: str | None,
    owned: Sequence[str],
    third_party: Sequence[str],
    role: str | None,
) -> list[Finding]:
    """Every finding of one policy document in a file."""
    from xacct.blueprint.load import read_text
    from xacct.iam.arn import check_account_id
    from xacct.lint.check import check_policy
    from xacct.lint.context import LintContext

    context = LintContext(
        account=check_account_id(account, "--account") if account else None,
        owned_accounts=frozenset(check_account_id(item, "--owned") for item in owned),
        third_party_accounts=frozenset(check_account_id(item, "--third-party") for item in third_party),
        role=role,
        today=wiring.now.date(),
    )
    found = check_policy(
        read_text(path), "trust" if kind == "trust" else "permission", context, file=str(path)
    )
    return list(found)
