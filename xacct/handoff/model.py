"""The handoff as values."""

from __future__ import annotations

from enum import StrEnum

from xacct.iam.policy import PolicyDocument
from xacct.values import frozen

__all__ = ["Attribute", "Console", "Handoff", "Profile", "Snippet", "Way"]


class Way(StrEnum):
    """How the trusted party gets in."""

    ASSUME = "assume-role"
    TOKEN = "web-identity"  # noqa: S105 - a word, no secret
    SAML = "saml"
    GROUP = "group"


@frozen(kw_only=True)
class Profile:
    """A profile for ``~/.aws/config``. ``comments`` stand above it, without their ``#``."""

    name: str
    settings: tuple[tuple[str, str], ...]
    comments: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The section as it is appended to the file."""
        lines = [f"# {comment}" for comment in self.comments]
        lines.append(f"[profile {self.name}]" if " " not in self.name else f'[profile "{self.name}"]')
        lines += [f"{key} = {value}" for key, value in self.settings]
        return "\n".join(lines) + "\n"


@frozen(kw_only=True)
class Snippet:
    """Something to paste. ``language`` is that of a Markdown fence; ``why`` says where it goes."""

    name: str
    title: str
    language: str
    text: str
    why: str = ""


@frozen
class Console:
    """The console's switch-role link, or None with the reason why there is none that works."""

    link: str | None
    why: str


@frozen
class Attribute:
    """One attribute that the identity provider must send in the SAML assertion."""

    name: str
    value: str
    why: str


@frozen(kw_only=True)
class Handoff:
    """
    What the trusted party needs.

    ``max_session`` is the role's longest session and ``session`` what the party should ask for, in seconds;
    ``session_why`` says why they differ, or when. ``caller_policy`` is None where the caller needs none;
    ``policy_why`` says so, or to whom it is attached. ``expires`` is the last day, as ISO 8601.
    """

    grant: str
    title: str
    way: Way
    account: str
    role_arn: str | None
    external_id: str | None
    max_session: int
    session: int
    session_why: str
    profile: Profile | None
    profile_why: str
    caller_policy: PolicyDocument | None
    policy_why: str
    console: Console
    tests: tuple[Snippet, ...] = ()
    snippets: tuple[Snippet, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    endpoints: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    expires: str | None = None
