"""XA501: text that is no JSON. Found while reading, so its check has nothing left to find."""

from __future__ import annotations

from collections.abc import Iterator

from xacct.lint.context import LintContext
from xacct.lint.document import Document
from xacct.lint.rules.examples import OWNED, policy, trust
from xacct.lint.rules.table import BOTH, ERROR, Hit, define

_GOOD = policy(trust(f"arn:aws:iam::{OWNED}:role/deployer"))

NOT_JSON = "XA501"


@define(
    NOT_JSON,
    "Not JSON",
    ERROR,
    BOTH,
    why="IAM takes one JSON object and nothing around it: no comments, no trailing commas, no single quotes.",
    fix="mend the text at the place told",
    bad=_GOOD[:-1],
    good=_GOOD,
    source="IAM User Guide, reference_policies_grammar",
)
def not_json(_document: Document, _context: LintContext) -> Iterator[Hit]:
    return iter(())
