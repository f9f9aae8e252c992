"""Choosing, before there is a grant: a decision path in words."""

from __future__ import annotations

from xacct.explain import sources
from xacct.explain.advice import NEWER_WAYS
from xacct.explain.bucket import MAX_READERS
from xacct.explain.contrast import general_contrast
from xacct.explain.model import Explanation, Grid, Point, Points, Row, Section, Text
from xacct.explain.services import services_section

__all__ = ["general_explanation"]

_QUESTIONS = (
    (
        "Is it only about reading the objects of one Lightsail bucket, from another AWS account?",
        f"Then the bucket's list of reader accounts may do: at most {MAX_READERS} accounts, all objects, read-only.",
        "UpdateBucket (readonlyAccessAccounts), or a role if it has to end, or to cover a part",
        sources.BUCKETS,
    ),
    (
        "Is it another service, with resource-based policies, one shared resource, and programs that work in both"
        " accounts at once?",
        "Then a policy on the resource is simpler, with a policy on the caller beside it.",
        "xacct explain --service s3",
        sources.COMPARE,
    ),
    (
        "Everything else in Lightsail, from outside the account: it is a role. Whose principals are they?",
        "The next questions find the trust policy.",
        "a role",
        sources.LIGHTSAIL,
    ),
    (
        "A company that is not yours, in its own AWS account?",
        "A role that asks for an external ID, which the company gives you.",
        "xacct new third-party",
        sources.EXTERNAL_ID,
    ),
    (
        "Another AWS account of yours?",
        "A role that names the users and roles there, with the organization's ID as a condition.",
        "xacct new owned-account",
        sources.CROSS_ACCOUNT,
    ),
    (
        "A CI job or a program with an OIDC token?",
        "A role that asks for the audience and the exact subject of the token; no stored keys.",
        "xacct new github-actions, gitlab-ci, bitbucket, terraform-cloud, google, federated-oidc",
        sources.OIDC,
    ),
    (
        "People who sign in at a company's identity provider?",
        "IAM Identity Center if you have it; else a role for the SAML provider.",
        "xacct new federated-saml",
        sources.FEDERATED_USERS,
    ),
    (
        "Users of an application with an Amazon Cognito identity pool?",
        "A role that asks for the pool and for signed-in users.",
        "xacct new cognito",
        sources.OIDC,
    ),
    (
        "A colleague in the same account?",
        "A role to assume when needed; a group if the Lightsail console is the tool.",
        "xacct new delegated",
        sources.ROLES,
    ),
)

_MECHANICS = (
    Point(
        "The trust policy says who may become the role, the permissions policies say what the role may do. Neither"
        " helps without the other.",
        "Two policies",
        source=sources.ROLES,
    ),
    Point(
        "Across accounts the caller's own account has to allow sts:AssumeRole on the role as well.",
        "Two sides",
        source=sources.CROSS_ACCOUNT,
    ),
    Point(
        "Whoever uses the role's credentials has the role's permissions and, for these calls, none of its own.",
        "One identity at a time",
        source=sources.COMPARE,
    ),
    Point(
        "A session lasts from 15 minutes to the role's maximum, 12 hours at the most; from another role's session 1"
        " hour.",
        "An end",
        source=sources.CHAINING,
    ),
)


def general_explanation() -> Explanation:
    """What ``xacct explain`` says without a grant."""
    rows = tuple(Row((question, answer, way), source=source) for question, answer, way, source in _QUESTIONS)
    return Explanation(
        about="general",
        name="",
        title="Access from outside: which way fits?",
        lead=(
            "Lightsail has no resource-based policies. Access from outside the account goes through a role, but for"
            " reading a bucket's objects."
        ),
        sections=(
            Section(
                "path",
                "Choosing, question by question",
                (
                    Text("Take the first that fits."),
                    Grid("The decision path", ("The question", "The answer", "The way"), rows),
                ),
            ),
            Section("role", "How a role works", (Points(_MECHANICS),)),
            general_contrast(),
            Section("newer", "Newer ways of AWS", (Points(tuple(NEWER_WAYS.values())),)),
            services_section(),
        ),
    )
