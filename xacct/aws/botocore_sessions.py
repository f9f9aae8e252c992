"""
Making botocore's sessions and clients.

botocore is used without boto3: of boto3 a command would use nothing but its session, at a third of the time
that a small command takes (docs/decisions/aws-adapter.md).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from xacct.aws.failures import CallContext, is_of_aws
from xacct.aws.translate import translate

__all__ = [
    "FIRST_READ_TIMEOUT",
    "configured_endpoint",
    "configured_region",
    "context_for",
    "make_client",
    "new_session",
    "sandbox_session",
]

_CONNECT_TIMEOUT = 4
"""Seconds; with no repetition before a first answer, a dead endpoint is told after these."""
FIRST_READ_TIMEOUT = 6
"""Seconds for an answer of STS; an endpoint that is silent for longer is none."""
_READ_TIMEOUT = 45
"""Seconds; a page of a thousand roles takes IAM a while."""
_UNSET = (None, None, None, None)


def new_session(profile: str | None, attach: Callable[[Any], None] | None = None) -> Any:
    """A botocore session with the user's own configuration; nothing is read before it is used."""
    import botocore.session

    boto_session = botocore.session.Session(profile=profile)
    return _prepared(boto_session, attach)


def sandbox_session(attach: Callable[[Any], None] | None) -> Any:
    """A session that reads nothing of the user's own configuration and goes to the sandbox."""
    import botocore.session

    assert attach is not None, "the sandbox is attached to the session"
    defaults = botocore.session.Session.SESSION_VARIABLES.items()
    boto_session = botocore.session.Session(
        session_vars={
            **{name: (None, None, default, convert) for name, (_, _, default, convert) in defaults},
            "profile": _UNSET,
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    return _prepared(boto_session, attach)


def _prepared(boto_session: Any, attach: Callable[[Any], None] | None) -> Any:
    import xacct

    boto_session.register_component("data_loader", _loader())
    parsers = boto_session.get_component("response_parser_factory")
    parsers.set_parser_defaults(timestamp_parser=_timestamp)
    boto_session.user_agent_name = "xacct"
    boto_session.user_agent_version = xacct.__version__
    if attach is not None:
        attach(boto_session)
    return boto_session


@cache
def _loader() -> Any:
    """One loader for all sessions: reading and parsing IAM's model is most of what a client costs."""
    from botocore.loaders import Loader

    class NamesOnly(Loader):
        """Lists services by one look at the folder, where botocore looks into each of 400 of them, twice."""

        def list_available_services(self, type_name: str) -> list[str]:
            del type_name
            folders = [Path(path) for path in self.search_paths if Path(path).is_dir()]
            return sorted({entry.name for folder in folders for entry in folder.iterdir()})

    extra = os.environ.get("AWS_DATA_PATH", "")
    return NamesOnly(extra_search_paths=[path for path in extra.split(os.pathsep) if path])


def _timestamp(value: Any) -> datetime:
    """
    Read a time as botocore does, ISO 8601 in a hundredth of the time.

    Every role has one; botocore's own way takes a third of reading a large account.
    """
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    from botocore.utils import parse_timestamp

    parsed: datetime = parse_timestamp(value)
    return parsed


# botocore's clients may be shared by threads, its sessions may not.
_making = threading.Lock()


def make_client(
    boto_session: Any,
    service: str,
    region: str,
    *,
    endpoint_url: str | None,
    context: CallContext,
    read_timeout: int = _READ_TIMEOUT,
    only_given_endpoint: bool = False,
) -> Any:
    """
    A client whose own retries are off, so that every request is seen.

    Raises CredentialsError or InputError for what is wrong with configuration or credentials.
    """
    from botocore.config import Config

    settings: dict[str, Any] = {
        "connect_timeout": _CONNECT_TIMEOUT,
        "read_timeout": read_timeout,
        "retries": {"mode": "standard", "total_max_attempts": 1},
        "max_pool_connections": 64,
        "ignore_configured_endpoint_urls": True if only_given_endpoint else None,
    }
    with _making:
        return _translated(
            context,
            lambda: boto_session.create_client(
                service, region_name=region, endpoint_url=endpoint_url, config=Config(**settings)
            ),
        )


def configured_region(boto_session: Any, context: CallContext) -> str | None:
    """The Region of environment and profile. Raises CredentialsError for a broken configuration."""
    region: str | None = _translated(context, lambda: boto_session.get_config_variable("region"))
    return region


def configured_endpoint(profile: str | None, environ: Mapping[str, str], context: CallContext) -> str | None:
    """The endpoint for IAM that environment or profile name, by AWS's rules for SDKs; mostly None."""
    boto_session = new_session(profile)

    def look_up() -> str | None:
        from botocore.configprovider import ConfiguredEndpointProvider

        if boto_session.get_config_variable("ignore_configured_endpoint_urls"):
            return None
        found: str | None = ConfiguredEndpointProvider(
            full_config=boto_session.full_config,
            scoped_config=boto_session.get_scoped_config(),
            client_name="iam",
            environ=dict(environ),
        ).provide()
        return found

    endpoint: str | None = _translated(context, look_up)
    return endpoint


def _translated(context: CallContext, act: Callable[[], Any]) -> Any:
    try:
        return act()
    except Exception as error:
        # ValueError: an endpoint that is no URL. OSError: a credential_process that cannot be run.
        if is_of_aws(error) or isinstance(error, (ValueError, OSError)):
            raise translate(error, context) from error
        raise


def context_for(
    *, service: str = "iam", account: str = "", profile: str | None = None, region: str | None = None
) -> CallContext:
    """What errors of a session or client should know about it."""
    return CallContext(
        service=service,
        account=account,
        profile=profile or os.environ.get("AWS_PROFILE"),
        region=region,
        regions=_known_regions,
        profiles=_known_profiles,
    )


def _known_regions() -> Iterable[str]:
    import botocore.session

    boto_session = botocore.session.Session()
    for partition in boto_session.get_available_partitions():
        yield from boto_session.get_available_regions("sts", partition)


def _known_profiles() -> Iterable[str]:
    import botocore.session

    names: list[str] = botocore.session.Session().available_profiles
    return names
