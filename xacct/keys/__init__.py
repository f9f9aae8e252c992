"""
Access keys of users: what is worth knowing of them, and how one is changed for another.

In come keys as IAM tells them (``model``, or a credential report through ``report``); out come remarks on
them (``remarks``), and the steps that are left of a rotation (``rotation``). The steps follow from what is
there, so a run that was cut off anywhere is gone on with by asking again. ``run`` carries them out, through
what it is given for IAM, for the place of the secret, and for the note between runs.
"""

from xacct.keys.model import AccessKey, KeyStatus, UserKeys
from xacct.keys.remarks import Remark, remarks_on_key, remarks_on_user
from xacct.keys.rotation import (
    Deactivate,
    Delete,
    Discard,
    Make,
    Note,
    RotationState,
    Step,
    Store,
    Verify,
    remaining_steps,
    spare_key,
)
from xacct.keys.run import KeyService, NewKey, Notes, Place, Rotated, rotate

__all__ = [
    "AccessKey",
    "Deactivate",
    "Delete",
    "Discard",
    "KeyService",
    "KeyStatus",
    "Make",
    "NewKey",
    "Note",
    "Notes",
    "Place",
    "Remark",
    "Rotated",
    "RotationState",
    "Step",
    "Store",
    "UserKeys",
    "Verify",
    "remaining_steps",
    "remarks_on_key",
    "remarks_on_user",
    "rotate",
    "spare_key",
]
