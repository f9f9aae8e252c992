"""Plans in and out of the command line: shown in each format, saved, loaded."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xacct.cli.output import Output
from xacct.errors import BlockedError, InputError, Problem, XacctError

if TYPE_CHECKING:
    from xacct.plan.model import Plan

__all__ = ["is_plan_file", "load_plan", "refuse_blocked", "save_plan", "show_plan"]

_LARGEST = 256 * 1024 * 1024


def show_plan(plan: Plan, output: Output, more: Mapping[str, Any] | None = None) -> None:
    """Write a plan to stdout in the format asked for; ``more`` are further keys of the JSON."""
    from xacct.plan.file import plan_digest, plan_to_json

    reveal = output.settings.reveal
    match output.settings.output_format:
        case "json":
            output.json({**plan_to_json(plan, reveal=reveal), **(more or {})})
        case "markdown":
            from xacct.render.plan_markdown import plan_markdown

            output.result(plan_markdown(plan, digest=plan_digest(plan), reveal=reveal))
        case "html":
            from xacct.render.plan_html import plan_html

            output.result(plan_html(plan, digest=plan_digest(plan), reveal=reveal))
        case _:
            from xacct.render.plan_text import plan_text

            digest = "" if plan.is_empty else plan_digest(plan)
            rights = output.settings.verbose
            output.result(plan_text(plan, output.style, digest=digest, reveal=reveal, rights=rights))


def save_plan(plan: Plan, path: Path) -> None:
    """Write the whole plan to a private file (0600), at once or not at all."""
    from xacct.plan.file import plan_to_json

    text = json.dumps(plan_to_json(plan, reveal=True), indent=1, ensure_ascii=False) + "\n"
    write_private(path, text)


def write_private(path: Path, text: str) -> None:
    """
    Write a file that only its owner can read; what stood there is replaced in one move.

    Raises XacctError where it can't be written: a device, a pipe, or what a link points to is never replaced.
    """
    import tempfile

    try:
        if path.is_symlink():
            raise OSError(0, "it is a link, and what it points to may be another's; name the file itself")
        target = path.resolve()
        if target.exists() and not target.is_file():
            raise OSError(0, "it is no ordinary file")
        # A short prefix of its own: with the file's name in it, a long name would not fit.
        descriptor, name = tempfile.mkstemp(prefix=".xacct-", dir=target.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except (OSError, ValueError, RuntimeError) as error:
        raise XacctError(
            f"{path} can't be written: {getattr(error, 'strerror', None) or error}",
            where=str(path),
            fix="name a file in a folder that exists and that you may write to",
            code="file",
        ) from None


def is_plan_file(argument: str) -> bool:
    """A plan is told from grants by its ending: grants are YAML."""
    return argument.endswith(".json")


def load_plan(path: Path) -> Plan:
    """
    Read a saved plan.

    Raises InputError when the file is missing, too large, no JSON, no plan, damaged, or of a newer format.
    """
    from xacct.plan.file import plan_from_json

    try:
        value = json.loads(_read_plan(path))
    except RecursionError:
        raise _no_plan(path, "is nested too deep for a plan", "plan-damaged") from None
    except UnicodeDecodeError:
        raise _no_plan(path, "is no UTF-8 text", "plan-damaged") from None
    except ValueError as error:  # json's own, and int's for a number of thousands of digits
        raise _no_plan(path, f"is no JSON: {error}", "plan-damaged") from None
    return plan_from_json(value, str(path))


def _read_plan(path: Path) -> str:
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            raise _no_plan(path, "is no ordinary file")
        if info.st_size > _LARGEST:
            raise _no_plan(path, "is too large for a plan")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise _no_plan(path, f"can't be read: {error.strerror}") from None


def _no_plan(path: Path, what: str, code: str = "file") -> InputError:
    return InputError(
        f"{path} {what}", where=str(path), fix="make a plan: xacct plan GRANT --out plan.json", code=code
    )


def refuse_blocked(plan: Plan) -> None:
    """Raise BlockedError for findings of severity error that the grant does not accept."""
    if not plan.blocking:
        return
    raise BlockedError(
        Problem(
            f"{finding.rule}: {finding.message}",
            where=": ".join(
                part
                for part in (
                    ":".join(str(part) for part in (finding.file, finding.line) if part),
                    finding.path,
                )
                if part
            ),
            fix=f"{finding.fix} ({_more_about(finding.rule)})",
            code=finding.rule,
        )
        for finding in plan.blocking
    )


def _more_about(rule: str) -> str:
    from xacct.lint.codes import CONTRACT

    told = f"xacct rule {rule} explains"
    return told if rule == CONTRACT else f"{told}; accept: in the grant takes it, with a reason"
