"""
Rotating an external ID in a grant's file, in two phases with overlap.

First the new ID is put in and the old one is kept beside it, so both are accepted; when the trusted party
uses the new one, the old one is dropped. Everything else in the file stays as it was.
"""

from __future__ import annotations

from xacct.blueprint.edit import set_values
from xacct.blueprint.model import Blueprint, Grant, ParameterType
from xacct.blueprint.values import check_external_id
from xacct.errors import InputError

__all__ = ["finish_rotation", "start_rotation"]

CURRENT, PREVIOUS = "external_id", "previous_external_id"


def start_rotation(text: str, grant: Grant, blueprint: Blueprint, new: str) -> str:
    """
    Put a new external ID in and keep the one that was there as the previous one; returns the new text.

    Raises InputError when the blueprint has no external ID, the grant gives none, one rotation is under way
    already, or the new ID is none or the same.
    """
    _check_blueprint(grant, blueprint)
    current, previous = grant.parameters.get(CURRENT), grant.parameters.get(PREVIOUS)
    if not isinstance(current, str) or not current:
        raise InputError(
            f"the grant {grant.name} has no external ID to rotate",
            where=grant.where(f"parameters.{CURRENT}"),
            fix=f"give parameters.{CURRENT} and apply the grant",
            code="no-external-id",
        )
    if previous:
        raise InputError(
            f"a rotation of {grant.name} is under way: the previous external ID is still accepted",
            where=grant.where(f"parameters.{PREVIOUS}"),
            fix="when the trusted party uses the new one: "
            f"xacct rotate-external-id {grant.file or grant.name} --finish",
            code="rotation-under-way",
        )
    if check_external_id(new) == current:
        raise InputError(
            "the new external ID is the one in use", where="--new", fix="give another", code="same-value"
        )
    changes = {f"parameters.{PREVIOUS}": current, f"parameters.{CURRENT}": new}
    return set_values(text, changes, grant=grant.name, file=grant.file or "grant.yaml")


def finish_rotation(text: str, grant: Grant, blueprint: Blueprint) -> str:
    """Drop the previous external ID; returns the new text. Raises InputError when none is under way."""
    _check_blueprint(grant, blueprint)
    if not grant.parameters.get(PREVIOUS):
        raise InputError(
            f"no rotation of {grant.name} is under way: it has no {PREVIOUS}",
            where=grant.where("parameters"),
            fix=f"start one: xacct rotate-external-id {grant.file or grant.name} --new ID",
            code="no-rotation",
        )
    return set_values(
        text, {f"parameters.{PREVIOUS}": None}, grant=grant.name, file=grant.file or "grant.yaml"
    )


def _check_blueprint(grant: Grant, blueprint: Blueprint) -> None:
    for name in (CURRENT, PREVIOUS):
        parameter = blueprint.parameters.get(name)
        if parameter is None or parameter.type is not ParameterType.EXTERNAL_ID:
            raise InputError(
                f"the blueprint {blueprint.name} has no parameter {name}, so nothing can be rotated",
                where=grant.where("blueprint"),
                fix="external IDs are for blueprints like third-party",
                code="no-external-id",
            )
