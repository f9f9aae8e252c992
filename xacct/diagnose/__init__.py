"""
From an error message to the fix.

In comes any text that people paste: a message, a log, a stack trace, an event of CloudTrail. ``parse`` finds
the messages in it and reads who was refused what, and which policy the text names; ``diagnose`` adds what
that means and what helps, as values. ``mask`` keeps secrets of the text out of everything that comes out.

Where more is known than the text, ``Facts`` rank the causes: ``grant_facts`` holds the refused request
against a grant or a role of the account, ``trust_facts`` and ``session_facts`` read the evaluator's trace of
it, and ``repair`` works out the change of the grant (``edits``) that would let it pass. Drawing all that is
left to others.
"""

from xacct.diagnose.diagnose import diagnose, diagnose_message
from xacct.diagnose.mask import mask
from xacct.diagnose.model import Cause, DeniedBy, Diagnosis, Facts, Found, Likelihood, Step, StepKind, Who
from xacct.diagnose.parse import find_messages

__all__ = [
    "Cause",
    "DeniedBy",
    "Diagnosis",
    "Facts",
    "Found",
    "Likelihood",
    "Step",
    "StepKind",
    "Who",
    "diagnose",
    "diagnose_message",
    "find_messages",
    "mask",
]
