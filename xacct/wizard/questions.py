"""The questions: those of every grant, and those that a blueprint's parameters become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from xacct.blueprint.model import Blueprint, Intent, Parameter, ParameterType, ThingTemplate, Together
from xacct.blueprint.placeholders import Values, expand_all
from xacct.iam.things import ThingType
from xacct.wizard.model import Kind, Option, Question, Setup, Topic

__all__ = [
    "EXTRAS",
    "LIMITS",
    "account_question",
    "blueprint_question",
    "chosen_question",
    "extra_question",
    "intent_question",
    "limit_question",
    "name_question",
    "parameter_question",
    "permissions_question",
    "reach_question",
    "tag_question",
    "together_question",
]

_INTENTS = {
    Intent.ANOTHER_ACCOUNT: (
        "Another account of mine",
        "Users or programs in a second AWS account that belongs to you or your organization.",
    ),
    Intent.VENDOR: (
        "A vendor",
        "A company outside yours that works from its own AWS account and sends an external ID.",
    ),
    Intent.CI: (
        "A CI pipeline or other workload",
        "GitHub, GitLab, Bitbucket, HCP Terraform, Google, or anything with an OpenID Connect token.",
    ),
    Intent.PEOPLE: (
        "People who sign in with our identity provider",
        "They sign in where they always do; no IAM users, no passwords here.",
    ),
    Intent.COLLEAGUE: (
        "A colleague in this account",
        "IAM users or roles that are in the same AWS account as the Lightsail resources.",
    ),
}

LIMITS = {"regions": "permissions.regions", "tags": "permissions.tags", "resources": "permissions.resources"}
"""What a grant can be limited by -> the setting."""

# Keys of every grant that are asked only on request: prompt, what a good answer is, kind, example.
EXTRAS: Mapping[str, tuple[str, str, Kind, str]] = {
    "max_session": (
        "How long may a session last?",
        "1h to 12h. Short is safer: permissions that you take away still end with the session at the latest.",
        Kind.TEXT,
        "1h",
    ),
    "expires": (
        "The last day on which the grant holds",
        "YYYY-MM-DD, in UTC. It is written into the policies, so nothing has to run on that day.",
        Kind.TEXT,
        "2027-01-31",
    ),
    "permissions.add": (
        "Single actions beside the sets",
        "Names of Lightsail actions; `xacct permissions show SET` lists what fits a set.",
        Kind.ITEMS,
        "lightsail:TagResource",
    ),
    "unscoped": (
        "Allow also writes that no tag or ARN can limit?",
        "`allow` lets them reach the whole account; without it they are left out of a limited grant.",
        Kind.TEXT,
        "allow",
    ),
    "role_name": ("The role's name, when it is not the grant's", "1 to 64 characters.", Kind.TEXT, "acme"),
    "description": ("A description for the role", "Shown in the IAM console.", Kind.TEXT, "Acme's backups"),
    "tags": (
        "Tags for the role",
        "Team=web,Stage=prod: to find it by.",
        Kind.PAIRS,
        "Team=web",
    ),
    "permissions_boundary": (
        "The permissions boundary of the role",
        "The ARN of a managed policy: a ceiling on what the role can ever do.",
        Kind.TEXT,
        "arn:aws:iam::111122223333:policy/ceiling",
    ),
}


def intent_question(present: Iterable[Intent]) -> Question:
    kinds = set(present)
    return Question(
        key="@intent",
        kind=Kind.CHOICE,
        prompt="Who needs access?",
        why="It decides how they prove who they are, and so what is asked next.",
        options=tuple(
            Option(intent.value, title, more) for intent, (title, more) in _INTENTS.items() if intent in kinds
        ),
    )


def blueprint_question(blueprints: Iterable[Blueprint]) -> Question:
    return Question(
        key="@blueprint",
        kind=Kind.CHOICE,
        prompt="Which of these is it?",
        why="Each asks for what it needs and writes a trust policy for just that.",
        options=tuple(Option(one.name, one.title, one.summary) for one in blueprints),
    )


def account_question() -> Question:
    return Question(
        key="account",
        kind=Kind.TEXT,
        prompt="The ID of the account that owns the Lightsail resources",
        why="The role is made there. 12 digits, as the console's account menu shows them.",
        examples=("111122223333",),
        topic=Topic.ACCOUNTS,
    )


def permissions_question() -> Question:
    from xacct.lightsail.sets import permission_sets

    return Question(
        key="permissions",
        kind=Kind.MANY,
        prompt="What may they do?",
        why="Each set is a bundle of Lightsail actions. Pick the smallest that does the job, or several.",
        help="`? NAME` tells what a set allows and what it leaves out. "
        "Sensitive sets hand out logins, secrets or data, or open something to others.",
        options=tuple(
            Option(one.name, one.title, f"{one.summary} Leaves out: {one.leaves_out}", one.loud)
            for one in permission_sets().values()
        ),
        fix="xacct permissions list shows what each allows",
    )


def reach_question() -> Question:
    return Question(
        key="@reach",
        kind=Kind.MANY,
        prompt="Which resources may they reach?",
        why="Fewer is safer. Lists and other reads that take no resource stay account-wide all the same; the "
        "preview names them.",
        options=(
            Option("all", "everything of Lightsail in the account, in every Region"),
            Option("regions", "only in Regions that I name"),
            Option("tags", "only resources with tags that I name", "Tags decide even for later resources."),
            Option("resources", "only resources that I pick, by their ARNs"),
        ),
    )


def limit_question(limit: str, setup: Setup) -> Question:
    match limit:
        case "regions":
            return Question(
                key=LIMITS[limit],
                kind=Kind.ITEMS,
                prompt="Which Regions?",
                why="Requests to any other Region are refused.",
                default=setup.region or "",
                examples=("eu-west-1",),
                topic=Topic.REGIONS,
            )
        case "tags":
            return Question(
                key=LIMITS[limit],
                kind=Kind.PAIRS,
                prompt="Which tags must a resource have?",
                why="KEY=VALUE; of several, all must be there. Resources without them stay out of reach.",
                examples=("Environment=prod",),
                topic=Topic.TAGS,
            )
        case _:
            return Question(
                key=LIMITS["resources"],
                kind=Kind.ITEMS,
                prompt="Which resources?",
                why="Their ARNs, or TYPE/* for all of a type. An ARN ends in a UUID, not in the name.",
                examples=("arn:aws:lightsail:eu-west-1:111122223333:Instance/*",),
                topic=Topic.RESOURCES,
            )


def name_question(default: str) -> Question:
    return Question(
        key="name",
        kind=Kind.TEXT,
        prompt="A name for this grant",
        why="It becomes the role's name and the file's. Whom it is for and what for reads well: acme-backup.",
        default=default,
        topic=Topic.GRANTS,
    )


def tag_question(key: str, allowed: tuple[str, ...]) -> Question:
    return Question(
        key=f"tags.{key}",
        kind=Kind.CHOICE if allowed else Kind.TEXT,
        prompt=f"The role's tag {key}",
        why="Your project's house rules want it on every role.",
        options=tuple(Option(value) for value in allowed),
    )


def chosen_question(parameter: Parameter) -> Question:
    return Question(
        key="@chosen",
        kind=Kind.YES_NO,
        prompt="Does the vendor say that its customers choose the ID themselves?",
        why="Where customers choose, two can choose the same one, and the vendor cannot tell them apart; "
        "an ID that the vendor makes is its own for each customer. If there is one, say no and paste it.",
        default="no",
        help=f"With yes, a random {parameter.name} is made here; give it to the vendor.",
    )


def extra_question(key: str) -> Question:
    prompt, why, kind, example = EXTRAS[key]
    return Question(key=key, kind=kind, prompt=prompt, why=why, examples=(example,), required=False)


def together_question(index: int, together: Together) -> Question:
    return Question(
        key=f"@together.{index}",
        kind=Kind.TEXT,
        prompt=together.prompt,
        why=together.help,
        help=together.pattern_help,
        examples=together.examples,
    )


def parameter_question(
    blueprint: Blueprint, parameter: Parameter, texts: Values, *, required: bool
) -> Question:
    """A parameter as a question; ``texts`` are the values so far, for defaults that build on others."""
    topic = _topic(blueprint, parameter)
    account = expand_all((parameter.account,), texts) if parameter.account else ()
    return Question(
        key=parameter.name,
        kind=_kind(parameter),
        prompt=parameter.prompt,
        why=parameter.help or _form(parameter),
        help=_uses(blueprint, parameter),
        options=tuple(Option(choice.value, choice.title) for choice in parameter.choices),
        default=_default(parameter, texts),
        required=required,
        examples=parameter.examples,
        fix=parameter.missing,
        topic=topic,
        account=account[0] if account else None,
    )


def _kind(parameter: Parameter) -> Kind:
    match parameter.type:
        case ParameterType.BOOL:
            return Kind.YES_NO
        case ParameterType.LIST:
            return Kind.MANY if parameter.choices else Kind.ITEMS
        case ParameterType.MAP:
            return Kind.PAIRS
        case _:
            return Kind.CHOICE if parameter.choices else Kind.TEXT


def _default(parameter: Parameter, texts: Values) -> str:
    match parameter.default:
        case None:
            text = "false" if parameter.type is ParameterType.BOOL else ""
        case str() as one:
            text = ",".join(expand_all((one,), texts))
        case tuple() as several:
            text = ",".join(expand_all(several, texts))
        case _:
            text = ""
    if parameter.type is ParameterType.BOOL:
        return "yes" if text == "true" else "no"
    return text


_FORMS = {
    ParameterType.ACCOUNT_ID: "12 digits, as the console's account menu shows them.",
    ParameterType.ARN: "An ARN: arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE.",
    ParameterType.PRINCIPAL_ARN: "The ARN of a user or role: arn:aws:iam::ACCOUNT:role/NAME.",
    ParameterType.PRINCIPAL_PATTERN: "The ARN of a role or user, with * at the end of the name where meant.",
    ParameterType.EXTERNAL_ID: "2 to 1,224 letters, digits and _ + = , . @ : / -",
    ParameterType.REGION: "A Region, such as eu-west-1.",
    ParameterType.DURATION: "A duration, such as 90m or 1h.",
    ParameterType.DATE: "A day: YYYY-MM-DD.",
    ParameterType.OIDC_ISSUER: "The address in the tokens' `iss` claim, with https://.",
    ParameterType.OIDC_SUBJECT: "The tokens' `sub` claim; a * only after what nobody else can register.",
    ParameterType.SAML_METADATA: "The path of the metadata's XML file.",
    ParameterType.URL: "An address that begins with https://.",
}


def _form(parameter: Parameter) -> str:
    if parameter.pattern_help:
        return parameter.pattern_help[:1].upper() + parameter.pattern_help[1:] + "."
    kind = parameter.item if parameter.type is ParameterType.LIST else parameter.type
    return _FORMS.get(kind, "")


def _uses(blueprint: Blueprint, parameter: Parameter) -> str:
    """What the answer does: the reasons of the conditions that it goes into, and its form."""
    mark = f"{{{{{parameter.name}}}}}"
    whys = [
        condition.why
        for statement in blueprint.trust
        for condition in statement.conditions
        if condition.why
        and (condition.each == parameter.name or any(mark in text for text in condition.values))
    ]
    lines = [*dict.fromkeys(whys)]
    form = _form(parameter)
    if form and parameter.help:
        lines.append(f"Form: {form}")
    return "\n".join([*lines, f"As an option: --set {parameter.name}=VALUE"])


_TYPES = {
    ParameterType.ACCOUNT_ID: Topic.ACCOUNTS,
    ParameterType.PRINCIPAL_ARN: Topic.PRINCIPALS,
    ParameterType.REGION: Topic.REGIONS,
}
# The field of a thing that a parameter names alone -> what such things are picked from.
_FIELDS = {
    (ThingType.SAML_PROVIDER, "name"): Topic.SAML_PROVIDERS,
    (ThingType.OIDC_PROVIDER, "url"): Topic.OIDC_ISSUERS,
    (ThingType.GROUP, "name"): Topic.GROUPS,
    (ThingType.GROUP_MEMBER, "user"): Topic.USERS,
}


def _topic(blueprint: Blueprint, parameter: Parameter) -> Topic | None:
    kind = parameter.item if parameter.type is ParameterType.LIST else parameter.type
    if kind in _TYPES:
        return _TYPES[kind]
    mark = f"{{{{{parameter.name}}}}}"
    if any(_makes_user(thing, mark, parameter) for thing in blueprint.things):
        return None  # a new name is wanted, not one that is there
    for thing in blueprint.things:
        for field, texts in thing.fields.items():
            if mark in texts and (thing.type, field) in _FIELDS:
                return _FIELDS[thing.type, field]
    return None


def _makes_user(thing: ThingTemplate, mark: str, parameter: Parameter) -> bool:
    """Whether the thing is a user of that name, made whenever the parameter is asked for."""
    named = mark in thing.fields.get("name", ())
    return thing.type is ThingType.USER and named and set(thing.when) <= set(parameter.when)
