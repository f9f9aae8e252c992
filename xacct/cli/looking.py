"""What the wizard can look up: readers of the AWS configuration and of accounts, as its topics' sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from xacct.aws import look
from xacct.cli.wiring import Wiring
from xacct.errors import InputError, XacctError
from xacct.lightsail.catalog import REGIONS
from xacct.wizard.knowledge import Knowledge
from xacct.wizard.model import Option, Topic

if TYPE_CHECKING:
    from xacct.aws.calls import Api
    from xacct.aws.look import Found

__all__ = ["look_ups"]


def look_ups(wiring: Wiring) -> Knowledge:
    """Everything that can be read to pick answers from; each part is read when a question needs it."""
    around = _Around(wiring)
    return Knowledge(
        {
            Topic.ACCOUNTS: around.accounts,
            Topic.PRINCIPALS: around.principals,
            Topic.USERS: around.users,
            Topic.GROUPS: around.groups,
            Topic.SAML_PROVIDERS: around.saml_providers,
            Topic.OIDC_ISSUERS: around.oidc_issuers,
            Topic.REGIONS: around.regions,
            Topic.RESOURCES: around.resources,
            Topic.TAGS: around.tags,
            Topic.GRANTS: around.grants,
        }
    )


class _Around:
    """Each method is the source of one topic: it raises XacctError where it may not or cannot read."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring

    def api(self, account: str | None) -> Api:
        return self.wiring.sessions.iam(_known(account))

    def accounts(self, account: str | None, _: Sequence[str]) -> list[Option]:
        found: dict[str, str] = {}
        if not self.wiring.settings.sandbox:
            found |= {one.value: one.title for one in look.configured_accounts()}
        with suppress(XacctError):  # the configuration alone, then
            members = look.organization_accounts(self.wiring.sessions, _known(account))
            found |= {one.value: one.title for one in members}
        return [Option(value, title) for value, title in found.items() if value != account]

    def principals(self, account: str | None, _: Sequence[str]) -> list[Option]:
        api = self.api(account)
        return _options([*look.users(api), *look.roles(api)])

    def users(self, account: str | None, _: Sequence[str]) -> list[Option]:
        return [Option(one.title, one.value) for one in look.users(self.api(account))]

    def groups(self, account: str | None, _: Sequence[str]) -> list[Option]:
        return _options(look.groups(self.api(account)))

    def saml_providers(self, account: str | None, _: Sequence[str]) -> list[Option]:
        return _options(look.saml_providers(self.api(account)))

    def oidc_issuers(self, account: str | None, _: Sequence[str]) -> list[Option]:
        return _options(look.oidc_issuers(self.api(account)))

    def regions(self, _: str | None, __: Sequence[str]) -> list[Option]:
        return [Option(region) for region in REGIONS]

    def resources(self, account: str | None, regions: Sequence[str]) -> list[Option]:
        return _options(self._resources(account, regions))

    def tags(self, account: str | None, regions: Sequence[str]) -> list[Option]:
        found = {tag for one in self._resources(account, regions) for tag in one.tags}
        return [Option(f"{key}={value}") for key, value in sorted(found)]

    def grants(self, account: str | None, _: Sequence[str]) -> list[Option]:
        return [Option(grant.name) for grant in self.wiring.live(_known(account))]

    def _resources(self, account: str | None, regions: Sequence[str]) -> list[Found]:
        where = regions or REGIONS
        return look.lightsail_resources(self.wiring.sessions, _known(account), where)


def _known(account: str | None) -> str:
    if account is None:
        raise InputError("no account is known")
    return account


def _options(found: Iterable[Found]) -> list[Option]:
    return [Option(one.value, one.title) for one in found]
