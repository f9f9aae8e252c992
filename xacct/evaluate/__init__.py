"""
May this request pass? A request and the policies by type go in, a decision with its trace comes out.

``evaluate`` decides one request and tells the whole argument. ``compile_policies`` prepares policies for
many requests. ``cases.answer_lines`` speaks the interchange format, one JSON case a line. Everything is pure
and offline: what the request holds is given, nothing is looked up, nothing is derived from the clock or the
principal.

Inside: ``patterns``, ``variables`` and ``scalars`` are the small languages of policies; ``conditions`` and
``principals`` the elements; ``statements`` the tests of one statement; ``documents`` reads policies, once;
``engine`` asks the policy types and ``verdicts`` combines their answers; ``trace`` retells them. How it
decides is written down in docs/how-a-decision-is-made.md.
"""

from xacct.evaluate.engine import TRUST_ACTIONS, CompiledPolicies, compile_policies, evaluate
from xacct.evaluate.model import (
    ContextValue,
    Decision,
    Element,
    ElementTrace,
    Outcome,
    Policies,
    PolicyType,
    Request,
    StatementTrace,
)

__all__ = [
    "TRUST_ACTIONS",
    "CompiledPolicies",
    "ContextValue",
    "Decision",
    "Element",
    "ElementTrace",
    "Outcome",
    "Policies",
    "PolicyType",
    "Request",
    "StatementTrace",
    "compile_policies",
    "evaluate",
]
