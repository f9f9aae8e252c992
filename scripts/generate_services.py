"""
Generate xacct/explain/services.json: which services have resource-based policies, and by which calls.

Two sources: the reviewed facts beside this script (services/facts.yaml), and the models that botocore
carries. Every call that the facts name has to exist in a model. Services that the facts lack, and whose model
sets a resource policy, are added with what the model says; all others are listed as having no such call. The
same sources give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
FACTS = HERE / "services" / "facts.yaml"
TARGET = HERE.parent / "xacct" / "explain" / "services.json"
DATE = "2026-11-22"
GUIDE = "IAM User Guide: reference_aws-services-that-work-with-iam (May 2023)"

SETS = re.compile(
    r"^(Put|Set|Create|Update)(Resource|Cluster|Channel|FileSystem|Component|ContainerRecipe|Image|ImageRecipe|Sink"
    r"|Contact|S3Access)Polic(y|ies)$|^PutPolicy$|^PutPermission$|^PutPermissionPolicy$"
)
# The services that the guide's table marks with Yes or Partial (VPC is told under ec2).
GUIDE_MARKS = frozenset(
    {
        "acm-pca",
        "apigateway",
        "backup",
        "cloud9",
        "cloudtrail",
        "codeartifact",
        "codebuild",
        "ec2",
        "ecr",
        "efs",
        "events",
        "glacier",
        "glue",
        "iam",
        "iot",
        "kms",
        "lambda",
        "lexv2-models",
        "logs",
        "mediastore",
        "migration-hub-refactor-spaces",
        "opensearch",
        "redshift-serverless",
        "s3",
        "s3control",
        "schemas",
        "secretsmanager",
        "serverlessrepo",
        "ses",
        "signer",
        "sns",
        "sqs",
        "ssm-contacts",
        "ssm-incidents",
    }
)
READS = re.compile(r"^(Get|Describe|List)Resource(Based)?Polic(y|ies)$")
# The days on which AWS ended services that its models still have, by their guides' notices.
ENDED = {"lookoutequipment": "7 October 2026"}
# Whose prefix in IAM is neither the name that the SDK signs with nor the service's own.
PREFIXES = {"opensearch": "es", "efs": "elasticfilesystem"}

# Their PutPolicy sets something else than a resource-based policy.
NOT_MEANT = {"fms", "mediaconvert"}
# Calls whose names do not tell, and whose description in the model or whose field does.
ALSO_SETS = {
    "aiops": {"PutInvestigationGroupPolicy"},
    "cleanroomsml": {"PutConfiguredAudienceModelPolicy"},
    "cloudsearch": {"UpdateServiceAccessPolicies"},
    "elementalinference": {"PutFeedPolicy"},
    "es": {"UpdateElasticsearchDomainConfig"},
    "qbusiness": {"AssociatePermission"},
    "route53resolver": {
        "PutFirewallRuleGroupPolicy",
        "PutResolverQueryLogConfigPolicy",
        "PutResolverRulePolicy",
    },
    "ssm-sap": {"PutResourcePermission"},
    "signin": {"PutResourcePermissionStatement"},
    "wellarchitected": {"PutAgentProfilePolicy", "PutAgentRecommendationPolicy"},
}

Json = dict[str, Any]
# Full name, operations, and the prefix of the actions in IAM.
Model = tuple[str, frozenset[str], str]
NOTHING: Model = ("", frozenset(), "")


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Generate the table of services with resource-based policies."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when it is not current")
    arguments = parser.parse_args()
    text = render(build(yaml.safe_load(FACTS.read_text(encoding="utf-8")), read_models()))
    if arguments.check:
        sys.exit(0 if TARGET.read_text(encoding="utf-8") == text else f"{TARGET} is not current: run me")
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET}: {len(text)} bytes")


def read_models() -> dict[str, Model]:
    """The model of each service, by the SDK's name."""
    from botocore.loaders import Loader

    loader = Loader()
    found = {}
    for service in loader.list_available_services("service-2"):
        model = loader.load_service_model(service, "service-2")
        metadata = model["metadata"]
        name = metadata.get("serviceFullName", service)
        prefix = PREFIXES.get(service) or metadata.get("signingName") or service
        found[service] = (name, frozenset(model["operations"]), prefix)
    return found


def build(facts: dict[str, Json], models: dict[str, Model]) -> Json:
    check(facts, models)
    covered = {*facts, *(other for row in facts.values() for other in row.get("also", ()))}
    services = {service: curated(service, row) for service, row in facts.items()}
    without = {}
    hints = {}
    for service, (name, operations, _) in models.items():
        if service in covered:
            continue
        row = None if service in NOT_MEANT else found_in_model(service, name, operations)
        if row is not None:
            services[service] = row
            continue
        without[service] = name
        if reads := sorted(operation for operation in operations if READS.match(operation)):
            hints[service] = [f"{service}:{operation}" for operation in reads]
    for service, row in services.items():
        prefix = models[service][2] if service in models else service
        if prefix != service:
            row["prefix"] = prefix
        if service in ENDED:
            row["ended"] = ENDED[service]
    import botocore

    return {
        "date": DATE,
        "sources": [GUIDE, f"botocore {botocore.__version__}: {len(models)} service models"],
        "services": dict(sorted(services.items())),
        "without": dict(sorted(without.items())),
        "hints": dict(sorted(hints.items())),
    }


def check(facts: dict[str, Json], models: dict[str, Model]) -> None:
    """Every call that the facts or this script name exists."""
    wrong = [
        call
        for row in facts.values()
        for call in (*row.get("write", ()), *row.get("read", ()), *row.get("need", {}).get("write", ()))
        if call.partition(":")[2] not in models.get(call.partition(":")[0], NOTHING)[1]
    ]
    wrong += [
        f"{service}:{operation}"
        for service, named in ALSO_SETS.items()
        for operation in named - models.get(service, NOTHING)[1]
    ]
    if wrong:
        sys.exit(f"no model has {', '.join(wrong)}")


def curated(service: str, row: Json) -> Json:
    kept = {key: value for key, value in row.items() if value}
    return {**kept, "certainty": "guide" if service in GUIDE_MARKS else "reviewed"}


def found_in_model(service: str, name: str, operations: Iterable[str]) -> Json | None:
    also = ALSO_SETS.get(service, set())
    sets = sorted(operation for operation in operations if SETS.match(operation) or operation in also)
    if not sets:
        return None
    reads = sorted(operation for operation in operations if reads_one(operation, sets))
    return {
        "name": name,
        "support": "yes",
        "policy": "resource policy",
        "write": [f"{service}:{operation}" for operation in sets],
        "read": [f"{service}:{operation}" for operation in reads],
        "certainty": "guide and SDK model" if service in GUIDE_MARKS else "SDK model alone",
    }


def reads_one(operation: str, sets: Iterable[str]) -> bool:
    """Whether an operation reads what one of these sets: GetResourcePolicy for PutResourcePolicy."""
    what = {re.sub(r"^(Put|Set|Create|Update|Associate)", "", name) for name in sets}
    what = {"Policy" if name == "Permission" else name for name in what}
    read = re.sub(r"^(Get|Describe|List)", "", operation)
    return read != operation and (read in what or read.replace("Policies", "Policy") in what)


def render(value: Json) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
