"""
The embedded AWS: IAM, STS and Lightsail without an account, a network or a daemon, and as strict as AWS.

In come AWS requests, as HTTP messages: from boto3 clients of a session that was given to ``attach``, or over
loopback from ``serve``. Each is attributed to an account and a principal by its access key, held against
that principal's policies (and, for AssumeRole and its relatives, against the role's trust policy) by
``xacct.evaluate``, and answered from the state, which is kept between commands until ``Sandbox.reset``.
What AWS refuses is refused with AWS's codes and texts.

moto parses and writes AWS's protocols here and brings AWS's managed policies; it is imported, like botocore,
when the first request comes.
"""

from xacct.sandbox.attach import attach
from xacct.sandbox.http import Credentials, HttpRequest, HttpResponse
from xacct.sandbox.sandbox import Sandbox, SandboxCall, default_state_dir
from xacct.sandbox.server import serve, serving

__all__ = [
    "Credentials",
    "HttpRequest",
    "HttpResponse",
    "Sandbox",
    "SandboxCall",
    "attach",
    "default_state_dir",
    "serve",
    "serving",
]
