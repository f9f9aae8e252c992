"""
Which condition keys a request can hold, given the action and who calls.

A key that a request never holds makes a condition that is never, or always, true. Sources: the Service
Authorization Reference; IAM User Guide, reference_policies_condition-keys and
reference_policies_iam-condition-keys.
"""

from __future__ import annotations

from xacct.lint.document import ASSUMING, Document, Principal, Statement
from xacct.lint.facts import ActionFacts, action_facts
from xacct.lint.providers import host_of, is_federation_key

__all__ = [
    "SENT_BY_SERVICES",
    "TAG_KEYS",
    "allowed_beside",
    "carries",
    "family_of",
    "never_in_trust",
    "never_of_roles",
]

TAG_KEYS = ("aws:requesttag/", "aws:resourcetag/", "aws:tagkeys")
_SOURCE_KEYS = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths")
_CALLER_KEYS = (
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:username",
)
_MFA_KEYS = ("aws:multifactorauthpresent", "aws:multifactorauthage")
# Credentials of an instance or function put these into every request that is signed with them.
_EVERYWHERE = (
    "ec2:roledelivery",
    "ec2:sourceinstancearn",
    "identitystore:userid",
    "lambda:sourcefunctionarn",
    "ssm:sourceinstancearn",
)
# What a federated session keeps in its later requests.
_KEPT_BY_SESSIONS = (
    "saml:namequalifier",
    "saml:sub",
    "saml:sub_type",
    "cognito-identity.",
    "accounts.google.",
)


SENT_BY_SERVICES = {"rolesanywhere.amazonaws.com": ("sts:TagSession", "sts:SetSourceIdentity")}
"""What a service always needs for a session beside ``sts:AssumeRole`` (Roles Anywhere: trust-model)."""


def allowed_beside(key: str) -> str:
    """
    What the trust policy has to allow as well where a call for a session holds the key; "" for nothing.

    Sources: IAM User Guide, id_session-tags and id_credentials_temp_control-access_monitor.
    """
    folded = key.lower()
    if folded.startswith("aws:requesttag/") or folded in ("aws:tagkeys", "sts:transitivetagkeys"):
        return "sts:TagSession"
    return "sts:SetSourceIdentity" if folded == "sts:sourceidentity" else ""


def family_of(key: str) -> str:
    """A tag's key by what stands up to its slash, any other key as it is; in lower case."""
    head, slash, _ = key.lower().partition("/")
    return f"{head}/" if slash and head.endswith("tag") else key.lower()


def never_in_trust(statement: Statement, key: str) -> str | None:
    """Why no request that a trust statement speaks of holds the key, or None when one can."""
    kinds = {_kind(principal) for principal in statement.principals or ()}
    if kinds and "anyone" not in kinds:
        reason = _never_for(kinds, key)
        if reason:
            return reason
    actions = statement.trust_actions & set(ASSUMING) or statement.trust_actions
    facts = [found for name in actions if (found := action_facts(name)) is not None]
    if key.startswith("aws:") or not facts:
        return None
    # Of a provider's claims under another action than its own, XA203 tells.
    if is_federation_key(key) and ("sts:AssumeRoleWithWebIdentity" in actions or "federated" in kinds):
        return None
    if key == "sts:roleauthorizedbyidp" or any(family_of(key) in found.keys for found in facts):
        return None
    if key == "sts:durationseconds":
        return "no AssumeRole action carries it; only the role's MaxSessionDuration limits a session"
    return f"{' and '.join(sorted(actions))} never carries it"


def never_of_roles(statement: Statement, key: str) -> str | None:
    """Why no session of a role holds the key, where a trust statement names roles alone; else None."""
    named = statement.principals or ()
    if key not in _MFA_KEYS or not named or not all(map(_is_role, named)):
        return None
    return "sessions of roles carry no MFA, only those of IAM users do"


def _is_role(principal: Principal) -> bool:
    return principal.type == "AWS" and principal.resource.startswith(("role/", "assumed-role/"))


def _kind(principal: Principal) -> str:
    if principal.value.strip() == "*":
        return "anyone"
    if principal.type == "Service":
        return "service"
    return "federated" if principal.type == "Federated" or host_of(principal) else "aws"


def _never_for(kinds: set[str], key: str) -> str | None:
    if key in _SOURCE_KEYS and "service" not in kinds:
        return "it is there only when an AWS service is the caller"
    if "aws" in kinds:
        return None
    if key in _MFA_KEYS:
        return "only sessions of IAM users carry MFA, never federated or service callers"
    if key == "sts:externalid" and kinds == {"service"}:
        return "AWS services send no external ID"
    if key in _CALLER_KEYS:
        return "federated and service callers are no principals of an account when they call"
    return None


def carries(facts: ActionFacts, key: str) -> bool:
    """Whether a request for an action, made with a role's session, can hold the key."""
    family = family_of(key)
    if family in facts.keys or key in _EVERYWHERE or key.startswith(_KEPT_BY_SESSIONS):
        return True
    if key in _SOURCE_KEYS:
        return False
    return key.startswith("aws:") and family not in TAG_KEYS


def literal_actions(statement: Statement) -> list[ActionFacts]:
    """The actions that a statement names in full, as far as their details are known."""
    named = [
        word.folded for word in statement.actions or () if "*" not in word.value and "?" not in word.value
    ]
    return [facts for name in named if (facts := action_facts(name)) is not None]


def uses_only(document: Document, service: str) -> bool:
    """Whether all actions that a document names are of one service."""
    words = [word.folded for statement in document.statements for word in statement.actions or ()]
    return bool(words) and all(word.startswith(f"{service}:") for word in words)
