"""For people who sign in with SAML: what their identity provider must send, and where to."""

from __future__ import annotations

from xacct.blueprint.expand import Expansion
from xacct.handoff.entry import Entry
from xacct.handoff.model import Attribute, Snippet
from xacct.handoff.snippets import Call
from xacct.iam.things import SamlProvider

__all__ = ["attributes", "saml_snippets", "sign_in_service"]

_PREFIX = "https://aws.amazon.com/SAML/Attributes/"


def attributes(entry: Entry, role_arn: str, max_session: int) -> tuple[Attribute, ...]:
    """
    The attributes of the assertion.

    Source: IAM User Guide, id_roles_providers_create_saml_assertions.
    """
    provider = next(iter(entry.providers), "")
    found = [
        Attribute(f"{_PREFIX}Role", f"{role_arn},{provider}", "which role, through which provider"),
        Attribute(
            f"{_PREFIX}RoleSessionName",
            "the person's user name or mail address",
            "2 to 64 letters, digits and _ = , . @ + -; it names the session in CloudTrail",
        ),
        Attribute(f"{_PREFIX}SessionDuration", str(max_session), "seconds in the console; optional"),
    ]
    found += [
        Attribute(f"{_PREFIX}PrincipalTag:{key}", f"the person's {key}", "a session tag; optional")
        for key in entry.session_tags
    ]
    if any(action.lower() == "sts:setsourceidentity" for action in entry.extra_actions):
        found.append(Attribute(f"{_PREFIX}SourceIdentity", "the person's user name", "optional"))
    return tuple(found)


def saml_snippets(entry: Entry, call: Call) -> tuple[Snippet, ...]:
    provider = next(iter(entry.providers), "")
    command = " \\\n  ".join(
        [
            "aws sts assume-role-with-saml",
            f"--role-arn {call.role_arn}",
            f"--principal-arn {provider}",
            "--saml-assertion file://assertion.b64",
            f"--duration-seconds {call.seconds}",
            f"--region {call.region}",
        ]
    )
    return (
        Snippet(
            name="aws-cli",
            title="AWS CLI, with an assertion",
            language="sh",
            text=command + "\n",
            why="assertion.b64 holds the SAMLResponse that the identity provider posts, good for minutes.",
        ),
    )


def sign_in_service(expansion: Expansion) -> str | None:
    """The identity provider's own sign-in address, where the grant holds its metadata."""
    from xml.parsers import expat

    metadata = next(
        (
            thing.metadata
            for found in expansion.things.values()
            for thing in found
            if isinstance(thing, SamlProvider)
        ),
        None,
    )
    if metadata is None:
        return None
    found: list[str] = []

    def start(tag: str, given: dict[str, str]) -> None:
        if tag.endswith(" SingleSignOnService") and given.get("Location", "").startswith("https://"):
            found.append(given["Location"])

    # The metadata was checked when the grant was expanded: no document type, no entities.
    parser = expat.ParserCreate(encoding="UTF-8", namespace_separator=" ")
    parser.StartElementHandler = start
    parser.Parse(metadata.encode(), True)
    return found[0] if found else None
