"""
The one place that wires things up: files to grants, accounts to snapshots, plans to accounts.

Commands call these; each part is built when it is first used, so an offline command builds nothing of AWS.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from xacct.cli.settings import Settings
from xacct.errors import InputError, Problem

if TYPE_CHECKING:
    from xacct.aws.session import Sessions
    from xacct.aws.writer import IamWriter
    from xacct.blueprint.expand import Expansion
    from xacct.blueprint.model import Blueprint, Grant
    from xacct.blueprint.project import Project
    from xacct.plan.inventory import LiveGrant
    from xacct.plan.model import Plan
    from xacct.plan.options import PlanOptions
    from xacct.plan.rights import RightsCheck
    from xacct.plan.snapshot import ReadScope, Snapshot
    from xacct.sandbox import Sandbox

__all__ = ["SANDBOX_ACCOUNT", "Wiring", "looks_like_path", "state_folder"]

SANDBOX_ACCOUNT = "111122223333"
"""The account that the sandbox's operator is in where a grant names none."""


def looks_like_path(argument: str) -> bool:
    """Take an argument for a path when it exists, has a slash, or ends like a file of ours."""
    if "/" in argument or argument.endswith((".yaml", ".yml", ".json")):
        return True
    try:
        return Path(argument).exists()
    except (OSError, ValueError):  # too long to be a file's name
        return False


def state_folder() -> Path:
    """Where journals and the sandbox's state live: ``$XDG_STATE_HOME/xacct``."""
    return _xdg_folder("XDG_STATE_HOME", ".local/state")


def config_folder() -> Path:
    """Where the user's own blueprints live: ``$XDG_CONFIG_HOME/xacct``."""
    return _xdg_folder("XDG_CONFIG_HOME", ".config")


def _xdg_folder(variable: str, default: str) -> Path:
    base = Path(os.environ.get(variable, ""))
    # A relative path is to be ignored (XDG Base Directory Specification).
    return (base if base.is_absolute() else Path.home() / default) / "xacct"


class Wiring:
    """What one run of a command uses."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._blueprints: dict[str, Blueprint] = {}

    # -- time ----------------------------------------------------------------------------------------------

    @cached_property
    def now(self) -> datetime:
        """When the run started, UTC."""
        return datetime.now(UTC).replace(microsecond=0)

    @property
    def now_text(self) -> str:
        return self.now.isoformat().replace("+00:00", "Z")

    # -- files ---------------------------------------------------------------------------------------------

    @cached_property
    def project(self) -> Project:
        from xacct.blueprint.project import find_project

        return find_project(Path.cwd())

    @property
    def blueprint_folders(self) -> list[Path]:
        return [Path("blueprints"), config_folder() / "blueprints"]

    def blueprint(self, name: str, where: str = "BLUEPRINT") -> Blueprint:
        """A blueprint by its name, read once a run."""
        from xacct.blueprint.catalogue import load_blueprint

        if name not in self._blueprints:
            self._blueprints[name] = load_blueprint(name, self.blueprint_folders, where=where)
        return self._blueprints[name]

    def grants(self, arguments: Sequence[str], settings: Sequence[str] = ()) -> list[Grant]:
        """
        The grants that a command is about: files and folders, or one blueprint with ``--set``.

        Raises InputError for wrong usage and for what is wrong in the files.
        """
        from xacct.blueprint.load import load_grants

        # An empty argument is most likely an unset variable: it must not stand for the working directory.
        if not arguments or not all(arguments):
            raise InputError(
                "the name of a grant is empty" if arguments else "no grant is named",
                where="PATH",
                fix="name a grant's file or a folder of them, or a blueprint with --set",
                code="usage",
            )
        names = [argument for argument in arguments if not looks_like_path(argument)]
        if not names:
            if settings:
                raise InputError(
                    "--set goes with a blueprint, not with files", fix="edit the file", code="usage"
                )
            return list(load_grants([Path(argument) for argument in arguments]))
        if len(arguments) > 1:
            raise InputError(
                f"{names[0]!r} is taken for a blueprint, and a blueprint stands alone",
                fix=f"if it is a file, write ./{names[0]}",
                code="usage",
            )
        from xacct.blueprint.settings import grant_from_settings, parse_setting

        blueprint = self.blueprint(names[0])
        return [grant_from_settings(blueprint, [parse_setting(setting) for setting in settings])]

    def expansions(self, grants: Iterable[Grant], *, offline: bool = False) -> list[Expansion]:
        """Expand grants, all problems of all of them at once; asks AWS for the account only where needed."""
        from xacct.blueprint.expand import expand

        problems: list[Problem] = []
        found: list[Expansion] = []
        house = self.project.house
        for grant in grants:
            try:
                account = None if grant.account or house.default_account else self.own_account(offline)
                found.append(
                    expand(
                        grant,
                        self.blueprint(grant.blueprint, grant.where("blueprint")),
                        account=account,
                        partition=self.partition(grant, offline),
                        house=house,
                        today=self.now.date(),
                    )
                )
            except InputError as error:
                problems += error.problems
        if problems:
            raise InputError(dict.fromkeys(problems))
        return found

    # -- accounts ------------------------------------------------------------------------------------------

    @property
    def target(self) -> str:
        """What a plan is bound to: ``aws``, ``sandbox``, or an endpoint."""
        if self.settings.sandbox:
            return "sandbox"
        return self.endpoint or "aws"

    @property
    def endpoint(self) -> str | None:
        return (
            self.settings.endpoint_url
            or os.environ.get("AWS_ENDPOINT_URL_IAM")
            or os.environ.get("AWS_ENDPOINT_URL")
            or None
        )

    def own_account(self, offline: bool) -> str | None:
        if offline:
            return None
        if self.settings.sandbox:
            return SANDBOX_ACCOUNT
        return self.sessions.identity().account

    def partition(self, grant: Grant, offline: bool) -> str:
        if offline or self.settings.sandbox:
            return "aws"
        return self.sessions.identity(grant.account).partition

    @cached_property
    def sandbox(self) -> Sandbox:
        from xacct.sandbox import Sandbox, default_state_dir

        return Sandbox(default_state_dir(os.environ))

    @cached_property
    def sessions(self) -> Sessions:
        from xacct.aws.session import Sessions

        settings = self.settings
        if not settings.sandbox:
            return Sessions(
                profile=settings.profile,
                region=settings.region,
                endpoint_url=settings.endpoint_url,
                accounts=self.project.accounts,
            )
        from xacct.sandbox import attach

        return Sessions(
            region=settings.region,
            sandbox=True,
            attach=lambda boto_session: attach(boto_session, self.sandbox),
            credentials=lambda account: self.sandbox.credentials_for(None, account),
        )

    @cached_property
    def _fresh(self) -> set[str]:
        """What this run made lately, over all accounts: one account's trust may name another's new role."""
        return set()

    def writer(self, account: str) -> IamWriter:
        from xacct.aws.writer import IamWriter

        partition = self.sessions.identity(account).partition
        return IamWriter(
            self.sessions.iam(account), account, partition, lambda: datetime.now(UTC), self._fresh
        )

    def grants_on_disk(self, plan: Plan) -> dict[str, str | None]:
        """
        What the grants of a saved plan come to today, by name; None for one whose file is gone.

        A grant whose file is not on this machine at all (a plan made elsewhere) is left out.
        """
        from xacct.plan.build import grant_digest

        found: dict[str, str | None] = {}
        references = {grant.name: grant for account in plan.accounts for grant in account.grants}
        for name, reference in references.items():
            if reference.file is None or not Path(reference.file).exists():
                continue
            grants = {grant.name: grant for grant in self.grants([reference.file])}
            grant = grants.get(name)
            found[name] = None if grant is None else grant_digest(grant, self.blueprint(grant.blueprint))
        return found

    def read(self, scopes: Mapping[str, ReadScope], *, offline: bool = False) -> dict[str, Snapshot]:
        """Read each account as far as its scope asks."""
        from xacct.plan.snapshot import Snapshot

        if offline:
            return {account: Snapshot.empty(account) for account in scopes}
        from xacct.aws.fleet import read_accounts

        return read_accounts(self.sessions, scopes) if scopes else {}

    def check_rights(self, plan: Plan) -> list[RightsCheck]:
        """Ask IAM, account by account, whether the operator holds what the plan needs."""
        from xacct.aws.rights import check_rights

        return [
            check_rights(
                self.sessions.iam(account.account),
                self.sessions.identity(account.account),
                account.required_permissions,
            )
            for account in plan.accounts
        ]

    def accounts(self, named: Sequence[str]) -> list[str]:
        """The accounts that are asked about: those named, else the credentials' own, else the sandbox's."""
        from xacct.iam.arn import check_account_id

        if named:
            return [check_account_id(account, "--account") for account in named]
        if self.settings.sandbox:
            return self.sandbox.accounts_in_use() or [SANDBOX_ACCOUNT]
        return [self.sessions.identity().account]

    def live(self, account: str) -> list[LiveGrant]:
        """The grants that an account holds."""
        from xacct.plan.inventory import live_grants
        from xacct.plan.snapshot import ReadScope

        scope = ReadScope(keys=frozenset(), ours=True)
        return live_grants(self.read({account: scope})[account])

    # -- plans ---------------------------------------------------------------------------------------------

    def options(
        self,
        *,
        offline: bool = False,
        removal: bool = False,
        force_foreign: bool = False,
        prune: bool = False,
        adopt: frozenset[str] = frozenset(),
    ) -> PlanOptions:
        from xacct.plan.options import PlanOptions

        return PlanOptions(
            target=self.target,
            created_at=self.now_text,
            today=self.now.date(),
            offline=offline,
            removal=removal,
            force_foreign=force_foreign,
            prune=prune,
            adopt=adopt,
            owned_accounts=frozenset(account for account in self.project.accounts if account != "*"),
        )

    def plan(
        self,
        grants: Sequence[Grant],
        *,
        offline: bool = False,
        removal: bool = False,
        force_foreign: bool = False,
        prune: bool = False,
        adopt: frozenset[str] = frozenset(),
    ) -> Plan:
        """Expand, read, compare; the options are those of ``PlanOptions``."""
        from xacct.plan.build import make_plan

        expansions = self.expansions(grants, offline=offline)
        options = self.options(
            offline=offline, removal=removal, force_foreign=force_foreign, prune=prune, adopt=adopt
        )
        return make_plan(expansions, self.read_for(expansions, options), options)

    def read_for(self, expansions: Sequence[Expansion], options: PlanOptions) -> dict[str, Snapshot]:
        """Read what a plan of these grants compares with."""
        from xacct.iam.ownership import DEFAULT_PATH
        from xacct.plan.build import read_scopes

        path = self.project.house.path or DEFAULT_PATH
        scopes = read_scopes(expansions, path=path, ours=options.prune)
        return self.read(scopes, offline=options.offline)
