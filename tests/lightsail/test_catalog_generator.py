"""The script that generates the catalog, on small sources made here."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "generate_catalog.py"
PACKAGED = Path(__file__).resolve().parents[2] / "xacct" / "lightsail" / "catalog.json"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_catalog", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def use(
    *types: str, required: bool = True, keys: tuple[str, ...] = (), needs: tuple[str, ...] = ()
) -> dict[str, Any]:
    rows = {kind: {"required": required, "condition_keys": [], "dependent_actions": []} for kind in types}
    rows[""] = {"required": False, "condition_keys": list(keys), "dependent_actions": list(needs)}
    return {"access_level": "Write", "resource_types": rows}


def sources(script: ModuleType) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    tagged = {
        "arn": "arn:${Partition}:lightsail:${Region}:${Account}:Disk/${Id}",
        "condition_keys": [script.RESOURCE_TAG],
    }
    database = {
        "privileges": {
            "CreateDisk": use(keys=(script.REQUEST_TAG, script.TAG_KEYS), needs=("lightsail:GetDisk",)),
            "DeleteDisk": use("Disk"),
            "GetDisk": {**use(), "access_level": "Read"},
        },
        "resources": {"Disk": tagged},
    }
    secret = {"type": "string", "sensitive": True}
    shapes = {
        "RegionName": {"enum": ["us-east-1"]},
        "Answer": {"members": {"disks": {"shape": "Disks"}, "next": {"shape": "Answer"}}},
        "Disks": {"member": {"shape": "Disk"}},
        "Disk": {"members": {"key": {"shape": "Secret"}}},
        "Secret": secret,
    }
    operations: dict[str, Any] = {name: {} for name in ("CreateDisk", "DeleteDisk", "GetDisk", "GetNews")}
    operations["GetDisk"] = {"output": {"shape": "Answer"}}
    model = {"metadata": {"apiVersion": "1"}, "operations": operations, "shapes": shapes}
    overlay = {
        "reviewed": "2026-01-01",
        "sources": {},
        "access_levels": {},
        "tagged_types": [],
        "request_tag_actions": [],
        "extra_resource_types": {},
        "sdk_only": {"GetNews": "Read"},
        "only_region": {"us-east-1": ["GetDisk"]},
        "copies": [],
        "disrupts": ["DeleteDisk"],
        "irreversible": [],
        "sensitive": {"GetDisk": {"severity": "high", "kind": "data", "why": "holds a key"}},
        "resource_types": {"Disk": {"find": ["GetDisk", "diskName", "disk.arn"]}},
    }
    return database, model, overlay


def test_the_sources_are_joined(script: ModuleType):
    actions = script.build(*sources(script))["actions"]
    assert actions["CreateDisk"] == {
        "access_level": "Write",
        "condition_keys": [script.REQUEST_TAG, script.TAG_KEYS],
        "dependent_actions": ["lightsail:GetDisk"],
    }
    assert actions["DeleteDisk"] == {
        "access_level": "Write",
        "condition_keys": [script.RESOURCE_TAG],
        "disrupts": True,
        "resource_types": {"Disk": True},
    }
    assert actions["GetDisk"]["returns_secrets"] == ["disks.key"]
    assert actions["GetNews"] == {"access_level": "Read", "sdk_only": True}


def test_an_operation_that_nobody_judged_stops_it(script: ModuleType):
    database, model, overlay = sources(script)
    model["operations"]["GetMore"] = {}
    with pytest.raises(SystemExit, match="GetMore"):
        script.build(database, model, overlay)


def test_a_secret_that_nobody_judged_stops_it(script: ModuleType):
    database, model, overlay = sources(script)
    overlay["sensitive"] = {}
    with pytest.raises(SystemExit, match="answer of GetDisk"):
        script.build(database, model, overlay)


def test_an_overlay_of_what_is_gone_stops_it(script: ModuleType):
    database, model, overlay = sources(script)
    overlay["disrupts"] = ["DropDisk"]
    with pytest.raises(SystemExit, match="DropDisk"):
        script.build(database, model, overlay)


def test_a_resource_type_without_tags_stops_it(script: ModuleType):
    database, model, overlay = sources(script)
    database["resources"]["Disk"]["condition_keys"] = []
    with pytest.raises(SystemExit, match="without tags"):
        script.build(database, model, overlay)


def test_writing_the_packaged_catalog_again_gives_the_same_bytes(script: ModuleType):
    text = PACKAGED.read_text(encoding="utf-8")
    assert script.render(json.loads(text)) == text


def test_the_packaged_catalog_agrees_with_the_overlay(script: ModuleType):
    overlay = script.read_overlay()
    packaged = json.loads(PACKAGED.read_text(encoding="utf-8"))
    assert packaged["date"] == str(overlay["reviewed"])
    assert {name: row["sensitive"] for name, row in packaged["actions"].items() if "sensitive" in row} == (
        overlay["sensitive"]
    )
    for key in ("copies", "disrupts", "irreversible"):
        assert sorted(name for name, row in packaged["actions"].items() if row.get(key)) == sorted(
            overlay[key]
        )
