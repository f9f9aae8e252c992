"""Refused sign-ins with a token or an assertion, which only the role's trust policy can refuse."""

from __future__ import annotations

from xacct.diagnose.ask import ask_for
from xacct.diagnose.caller import account_of
from xacct.diagnose.model import Cause, Found, Likelihood, Step, StepKind, Who
from xacct.iam.policy import Condition, Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal

__all__ = ["federated_causes", "federated_steps"]

_GITHUB_ISSUER = "token.actions.githubusercontent.com"


def federated_causes(found: Found) -> tuple[Cause, ...]:
    """Sign-ins are not signed by AWS credentials: the trust policy alone decides."""
    if found.family == "saml":
        return _SAML_CAUSES
    causes = [
        Cause(
            title="The token's subject or audience is not what the trust policy asks for",
            why="Claims are compared letter by letter, case included. Another branch, environment, "
            "event or service account makes another subject.",
            likelihood=Likelihood.LIKELY,
        ),
        Cause(
            title="Wrong role or wrong provider",
            why="STS answers alike when the role does not exist, is in another account, or trusts "
            "another provider.",
        ),
    ]
    if "github" in found.hints or "eks" not in found.hints:
        causes.insert(
            1,
            Cause(
                title="GitHub sends the newer subject with numbers in it",
                why="Repositories made, renamed or moved since 15 July 2026 send "
                "repo:OWNER@ID/NAME@ID:…, which a pattern of the older form does not match.",
                likelihood=Likelihood.LIKELY if "github" in found.hints else Likelihood.POSSIBLE,
            ),
        )
    return tuple(causes)


_SAML_CAUSES = (
    Cause(
        title="The pair of role and provider in the assertion is not the one that the role trusts",
        why="Role and provider must be in the same account, and the trust policy must name this provider.",
        likelihood=Likelihood.LIKELY,
    ),
    Cause(
        title="SAML:aud is not the URL that the assertion was sent to",
        why="The key holds the recipient's URL: https://signin.aws.amazon.com/saml, or a Region's.",
        likelihood=Likelihood.LIKELY,
    ),
    Cause(
        title="The assertion carries session tags or a source identity that the trust policy does not allow",
        why="sts:TagSession and sts:SetSourceIdentity must be allowed beside sts:AssumeRoleWithSAML.",
    ),
)


def federated_steps(found: Found) -> tuple[Step, ...]:
    look = Step(
        kind=StepKind.LOOK,
        who=Who.READER,
        text="Put what was sent beside what is asked for: read iss, aud and sub from the token "
        "(decode it on your own machine, never on a web page), or the Role attribute from the "
        "assertion, and compare with the trust policy.",
        command="aws iam get-role --role-name <ROLE> --query Role.AssumeRolePolicyDocument",
    )
    return (look, _federated_trust(found))


def _federated_trust(found: Found) -> Step:
    saml = found.family == "saml"
    statement = (
        _saml_statement() if saml else _oidc_statement("eks" in found.hints and "github" not in found.hints)
    )
    return Step(
        kind=StepKind.EDIT_TRUST,
        who=Who.OWNER_ADMIN,
        account=account_of(found.resource),
        text="Let the trust policy admit exactly this "
        + ("provider and recipient." if saml else "subject and audience, written as the token has them.")
        + " If the role comes from a grant, edit the grant, then plan and apply.",
        where="the role's trust policy",
        statement=statement,
        ask=ask_for(
            found, "Please compare the role's trust policy with what I send.", statement, "the trust policy"
        ),
        warning=None
        if saml
        else "A subject such as repo:OWNER/* or * lets every repository, branch or project in; without "
        "a condition on the subject, everybody who uses the same issuer.",
    )


def _saml_statement() -> PolicyDocument:
    return PolicyDocument.of(
        Statement(
            effect=Effect.ALLOW,
            principals=(
                TypedPrincipal(PrincipalType.FEDERATED, "arn:aws:iam::<ACCOUNT>:saml-provider/<PROVIDER>"),
            ),
            actions=("sts:AssumeRoleWithSAML",),
            conditions=(Condition("StringEquals", "SAML:aud", ("https://signin.aws.amazon.com/saml",)),),
        )
    )


def _oidc_statement(eks: bool) -> PolicyDocument:
    issuer = "oidc.eks.<REGION>.amazonaws.com/id/<ID>" if eks else _GITHUB_ISSUER
    subject = (
        "system:serviceaccount:<NAMESPACE>:<NAME>"
        if eks
        else "repo:<OWNER>@<OWNER-ID>/<REPOSITORY>@<ID>:ref:refs/heads/main"
    )
    return PolicyDocument.of(
        Statement(
            effect=Effect.ALLOW,
            principals=(
                TypedPrincipal(PrincipalType.FEDERATED, f"arn:aws:iam::<ACCOUNT>:oidc-provider/{issuer}"),
            ),
            actions=("sts:AssumeRoleWithWebIdentity",),
            conditions=(
                Condition("StringEquals", f"{issuer}:aud", ("sts.amazonaws.com",)),
                Condition("StringEquals", f"{issuer}:sub", (subject,)),
            ),
        )
    )
