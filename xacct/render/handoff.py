"""The handoff as text, as Markdown to send, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from xacct.handoff.model import Handoff, Snippet, Way
from xacct.render.style import Style, wrap

__all__ = ["handoff_markdown", "handoff_text", "handoff_to_json"]


def handoff_to_json(handoff: Handoff) -> dict[str, Any]:
    profile = handoff.profile
    policy = handoff.caller_policy
    return {
        "grant": handoff.grant,
        "way": handoff.way.value,
        "account": handoff.account,
        "role_arn": handoff.role_arn,
        "external_id": handoff.external_id,
        "max_session": handoff.max_session,
        "session": handoff.session,
        "session_why": handoff.session_why,
        "expires": handoff.expires,
        "profile": {"name": profile.name, **dict(profile.settings)} if profile else None,
        "aws_config": profile.text if profile else None,
        "caller_policy": policy.to_json() if policy else None,
        "caller_policy_why": handoff.policy_why,
        "console": {"link": handoff.console.link, "why": handoff.console.why},
        "endpoints": list(handoff.endpoints),
        "attributes": [{"name": one.name, "value": one.value, "why": one.why} for one in handoff.attributes],
        "snippets": {one.name: one.text for one in (*handoff.tests, *handoff.snippets)},
        "notes": list(handoff.notes),
    }


def handoff_text(handoff: Handoff, style: Style) -> str:
    """For the terminal: facts first, then what is pasted."""
    lines = [style("bold", f"Handoff of {handoff.grant}: {handoff.title}"), ""]
    for label, value in _facts(handoff):
        lead = f"{label:<14} "
        lines += wrap(value, style.width, first=lead, rest=" " * len(lead))
    for title, why, text in _sections(handoff):
        lines += ["", style("bold", title)]
        lines += wrap(why, style.width, first="  ") if why else []
        lines += [f"  {line}".rstrip() for line in text.splitlines()]
    for note in handoff.notes:
        if note == handoff.notes[0]:
            lines += ["", style("bold", "Notes")]
        lines += wrap(note, style.width, first="  - ", rest="    ")
    return "\n".join(lines) + "\n"


def handoff_markdown(handoff: Handoff) -> str:
    """To send by mail or to put into a ticket."""
    lines = [f"# Access through {handoff.grant}", "", f"{handoff.title}.", "", "| | |", "|---|---|"]
    lines += [f"| {label} | {_cell(value)} |" for label, value in _facts(handoff)]
    for title, why, text in _sections(handoff):
        lines += ["", f"## {title}", ""]
        lines += [why, ""] if why else []
        if text:
            lines += [f"```{_language(handoff, title)}", text.rstrip("\n"), "```"]
    if handoff.notes:
        lines += ["", "## Notes", "", *(f"- {note}" for note in handoff.notes)]
    return "\n".join(lines).rstrip() + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _facts(handoff: Handoff) -> Iterator[tuple[str, str]]:
    if handoff.role_arn is not None:
        yield "Role", handoff.role_arn
    yield "Account", handoff.account
    if handoff.external_id is not None:
        yield "External ID", handoff.external_id
    if handoff.way is Way.GROUP:
        yield "Session", handoff.session_why
    else:
        asked = f"ask for {handoff.session} seconds; the role allows {handoff.max_session}."
        yield "Session", f"{asked} {handoff.session_why}"
    if handoff.expires is not None:
        yield "Until", f"{handoff.expires}, end of that day UTC"
    console = f"{handoff.console.link} {handoff.console.why}" if handoff.console.link else handoff.console.why
    yield ("Sign-in" if handoff.way in (Way.SAML, Way.GROUP) else "Console"), console


def _sections(handoff: Handoff) -> Iterator[tuple[str, str, str]]:
    """Title, why, and the text to paste."""
    if handoff.endpoints:
        yield (
            "Endpoints for the assertion",
            "Where the identity provider posts to, as the recipient of the assertion.",
            "\n".join(handoff.endpoints),
        )
    if handoff.attributes:
        text = "\n".join(f"{one.name}\n    {one.value}\n    ({one.why})" for one in handoff.attributes)
        yield "Attributes of the assertion", "What the identity provider sends about the person.", text
    if handoff.profile is not None:
        yield "Profile", "Append it to ~/.aws/config.", handoff.profile.text
    elif handoff.profile_why:
        yield "Profile", handoff.profile_why, ""
    policy = handoff.caller_policy
    yield "Caller's policy", handoff.policy_why, json.dumps(policy.to_json(), indent=2) if policy else ""
    for snippet in (*handoff.tests, *handoff.snippets):
        yield snippet.title, snippet.why, snippet.text


def _language(handoff: Handoff, title: str) -> str:
    known: dict[str, Snippet] = {one.title: one for one in (*handoff.tests, *handoff.snippets)}
    if title in known:
        return known[title].language
    return {"Profile": "ini", "Caller's policy": "json"}.get(title, "text")
