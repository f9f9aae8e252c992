from __future__ import annotations

import pytest

from xacct.errors import InputError
from xacct.lightsail.catalog import Severity, Source, load_catalog
from xacct.lightsail.sets import EVERYTHING, permission_set, permission_sets

SETS = permission_sets()
CATALOG = load_catalog()
# The sets whose very point is sensitive; all others hold nothing above low except what is listed.
MEANT = {
    "instance-connect": {"GetInstanceAccessDetails"},
    "instance-provisioner": {"CreateInstances", "AttachStaticIp", "DetachStaticIp"},
    "disk-manager": {"AttachDisk"},
    "firewall-manager": {"OpenInstancePublicPorts", "PutInstancePublicPorts"},
    "static-ip-manager": {"AttachStaticIp", "DetachStaticIp"},
    "restore-operator": {
        "CreateDiskFromSnapshot",
        "CreateInstancesFromSnapshot",
        "CreateRelationalDatabaseFromSnapshot",
    },
    "database-operator": {"GetRelationalDatabaseLogEvents"},
    "dns-manager": {"CreateDomainEntry", "DeleteDomainEntry", "UpdateDomainEntry"},
    "container-deployer": {
        "CreateContainerServiceDeployment",
        "CreateContainerServiceRegistryLogin",
        "GetContainerLog",
        "GetContainerServiceDeployments",
        "GetContainerServices",
        "RegisterContainerImage",
    },
}
NARROW = [name for name in SETS if name != "full-access"]


def test_the_sets_a_user_looks_for_are_there():
    assert set(SETS) >= {
        "read-only",
        "inventory",
        "monitoring",
        "instance-operator",
        "snapshot-operator",
        "database-operator",
        "dns-manager",
        "bucket-manager",
        "container-deployer",
        "edge-manager",
        "account-setup",
        "full-access",
    }


@pytest.mark.parametrize("name", NARROW)
def test_a_set_holds_published_actions_by_their_exact_names(name: str):
    for full_name in (*SETS[name].actions, *SETS[name].opt_in):
        action = CATALOG.action(full_name)
        assert action is not None, full_name
        assert action.full_name == full_name
        assert action.source is Source.AUTHORIZATION_DATA
    assert list(SETS[name].actions) == sorted(set(SETS[name].actions))
    assert not set(SETS[name].actions) & set(SETS[name].opt_in)


@pytest.mark.parametrize("name", NARROW)
def test_a_set_holds_no_sensitive_action_but_those_that_are_its_point(name: str):
    held = {action.name for action in SETS[name].sensitive if action.sensitive.severity is not Severity.LOW}
    assert held == MEANT.get(name, set())


@pytest.mark.parametrize("name", NARROW)
def test_only_the_provisioner_destroys(name: str):
    final = {action.name for action in SETS[name].known_actions if action.irreversible}
    allowed = {
        "instance-provisioner": {"DeleteInstance"},
        "bucket-manager": {"DeleteBucketAccessKey"},
        "dns-manager": {"DeleteDomainEntry"},
    }
    assert final == allowed.get(name, set())


@pytest.mark.parametrize("name", NARROW)
def test_tagging_is_never_in_a_set(name: str):
    assert not {"lightsail:TagResource", "lightsail:UntagResource"} & set(SETS[name].actions)


@pytest.mark.parametrize("name", ["read-only", "inventory", "monitoring"])
def test_a_reading_set_only_reads(name: str):
    assert all(action.is_read for action in SETS[name].known_actions)


def test_read_only_reads_everything_but_the_named_secrets():
    reads = {action.full_name for action in CATALOG.actions.values() if action.is_read}
    unpublished = {"lightsail:GetProfile", "lightsail:GetSubdomains"}
    assert reads - set(SETS["read-only"].actions) - unpublished == set(SETS["read-only"].opt_in)
    assert set(SETS["read-only"].opt_in) == {
        "lightsail:GetContactMethods",
        "lightsail:GetContainerLog",
        "lightsail:GetContainerServiceDeployments",
        "lightsail:GetContainerServices",
        "lightsail:GetRelationalDatabaseLogEvents",
    }


@pytest.mark.parametrize("name", ["inventory", "monitoring"])
def test_inventory_and_monitoring_hold_nothing_sensitive(name: str):
    assert SETS[name].sensitive == ()


def test_inventory_knows_no_costs():
    assert not {action for action in SETS["inventory"].actions if "Cost" in action or "Bundles" in action}


@pytest.mark.parametrize("name", list(SETS))
def test_every_set_is_told_in_words(name: str):
    found = SETS[name]
    assert found.title
    assert found.summary.endswith(".")
    assert found.leaves_out.endswith(".")
    assert "console" in found.console
    pending = {"GetRelationalDatabase", "GetRelationalDatabases"} & {
        action.name for action in found.known_actions
    }
    assert name == "full-access" or bool(pending) == ("pending" in found.summary)


def test_full_access_is_everything_and_loud():
    found = SETS["full-access"]
    assert found.actions == (EVERYTHING,)
    assert found.loud
    assert len(found.known_actions) == len(CATALOG.actions)


def test_a_set_that_holds_something_of_high_severity_is_loud():
    assert {name for name, found in SETS.items() if found.loud} == {
        "full-access",
        "instance-connect",
        "instance-provisioner",
        "firewall-manager",
        "restore-operator",
        "dns-manager",
        "container-deployer",
    }


def test_every_operator_can_follow_what_it_starts():
    for name in NARROW:
        assert {"lightsail:GetOperation", "lightsail:GetOperations"} <= set(SETS[name].actions)


def test_an_unknown_set_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="did you mean 'read-only'"):
        permission_set("readonly")
    with pytest.raises(InputError, match="the sets are read-only"):
        permission_set("qqqqqqq")
