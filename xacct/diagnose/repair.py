"""The smallest change of a grant's file that lets a refused request pass, with what else it would open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import unified_diff

from xacct.blueprint.edit import append_item, set_values
from xacct.blueprint.expand import Expansion
from xacct.blueprint.load import parse_grant
from xacct.blueprint.model import Grant
from xacct.diagnose.model import GrantEdit
from xacct.iam.things import AccountThings
from xacct.lint.model import Finding
from xacct.plan.build import make_plan
from xacct.plan.findings import find_in
from xacct.plan.model import Plan
from xacct.plan.options import PlanOptions
from xacct.plan.snapshot import Snapshot
from xacct.values import frozen

__all__ = ["Proposal", "propose"]


@frozen(kw_only=True)
class Proposal:
    """
    One edit of a grant's file, worked out.

    ``plan`` compares the grant after the edit with the grant before it, as if that were applied.
    ``new_findings`` are those that the edit brings; one that blocks makes the edit one to refuse.
    """

    edit: GrantEdit
    file: str
    before: str
    after: str
    plan: Plan
    new_findings: tuple[Finding, ...]

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.new_findings if finding.blocks)

    @property
    def diff(self) -> str:
        """What changes in the file, line by line."""
        lines = unified_diff(
            self.before.splitlines(), self.after.splitlines(), self.file, self.file, n=1, lineterm=""
        )
        return "\n".join(lines)


def propose(
    edit: GrantEdit,
    text: str,
    expansion: Expansion,
    expand_again: Callable[[Grant], Expansion],
    options: PlanOptions,
) -> Proposal:
    """
    Work an edit out on the text of a grant's file, without writing it.

    ``expand_again`` expands a grant as the caller would. Raises InputError when the edit cannot be made, or
    the grant after it is none.
    """
    name, file = expansion.grant.name, expansion.grant.file or expansion.grant.name
    value = dict(edit.value) if isinstance(edit.value, Mapping) else edit.value
    after = (
        append_item(text, edit.path, value, grant=name, file=file)
        if edit.append
        else set_values(text, {edit.path: value}, grant=name, file=file)
    )
    [grant] = [one for one in parse_grant(after, file) if one.name == name]
    changed = expand_again(grant)
    snapshots = {
        account: Snapshot(
            things=AccountThings(account, expansion.things.get(account, ()), expansion.partition)
        )
        for account in changed.order
    }
    known = {
        _mark(finding) for account in expansion.order for finding in find_in(expansion, account, options)
    }
    plan = make_plan([changed], snapshots, options)
    return Proposal(
        edit=edit,
        file=file,
        before=text,
        after=after,
        plan=plan,
        new_findings=tuple(
            finding for account in plan for finding in account.findings if _mark(finding) not in known
        ),
    )


def _mark(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.severity.value, finding.message
