"""
From an error message to the fix.

In comes any text that people paste: a message, a log, a stack trace, an event of CloudTrail. ``parse`` finds
the messages in it and reads who was refused what, and which policy the text names; ``diagnose`` adds what
that means and what helps, as values. ``mask`` keeps secrets of the text out of everything that comes out.
Drawing it for people, and asking the grant or the account for more (``Facts``), is left to others.
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
