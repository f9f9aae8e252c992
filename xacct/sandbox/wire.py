"""
AWS's wire protocols, read and written from the SDK's own service models.

moto's protocol layer does the work: its parsers and serializers follow the models for every operation.
Errors are written here, because moto warns about codes that a model does not list.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

import attrs

from xacct.sandbox.http import HttpRequest, HttpResponse, form_of
from xacct.sandbox.problems import AwsError
from xacct.values import frozen

__all__ = ["SERVICES", "Operation", "read_operation", "write_error", "write_result"]

SERVICES = ("iam", "sts", "lightsail")
_VERSIONS = {"2010-05-08": "iam", "2011-06-15": "sts"}


@frozen
class Operation:
    """One call: its service, its name, its parameters as the model types them."""

    service: str
    name: str
    params: Mapping[str, Any]
    model: Any = attrs.field(eq=False, repr=False)

    @property
    def action(self) -> str:
        return f"{self.service}:{self.name}"


@cache
def _service_model(service: str) -> Any:
    from moto.core.loaders import create_loader
    from moto.core.model import ServiceModel

    return ServiceModel(create_loader().load_service_model(service, "service-2"), service)


def service_of(request: HttpRequest, signed_for: str | None) -> str:
    """
    Tell which service is called, by the signature's scope, the target header, or the API version.

    Raises AwsError when it is none that the sandbox has.
    """
    target = request.header("X-Amz-Target")
    version = form_of(request).get("Version", "") if not target else ""
    service = "lightsail" if target.startswith("Lightsail_") else _VERSIONS.get(version) or signed_for or ""
    if service not in SERVICES:
        raise AwsError(
            "NotImplemented",
            f"The sandbox has IAM, STS and Lightsail; {service or 'this service'} is not one of them.",
        )
    return service


def read_operation(request: HttpRequest, service: str) -> Operation:
    """Raises AwsError for an unknown operation and for a body that is not what its model says."""
    if service == "lightsail":
        name = request.header("X-Amz-Target").rpartition(".")[2]
    else:
        name = form_of(request).get("Action", "")
    model = _operation_model(service, name)
    return Operation(service, name, _read_params(request, service, model), model)


def _operation_model(service: str, name: str) -> Any:
    model = _service_model(service)
    if name not in model.operation_names:
        if service == "lightsail":
            raise AwsError("UnknownOperationException", f"Operation {name} does not exist.")
        version = model.metadata["apiVersion"]
        raise AwsError("InvalidAction", f"Could not find operation {name} for version {version}")
    return model.operation_model(name)


def _read_params(request: HttpRequest, service: str, model: Any) -> dict[str, Any]:
    from moto.core.parse import JSONParser, QueryParser
    from werkzeug.datastructures import Headers, MultiDict

    parser = JSONParser if service == "lightsail" else QueryParser
    values = {} if service == "lightsail" else form_of(request)
    body = request.body.decode("utf-8", errors="replace") or "{}"
    try:
        parsed = parser(model).parse(
            {
                "method": request.method,
                "values": MultiDict(values),
                "headers": Headers(dict(request.headers)),
                "body": body,
                "url_path": "/",
                "url_params": {},
            }
        )
    except (ValueError, TypeError, AttributeError, KeyError, RuntimeError, OverflowError) as error:
        code = "SerializationException" if service == "lightsail" else "MalformedInput"
        raise AwsError(code, f"The request could not be read: {error}") from None
    return dict(parsed or {})


def write_result(operation: Operation, result: Mapping[str, Any]) -> HttpResponse:
    from moto.core.serialize import JSONSerializer, QuerySerializer, SerializationContext

    serializer = JSONSerializer if operation.service == "lightsail" else QuerySerializer
    request_id = str(uuid.uuid4())
    answer = serializer(operation.model, SerializationContext(request_id)).serialize(dict(result))
    body = answer["body"]
    data = body.encode() if isinstance(body, str) else body
    return HttpResponse(int(answer["status_code"]), _headers(operation.service, request_id), data)


def write_error(service: str, error: AwsError) -> HttpResponse:
    """Write an error the way the service does: JSON for Lightsail, XML for the others."""
    request_id = str(uuid.uuid4())
    if service == "lightsail":
        shown = {"__type": error.code, "message": error.message, "code": error.code}
        headers = {**_headers(service, request_id), "x-amzn-ErrorType": error.code}
        return HttpResponse(error.status, headers, json.dumps(shown).encode())
    namespace = _service_model(service if service in SERVICES else "sts").metadata["xmlNamespace"]
    body = (
        f'<ErrorResponse xmlns="{namespace}"><Error><Type>Sender</Type><Code>{escape(error.code)}</Code>'
        f"<Message>{escape(_printable(error.message))}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return HttpResponse(error.status, _headers(service, request_id), body.encode())


def _headers(service: str, request_id: str) -> dict[str, str]:
    kind = "application/x-amz-json-1.1" if service == "lightsail" else "text/xml"
    return {"Content-Type": kind, "x-amzn-RequestId": request_id}


def _printable(text: str) -> str:
    """Leave out what XML 1.0 cannot carry."""
    return "".join(character for character in text if character >= " " or character in "\t\n\r")
