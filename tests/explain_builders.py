"""Grants for the tests of explanations: the shipped examples, and edits of them as text."""

from __future__ import annotations

from pathlib import Path

from xacct.blueprint.catalogue import load_blueprint
from xacct.blueprint.expand import Expansion, expand
from xacct.blueprint.load import load_grants

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.yaml"))

BUCKET_GRANT = """
blueprint: third-party
name: reports-reader
account: "111122223333"
parameters:
  trusted_account: "444455556666"
  external_id: 1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11
permissions:
  - statements:
      - {Effect: Allow, Action: ["s3:GetObject"], Resource: "arn:aws:s3:::acme-reports/*"}
"""


RAW_GRANT = """
blueprint: raw
name: operators
account: "111122223333"
parameters:
  trust:
    Version: "2012-10-17"
    Statement:
      - Sid: Jane
        Effect: Allow
        Principal: {AWS: "arn:aws:iam::444455556666:user/jane"}
        Action: sts:AssumeRole
        Condition: {Bool: {"aws:MultiFactorAuthPresent": "true"}}
  policies:
    main:
      Version: "2012-10-17"
      Statement:
        - Sid: Operate
          Effect: Allow
          Action: ["lightsail:GetInstances", "lightsail:RebootInstance"]
          Resource: "*"
        - {Sid: NotInIreland, Effect: Deny, Action: "*", Resource: "arn:aws:lightsail:eu-west-1:*:*"}
"""


def expanded(path: Path) -> Expansion:
    [grant] = load_grants([path])
    return expand(grant, load_blueprint(grant.blueprint, []))


def example(name: str) -> Expansion:
    return expanded(ROOT / "examples" / f"{name}.yaml")


def from_text(text: str, folder: Path) -> Expansion:
    path = folder / "grant.yaml"
    path.write_text(text)
    return expanded(path)
