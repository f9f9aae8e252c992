"""The project file ``xacct.yaml``: how each account is reached, defaults, and house rules for every grant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import attrs

from xacct.blueprint.checks import check_boundary, check_max_session, check_path, check_tag
from xacct.blueprint.house import DEFAULT_TRUST_QUOTA, HouseRules
from xacct.blueprint.load import PROJECT_FILE, read_text
from xacct.blueprint.reading import Reader
from xacct.blueprint.values import check_external_id, check_iam_name, check_region
from xacct.blueprint.yaml_nodes import MappingNode, Node, parse_yaml, shorten
from xacct.errors import InputError
from xacct.iam.arn import Arn, check_account_id
from xacct.values import frozen

__all__ = ["AccountAccess", "Project", "find_project", "parse_project"]

PROJECT_KEYS = ("accounts", "defaults", "rules")
ACCESS_KEYS = ("profile", "role", "external_id", "region")
DEFAULT_KEYS = ("account", "tags")
RULE_KEYS = (
    "required_tags",
    "permissions_boundary",
    "path",
    "name_pattern",
    "longest_session",
    "trust_quota",
)


@frozen(kw_only=True)
class AccountAccess:
    """
    How an account is reached: by a profile of the AWS configuration, or by assuming a role (from the
    profile's credentials, if both).

    ``role`` is an ARN, or a role's name in that account with its path; ``{account}`` in role or profile
    stands for the account's ID. ``external_id`` is what the role's trust policy asks of us.
    """

    profile: str | None = None
    role: str | None = None
    external_id: str | None = attrs.field(default=None, repr=False)
    region: str | None = None

    def profile_for(self, account: str) -> str | None:
        return None if self.profile is None else self.profile.replace("{account}", account)


@frozen(kw_only=True)
class Project:
    """``accounts`` maps account IDs, or ``*`` for all others, to how they are reached."""

    accounts: Mapping[str, AccountAccess] = attrs.field(factory=dict, hash=False)
    house: HouseRules = attrs.field(factory=HouseRules)
    file: str | None = None

    def access_to(self, account: str) -> AccountAccess | None:
        """How to reach an account, with ``{account}`` replaced; None where the project says nothing."""
        access = self.accounts.get(account) or self.accounts.get("*")
        if access is None:
            return None
        return attrs.evolve(
            access,
            profile=access.profile.replace("{account}", account) if access.profile else None,
            role=access.role.replace("{account}", account) if access.role else None,
        )


def find_project(start: Path) -> Project:
    """
    Find the project file in a folder or the nearest one above it; an empty project when there is none.

    Raises InputError with every problem of the file, also when what has its name is no file that can be read:
    house rules must not fall away unseen.
    """
    here = start.absolute()
    for folder in (here, *here.parents):
        file = folder / PROJECT_FILE
        if file.is_symlink() or file.exists():
            return parse_project(read_text(file), str(file))
    return Project()


def parse_project(text: str, file: str) -> Project:
    """Read a project file. Raises InputError with every problem."""
    documents = parse_yaml(text, file)
    if not documents:
        return Project(file=file)
    if len(documents) > 1:
        raise InputError(f"{file} holds several documents", where=file, fix="keep one", code="project")
    reader = _ProjectReader()
    project = reader.project(documents[0], file)
    reader.finish()
    return project


class _ProjectReader(Reader):
    def project(self, node: Node, file: str) -> Project:
        keys = self.mapping(node, "", PROJECT_KEYS, "the project file")
        return Project(
            accounts=self.accounts(keys.get("accounts")),
            house=self.house(keys.get("rules"), keys.get("defaults"), file),
            file=file,
        )

    def accounts(self, node: Node | None) -> Mapping[str, AccountAccess]:
        out: dict[str, AccountAccess] = {}
        if node is None:
            return out
        for account, value in self.mapping(node, "accounts", None, "accounts").items():
            path = f"accounts.{account}"
            name = account
            if account != "*":
                try:
                    name = check_account_id(account)
                except InputError as error:
                    problem = error.problems[0]
                    self.problem(value, path, problem.message, problem.fix, problem.code)
            if isinstance(value, MappingNode):
                out[name] = self.access(value, path)
            else:
                # A lone text is the profile.
                out[name] = AccountAccess(profile=self.typed(value, path, _check_profile))
        return MappingProxyType(out)

    def access(self, node: Node, path: str) -> AccountAccess:
        keys = self.mapping(node, path, ACCESS_KEYS, "an account")
        access = AccountAccess(
            profile=self.typed(keys.get("profile"), f"{path}.profile", _check_profile),
            role=self.typed(keys.get("role"), f"{path}.role", _check_role),
            external_id=self.typed(keys.get("external_id"), f"{path}.external_id", check_external_id),
            region=self.typed(keys.get("region"), f"{path}.region", check_region),
        )
        if access.external_id and not access.role:
            self.problem(node, path, "an external ID without a role has no use", "add `role:`", "project")
        return access

    def house(self, rules: Node | None, defaults: Node | None, file: str) -> HouseRules:
        keys = self.mapping(rules, "rules", RULE_KEYS, "rules") if rules is not None else {}
        given = self.mapping(defaults, "defaults", DEFAULT_KEYS, "defaults") if defaults is not None else {}
        return HouseRules(
            required_tags=MappingProxyType(self.required_tags(keys.get("required_tags"))),
            boundary=self.typed(
                keys.get("permissions_boundary"), "rules.permissions_boundary", check_boundary
            ),
            path=self.typed(keys.get("path"), "rules.path", check_path),
            name_pattern=self.typed(keys.get("name_pattern"), "rules.name_pattern", _check_pattern),
            longest_session=self.typed(
                keys.get("longest_session"), "rules.longest_session", check_max_session
            ),
            trust_quota=self.typed(keys.get("trust_quota"), "rules.trust_quota", _check_quota)
            or DEFAULT_TRUST_QUOTA,
            default_account=self.typed(given.get("account"), "defaults.account", check_account_id),
            default_tags=MappingProxyType(self.default_tags(given.get("tags"))),
            file=file,
        )

    def required_tags(self, node: Node | None) -> dict[str, tuple[str, ...]]:
        """A list of keys, or a mapping of keys to the values they may have."""
        if node is None:
            return {}
        if isinstance(node, MappingNode):
            pairs = self.mapping(node, "rules.required_tags", None, "required_tags")
            # A key without a value is left out by `mapping`; here it means any value.
            return {
                key.text: self.texts(pairs.get(key.text), f"rules.required_tags.{key.text}")
                for key, _ in node
            }
        return dict.fromkeys(self.texts(node, "rules.required_tags"), ())

    def default_tags(self, node: Node | None) -> dict[str, str]:
        out: dict[str, str] = {}
        if node is not None:
            for key, value in self.mapping(node, "defaults.tags", None, "tags").items():
                out[key] = self.text(value, f"defaults.tags.{key}") or ""
                wrong = check_tag(key, out[key])
                if wrong is not None:
                    self.problem(value, f"defaults.tags.{key}", wrong, "change the tag", "tag")
        return out


def _check_profile(text: str) -> str:
    if re.fullmatch(r"[^\s\[\]]{1,128}", text):
        return text
    raise InputError(
        f"{shorten(text)!r} is no name of a profile",
        fix="`aws configure list-profiles` lists them",
        code="profile",
    )


def _check_role(text: str) -> str:
    plain = text.replace("{account}", "000000000000")
    arn = Arn.try_parse(plain)
    if arn is not None and arn.service == "iam" and arn.resource_type == "role" and arn.resource_path:
        return text
    if arn is None and ":" not in plain:
        check_iam_name(plain.rpartition("/")[2])
        return text
    raise InputError(
        f"{shorten(text)!r} is neither a role's ARN nor its name",
        fix="write arn:aws:iam::{account}:role/NAME",
        code="role",
    )


def _check_quota(text: str) -> int:
    # The largest that accounts were seen to have; a typing error should not switch the check off.
    if re.fullmatch(r"[0-9]{4}", text) and DEFAULT_TRUST_QUOTA <= int(text) <= 8192:
        return int(text)
    raise InputError(
        f"{shorten(text)!r} is no quota of a trust policy",
        fix="write 2048 to 8192; `aws iam get-account-summary` shows AssumeRolePolicySizeQuota",
        code="quota",
    )


def _check_pattern(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise InputError(f"the pattern is no regular expression: {error}", code="pattern") from None
    return text
