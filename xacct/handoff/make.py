"""From an expanded grant to the handoff."""

from __future__ import annotations

from urllib.parse import urlencode

import attrs

from xacct.blueprint.expand import Expansion
from xacct.handoff.entry import Entry, read_entry
from xacct.handoff.model import Console, Handoff, Profile, Snippet, Way
from xacct.handoff.sign_in import attributes, saml_snippets, sign_in_service
from xacct.handoff.snippets import Call, assume_snippets, assume_tests, session_name
from xacct.handoff.tokens import token_snippets
from xacct.iam.arn import Arn
from xacct.iam.policy import Effect, PolicyDocument, Statement
from xacct.values import frozen

__all__ = ["Caller", "make_handoff"]

CHAINED = 3600
"""Seconds: the longest session for a caller that is a role session itself (IAM User Guide,
id_roles_terms-and-concepts); a longer one asked for is refused, not cut."""
_LONGEST_SWITCH_NAME = 64
_DEFAULT_REGION = "us-east-1"


@frozen(kw_only=True)
class Caller:
    """What the trusted party's machine calls things: the profile that calls, and its MFA device."""

    source_profile: str = "default"
    mfa_serial: str | None = None


def make_handoff(expansion: Expansion, caller: Caller | None = None) -> Handoff:
    """Work out what the trusted party needs. Nothing but the grant is looked at."""
    if expansion.role is None or expansion.role_arn is None:
        return _group(expansion)
    entry = read_entry(expansion.role.trust)
    match entry.way:
        case Way.TOKEN:
            return _token(expansion, entry, expansion.role_arn)
        case Way.SAML:
            return _saml(expansion, entry, expansion.role_arn)
        case _:
            return _assume(expansion, entry, expansion.role_arn, caller or Caller())


def _base(expansion: Expansion, way: Way) -> Handoff:
    """What every way has in common; a group's members need no more than this."""
    grant = expansion.grant
    return Handoff(
        grant=grant.name,
        title=expansion.blueprint.title,
        way=way,
        account=expansion.account,
        role_arn=expansion.role_arn,
        external_id=None,
        max_session=grant.max_session,
        session=grant.max_session,
        session_why="",
        profile=None,
        profile_why="",
        caller_policy=None,
        policy_why="",
        console=Console(None, ""),
        notes=expansion.handoff,
        expires=grant.expires.isoformat() if grant.expires else None,
    )


def _call(expansion: Expansion, role_arn: str, seconds: int, external_id: str | None = None) -> Call:
    return Call(
        role_arn=role_arn,
        name=session_name(expansion.grant.name),
        external_id=external_id,
        seconds=seconds,
        region=_region(expansion),
    )


def _region(expansion: Expansion) -> str:
    """A Region that the grant reaches; where it names none, the one that has the global resources, too."""
    for entry in expansion.grant.permissions:
        named = [*entry.regions, *(arn.region for text in entry.resources if (arn := Arn.try_parse(text)))]
        for region in named:
            if region not in ("", "*", "global"):
                return region
    return _DEFAULT_REGION


# -- AssumeRole ----------------------------------------------------------------------------------------------


def _assume(expansion: Expansion, entry: Entry, role_arn: str, caller: Caller) -> Handoff:
    longest = expansion.grant.max_session
    seconds = longest if entry.only_users else min(longest, CHAINED)
    external_id = _external_id(expansion, entry)
    call = _call(expansion, role_arn, seconds, external_id)
    if entry.asks_mfa or caller.mfa_serial:
        call = attrs.evolve(call, mfa_serial=caller.mfa_serial or _mfa_device(entry))
    profile = _profile(expansion, call, caller)
    policy, policy_why = _caller_policy(expansion, entry, role_arn)
    return attrs.evolve(
        _base(expansion, Way.ASSUME),
        external_id=external_id,
        session=seconds,
        session_why=_session_why(longest, entry),
        profile=profile,
        caller_policy=policy,
        policy_why=policy_why,
        console=_console(expansion, entry, external_id),
        tests=assume_tests(call, profile.name),
        snippets=assume_snippets(call),
        notes=(*expansion.handoff, *_mfa_note(entry)),
    )


def _mfa_note(entry: Entry) -> tuple[str, ...]:
    """IAM User Guide, id_credentials_mfa_configure-api-require."""
    if not entry.asks_mfa or entry.only_users:
        return ()
    text = (
        "Call as an IAM user with MFA. Sessions of roles and of IAM Identity Center carry no MFA, so where"
        " the role asks for it they get in by no call."
    )
    return (text,)


def _external_id(expansion: Expansion, entry: Entry) -> str | None:
    """The one to send: during a rotation the trust policy accepts two, and the grant's own is the new one."""
    accepted = entry.values("sts:ExternalId")
    named = [text for text in expansion.values.get("external_id", ()) if text in accepted]
    return next(iter((*named, *accepted)), None)


def _session_why(longest: int, entry: Entry) -> str:
    if entry.only_users:
        return "The callers are IAM users, so they may ask for all of it."
    chained = (
        "A caller that is a role session itself (a server, IAM Identity Center, a CI job) gets one hour "
        "at most, because AWS limits role chaining to an hour; it refuses a longer one."
    )
    return chained + (f" An IAM user may ask for {longest} seconds." if longest > CHAINED else "")


def _profile(expansion: Expansion, call: Call, caller: Caller) -> Profile:
    settings = [("role_arn", call.role_arn)]
    if call.external_id is not None:
        settings.append(("external_id", call.external_id))
    settings.append(("source_profile", caller.source_profile))
    comments = [f"{expansion.blueprint.title}: role {expansion.grant.role} in account {expansion.account}."]
    comments.append("source_profile: the profile whose credentials call; change it to yours.")
    if call.mfa_serial is not None:
        settings.append(("mfa_serial", call.mfa_serial))
        if caller.mfa_serial is None:
            comments.append("mfa_serial: `aws iam list-mfa-devices` shows yours; change it.")
    settings += [
        ("role_session_name", call.name),
        ("duration_seconds", str(call.seconds)),
        ("region", call.region),
    ]
    return Profile(name=expansion.grant.name, settings=tuple(settings), comments=tuple(comments))


def _mfa_device(entry: Entry) -> str:
    """A device named after the one user who may call, as the console proposes; else a form to fill in."""
    arns = [arn for text in entry.principals if (arn := Arn.try_parse(text)) is not None]
    if len(arns) == 1 and arns[0].resource_type == "user":
        return f"arn:{arns[0].partition}:iam::{arns[0].account}:mfa/{arns[0].name}"
    account = arns[0].account if arns else "ACCOUNT"
    return f"arn:aws:iam::{account}:mfa/YOUR-DEVICE"


def _caller_policy(expansion: Expansion, entry: Entry, role_arn: str) -> tuple[PolicyDocument | None, str]:
    """
    The smallest policy for the caller.

    Across accounts both sides must allow the call; in one account a trust policy that names the caller is
    enough (IAM User Guide, id_roles_use_permissions-to-switch).
    """
    if entry.is_same_account(expansion.account):
        return None, "The trust policy names the callers in its own account, so they need no policy for it."
    actions = ("sts:AssumeRole", *entry.extra_actions)
    statement = Statement(
        effect=Effect.ALLOW, sid="AssumeTheRole", actions=actions, resources=(role_arn,), conditions=()
    )
    return PolicyDocument.of(statement), "Attach it to the user or role that calls. It names this one role."


def _console(expansion: Expansion, entry: Entry, external_id: str | None) -> Console:
    role = expansion.role
    assert role is not None
    name = f"{role.path.lstrip('/')}{role.name}"
    cannot = [
        key for key in entry.conditions if key == "sts:sourceidentity" or key.startswith("aws:requesttag/")
    ]
    if external_id is not None:
        return Console(None, "The console's Switch Role cannot send an external ID, so there is no link.")
    if cannot:
        return Console(None, f"The console's Switch Role cannot send {cannot[0]}, so there is no link.")
    if len(name) > _LONGEST_SWITCH_NAME:
        return Console(None, f"Path and role name have {len(name)} characters; Switch Role takes 64.")
    if expansion.partition != "aws":
        return Console(None, "The address of Switch Role outside the partition aws is not known here.")
    query = urlencode(
        {"account": expansion.account, "roleName": name, "displayName": expansion.grant.name}, safe="/"
    )
    mfa = " Sign in with MFA first." if entry.asks_mfa else ""
    return Console(
        f"https://signin.aws.amazon.com/switchrole?{query}",
        f"For people who are signed in to the console of their own account, not as root.{mfa} "
        "The Lightsail console itself shows errors with less than full-access.",
    )


# -- tokens, SAML, groups ------------------------------------------------------------------------------------


def _token(expansion: Expansion, entry: Entry, role_arn: str) -> Handoff:
    seconds = expansion.grant.max_session
    call = _call(expansion, role_arn, seconds)
    profile = Profile(
        name=expansion.grant.name,
        settings=(
            ("role_arn", role_arn),
            ("web_identity_token_file", "/path/to/token.jwt"),
            ("role_session_name", call.name),
            ("region", call.region),
        ),
        comments=(
            f"{expansion.blueprint.title}: role {expansion.grant.role} in account {expansion.account}.",
            "web_identity_token_file: the file that holds the token; change it to yours.",
        ),
    )
    test = Snippet(
        name="test",
        title="Test it",
        language="sh",
        text="aws sts get-caller-identity\n",
        why=f"In the job itself, as in the snippets. The answer names assumed-role/{expansion.grant.role}.",
    )
    return attrs.evolve(
        _base(expansion, Way.TOKEN),
        session_why="A token is traded for a session directly, so the hour of role chaining does not apply.",
        profile=profile,
        policy_why="The call is not signed: no policy and no key is needed on the caller's side.",
        console=Console(None, "Holders of a token work through the API; the console has no way in for them."),
        tests=(test,),
        snippets=token_snippets(call, entry),
    )


def _saml(expansion: Expansion, entry: Entry, role_arn: str) -> Handoff:
    service = sign_in_service(expansion)
    known = f" Its sign-in service is {service}." if service else ""
    seconds = expansion.grant.max_session
    return attrs.evolve(
        _base(expansion, Way.SAML),
        session_why="Without the attribute SessionDuration a console session lasts one hour.",
        profile_why="People sign in at the identity provider; a profile has no setting for that.",
        policy_why="The assertion is the proof: no policy is needed on the caller's side.",
        console=Console(
            None,
            "Sign-in begins at your identity provider, with its link for the AWS application; it posts the "
            f"assertion to the endpoint below.{known}",
        ),
        snippets=saml_snippets(entry, _call(expansion, role_arn, seconds)),
        attributes=attributes(entry, role_arn, seconds),
        endpoints=entry.values("SAML:aud"),
    )


def _group(expansion: Expansion) -> Handoff:
    return attrs.evolve(
        _base(expansion, Way.GROUP),
        role_arn=None,
        session_why="There is no role and no session: the permissions hold as long as the membership.",
        profile_why="The members use the credentials that they have; there is no role to name.",
        policy_why="The group carries the permissions; its members need no policy for it.",
        console=Console(
            f"https://{expansion.account}.signin.aws.amazon.com/console",
            "Members with a password sign in here; nothing has to be switched.",
        ),
        tests=(
            Snippet(
                name="test",
                title="Test it",
                language="sh",
                text="aws lightsail get-regions --query 'regions[0].name'\n",
                why="With a member's own credentials; get-regions is part of most sets.",
            ),
        ),
    )
