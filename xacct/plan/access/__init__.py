"""
The access delta: who gains and who loses which access when one set of policies takes another's place.

In come two sides, each the trust policy, permissions and boundary of a role (or the policies of a group's
members); out come a verdict and rows in words, each with a request as witness.

How it is decided: everything that the two sides' documents can tell apart about a request becomes a dimension
with finitely many elements (``patterns``, ``values``, ``keys``, ``principals``, ``space``), a statement
becomes a box of such elements, and what one side allows beyond the other is cut out exactly (``boxes``,
``compare``). Each piece that is left over gives a request, which the evaluator has to confirm (``question``,
``judges``, ``witness``). What cannot be taken apart is never guessed: the verdict is then ``unknown``.
The rest is words (``words``, ``phrases``, ``naming``, ``parts``, ``rows``).
"""

from xacct.plan.access.delta import access_delta, holder_delta, permissions_verdict, trust_verdict
from xacct.plan.access.judges import trusting
from xacct.plan.access.model import AccessDelta, HolderAccess, RoleAccess
from xacct.plan.access.witness import SAMPLE

__all__ = [
    "SAMPLE",
    "AccessDelta",
    "HolderAccess",
    "RoleAccess",
    "access_delta",
    "holder_delta",
    "permissions_verdict",
    "trust_verdict",
    "trusting",
]
