"""IAM's SAML and OIDC identity providers."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TypeAlias
from urllib.parse import urlsplit

import attrs

from xacct.sandbox.call import Answer, Call, Handler, page, when
from xacct.sandbox.counts import check_count
from xacct.sandbox.entities import OidcProvider, SamlProvider
from xacct.sandbox.problems import AwsError, limit
from xacct.sandbox.saml import check_metadata
from xacct.sandbox.tagging import merge_tags, read_tags, tag_list, without_tags

__all__ = ["HANDLERS"]

Provider: TypeAlias = SamlProvider | OidcProvider

CLIENT_QUOTA = 100
THUMBPRINT_QUOTA = 5
_HUNDRED_YEARS = 100 * 365 * 86400


def _find_saml(call: Call) -> SamlProvider:
    arn = call.params["SAMLProviderArn"]
    for provider in call.world.all(SamlProvider, call.account):
        if provider.arn == arn:
            return provider
    raise AwsError("NoSuchEntity", f"Manifest not found for arn {arn}")


def _find_oidc(call: Call) -> OidcProvider:
    arn = call.params["OpenIDConnectProviderArn"]
    for provider in call.world.all(OidcProvider, call.account):
        if provider.arn == arn:
            return provider
    raise AwsError("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}")


def create_saml(call: Call) -> Answer:
    name, metadata = call.params["Name"], call.params["SAMLMetadataDocument"]
    tags = read_tags(call.params.get("Tags"))
    check_metadata(metadata)
    if call.world.get(SamlProvider, call.account, name.lower()) is not None:
        raise AwsError("EntityAlreadyExists", f"Provider with name {name} already exists.")
    check_count(call, SamlProvider, "SAMLProvidersPerAccount")
    provider = SamlProvider(
        account=call.account,
        partition=call.signed_by.partition,
        created=call.now,
        name=name,
        metadata=metadata,
        valid_until=call.now + _HUNDRED_YEARS,
        tags=tags,
    )
    return {"SAMLProviderArn": call.world.put(provider).arn, "Tags": tag_list(tags) or None}


def get_saml(call: Call) -> Answer:
    provider = _find_saml(call)
    return {
        "SAMLMetadataDocument": provider.metadata,
        "CreateDate": when(provider.created),
        "ValidUntil": when(provider.valid_until),
        "Tags": tag_list(provider.tags) or None,
    }


def list_saml(call: Call) -> Answer:
    return {
        "SAMLProviderList": [
            {
                "Arn": provider.arn,
                "ValidUntil": when(provider.valid_until),
                "CreateDate": when(provider.created),
            }
            for provider in call.world.all(SamlProvider, call.account)
        ]
    }


def update_saml(call: Call) -> Answer:
    provider = _find_saml(call)
    metadata = call.params.get("SAMLMetadataDocument")
    if metadata is not None:
        check_metadata(metadata)
        call.world.put(attrs.evolve(provider, metadata=metadata))
    return {"SAMLProviderArn": provider.arn}


def delete_provider(find: Callable[[Call], Provider], call: Call) -> Answer:
    call.world.remove(find(call))
    return {}


def create_oidc(call: Call) -> Answer:
    params = call.params
    url = _provider_url(params["Url"])
    tags = read_tags(params.get("Tags"))
    clients = tuple(dict.fromkeys(params.get("ClientIDList") or ()))
    thumbprints = tuple(params.get("ThumbprintList") or ())
    _check_lists(clients, thumbprints)
    if call.world.get(OidcProvider, call.account, url) is not None:
        raise AwsError("EntityAlreadyExists", f"Provider with url {params['Url']} already exists.")
    check_count(call, OidcProvider, "OpenIdConnectProvidersPerAccount")
    provider = OidcProvider(
        account=call.account,
        partition=call.signed_by.partition,
        created=call.now,
        url=url,
        clients=clients,
        thumbprints=thumbprints,
        tags=tags,
    )
    return {"OpenIDConnectProviderArn": call.world.put(provider).arn, "Tags": tag_list(tags) or None}


def _provider_url(text: str) -> str:
    parts = urlsplit(text)
    whole = parts.scheme == "https" and parts.hostname and re.fullmatch(r"[\w.-]+", parts.netloc)
    if not whole or parts.query or parts.fragment:
        raise AwsError("ValidationError", "Invalid Open ID Connect Provider URL")
    return parts.netloc + parts.path


def _check_lists(clients: tuple[str, ...], thumbprints: tuple[str, ...]) -> None:
    if len(clients) > CLIENT_QUOTA:
        raise limit("ClientIdsPerOpenIdConnectProvider", CLIENT_QUOTA)
    if len(thumbprints) > THUMBPRINT_QUOTA:
        raise AwsError("InvalidInput", "Thumbprint list must contain fewer than 5 entries.")
    for thumbprint in thumbprints:
        if not re.fullmatch(r"[0-9A-Fa-f]{40}", thumbprint):
            raise AwsError("InvalidInput", "Thumbprint must be a 40-character hexadecimal value.")


def get_oidc(call: Call) -> Answer:
    provider = _find_oidc(call)
    return {
        "Url": provider.url,
        "ClientIDList": list(provider.clients),
        "ThumbprintList": list(provider.thumbprints),
        "CreateDate": when(provider.created),
        "Tags": tag_list(provider.tags) or None,
    }


def list_oidc(call: Call) -> Answer:
    found = call.world.all(OidcProvider, call.account)
    return {"OpenIDConnectProviderList": [{"Arn": provider.arn} for provider in found]}


def add_client(call: Call) -> Answer:
    provider = _find_oidc(call)
    clients = tuple(dict.fromkeys((*provider.clients, call.params["ClientID"])))
    _check_lists(clients, ())
    call.world.put(attrs.evolve(provider, clients=clients))
    return {}


def remove_client(call: Call) -> Answer:
    provider = _find_oidc(call)
    kept = tuple(client for client in provider.clients if client != call.params["ClientID"])
    call.world.put(attrs.evolve(provider, clients=kept))
    return {}


def update_thumbprints(call: Call) -> Answer:
    thumbprints = tuple(call.params["ThumbprintList"])
    _check_lists((), thumbprints)
    call.world.put(attrs.evolve(_find_oidc(call), thumbprints=thumbprints))
    return {}


def tag(find: Callable[[Call], Provider], quota_name: str, call: Call) -> Answer:
    provider = find(call)
    tags = merge_tags(provider.tags, read_tags(call.params.get("Tags")), quota_name)
    call.world.put(attrs.evolve(provider, tags=tags))
    return {}


def untag(find: Callable[[Call], Provider], call: Call) -> Answer:
    provider = find(call)
    call.world.put(attrs.evolve(provider, tags=without_tags(provider.tags, call.params["TagKeys"])))
    return {}


def list_tags(find: Callable[[Call], Provider], call: Call) -> Answer:
    return page(call, "Tags", tag_list(find(call).tags), lambda item: item["Key"])


HANDLERS: dict[str, Handler] = {
    "CreateSAMLProvider": create_saml,
    "GetSAMLProvider": get_saml,
    "ListSAMLProviders": list_saml,
    "UpdateSAMLProvider": update_saml,
    "DeleteSAMLProvider": partial(delete_provider, _find_saml),
    "TagSAMLProvider": partial(tag, _find_saml, "TagsPerSAMLProvider"),
    "UntagSAMLProvider": partial(untag, _find_saml),
    "ListSAMLProviderTags": partial(list_tags, _find_saml),
    "CreateOpenIDConnectProvider": create_oidc,
    "GetOpenIDConnectProvider": get_oidc,
    "ListOpenIDConnectProviders": list_oidc,
    "AddClientIDToOpenIDConnectProvider": add_client,
    "RemoveClientIDFromOpenIDConnectProvider": remove_client,
    "UpdateOpenIDConnectProviderThumbprint": update_thumbprints,
    "DeleteOpenIDConnectProvider": partial(delete_provider, _find_oidc),
    "TagOpenIDConnectProvider": partial(tag, _find_oidc, "TagsPerOpenIDConnectProvider"),
    "UntagOpenIDConnectProvider": partial(untag, _find_oidc),
    "ListOpenIDConnectProviderTags": partial(list_tags, _find_oidc),
}
