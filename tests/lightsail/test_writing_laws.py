"""What holds for every action under every kind of limit, and for every grant."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.errors import InputError
from xacct.iam.arn import Arn
from xacct.iam.policy import Effect
from xacct.lightsail.catalog import REGIONS, Action, load_catalog
from xacct.lightsail.sets import permission_sets
from xacct.lightsail.writing import PermissionEntry, Written, write_statements

ACCOUNT = "111122223333"
UUID = "2c9d1b1e-5f0a-4a59-9d3c-0a7f1c2b3d4e"
CATALOG = load_catalog()
ACTIONS = list(CATALOG.actions.values())
KINDS = [kind for kind in CATALOG.resource_types.values() if kind.refusal is None]


def arn(kind: str, name: str = UUID) -> str:
    region = "global" if CATALOG.resource_types[kind].is_global else "eu-west-1"
    return f"arn:aws:lightsail:{region}:{ACCOUNT}:{kind}/{name}"


EVERY_ARN = tuple(arn(kind.name) for kind in KINDS)
TAGS = {"Team": ("web",)}


def attempt(*entries: PermissionEntry) -> Written | None:
    try:
        return write_statements(entries, account=ACCOUNT)
    except InputError:
        return None


def pairs(written: Written) -> Iterator[tuple[Action, tuple[str, ...], set[str]]]:
    """Each action of each statement, with the statement's resources and condition keys."""
    for statement in written.statements:
        for name in statement.actions or ():
            action = CATALOG.action(name)
            assert action is not None or name == "lightsail:*", name
            keys = {condition.key for condition in statement.conditions}
            for known in CATALOG.expand(name):
                yield known, statement.resources or (), keys


def check_truths(written: Written) -> None:
    """What no statement of ours may ever do."""
    for action, resources, keys in pairs(written):
        takes = {use.type for use in action.resource_types}
        kinds = {Arn.parse(text).resource_type for text in resources if text != "*"}
        assert kinds <= takes
        assert set(action.required_types) <= kinds or resources == ("*",)
        assert not any(key.startswith("aws:ResourceTag/") for key in keys) or action.supports_resource_tags
        assert not any(key.startswith("aws:RequestTag/") for key in keys) or (
            action.supports_request_tags and not takes and not action.copies
        )
    for statement in written.statements:
        assert statement.effect is Effect.ALLOW
        assert list(statement.actions or ()) == sorted(set(statement.actions or ()))
        assert list(statement.resources or ()) == sorted(set(statement.resources or ()))


LIMITS = {
    "none": {},
    "every ARN": {"resources": EVERY_ARN},
    "a tag": {"tags": TAGS},
    "a tag and every ARN": {"resources": EVERY_ARN, "tags": TAGS},
    "a Region": {"regions": ("eu-west-1",)},
    "all limits": {"resources": EVERY_ARN, "tags": TAGS, "regions": ("eu-west-1",)},
}


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("unscoped", [False, True])
def test_every_action_keeps_the_rules_under_every_kind_of_limit(limit: str, unscoped: bool):
    by_arn, by_tag = "ARN" in limit or limit == "all limits", "tag" in limit or limit == "all limits"
    for action in ACTIONS:
        written = attempt(PermissionEntry(add=(action.name,), unscoped=unscoped, **LIMITS[limit]))
        unreached = (by_arn and action.wildcard_only) or (
            by_tag and not action.supports_resource_tags and not action.creates_without_source
        )
        if unreached and not action.is_read and not unscoped:
            assert written is None, action.name
            continue
        assert written is not None, action.name
        check_truths(written)
        (found,) = pairs(written)
        assert found[0] == action
        assert written.account_wide == ((action.full_name,) if unreached else ())
        if by_arn and not action.wildcard_only:
            assert found[1] != ("*",)
        if by_tag and not unreached:
            assert any("Tag/Team" in key for key in found[2])
        assert ("aws:RequestedRegion" in found[2]) == (limit in ("a Region", "all limits"))


entries = st.builds(
    PermissionEntry,
    set=st.one_of(st.none(), st.sampled_from(list(permission_sets()))),
    add=st.lists(st.sampled_from([action.full_name for action in ACTIONS]), max_size=3).map(tuple),
    remove=st.lists(st.sampled_from([action.full_name for action in ACTIONS]), max_size=1).map(tuple),
    resources=st.lists(
        st.sampled_from([*EVERY_ARN, *(arn(kind.name, "*") for kind in KINDS)]), max_size=4
    ).map(tuple),
    tags=st.dictionaries(
        st.sampled_from(["Team", "Environment"]),
        st.lists(st.sampled_from(["web", "ops", "p*"]), min_size=1, max_size=2).map(tuple),
        max_size=2,
    ),
    regions=st.lists(st.sampled_from(["eu-west-1", "us-east-1", *REGIONS]), max_size=2).map(tuple),
    unscoped=st.booleans(),
)
grants = st.lists(entries, min_size=1, max_size=3)


def asked_for(entry: PermissionEntry) -> set[str]:
    chosen = permission_sets()[entry.set].known_actions if entry.set else ()
    names = {action.full_name for action in chosen} | set(entry.add)
    return names - set(entry.remove)


@given(grants)
@settings(deadline=None, max_examples=80)
def test_no_grant_breaks_the_rules_or_allows_what_was_not_asked_for(grant: list[PermissionEntry]):
    written = attempt(*grant)
    if written is None:
        return
    check_truths(written)
    granted = {action.full_name for action, _, _ in pairs(written)}
    wanted = set().union(*(asked_for(entry) for entry in grant))
    left_out = {left.action for left in written.left_out}
    assert granted <= wanted
    assert granted | left_out == wanted
    assert not granted & left_out
    assert set(written.account_wide) <= granted


@given(grants, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_the_order_of_what_is_asked_for_makes_no_difference(
    grant: list[PermissionEntry], chance: random.Random
):
    def shuffled(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(chance.sample(values, len(values)))

    other = [
        PermissionEntry(
            set=entry.set,
            add=shuffled(entry.add),
            remove=shuffled(entry.remove),
            resources=shuffled(entry.resources),
            tags={key: shuffled(entry.tags[key]) for key in shuffled(tuple(entry.tags))},
            regions=shuffled(entry.regions),
            unscoped=entry.unscoped,
        )
        for entry in chance.sample(grant, len(grant))
    ]
    assert attempt(*grant) == attempt(*other)


def reaches(written: Written, action: str, resource: str, region: str, tag: str | None) -> bool:
    """A small judge of its own: may this request on a resource with that tag pass?"""
    context = {"aws:RequestedRegion": region, "aws:ResourceTag/Team": tag, "aws:RequestTag/Team": tag}
    return any(
        (action in (statement.actions or ()) or "lightsail:*" in (statement.actions or ()))
        and any(one in ("*", resource) for one in statement.resources or ())
        and all(context.get(condition.key) in condition.values for condition in statement.conditions)
        for statement in written.statements
    )


simple = st.builds(
    PermissionEntry,
    set=st.sampled_from(["instance-operator", "dns-manager", "full-access", "static-ip-manager"]),
    resources=st.lists(st.sampled_from(EVERY_ARN), max_size=4).map(tuple),
    tags=st.sampled_from([{}, {"Team": ("web",)}, {"Team": ("web", "ops")}]),
    regions=st.sampled_from([(), ("eu-west-1",), ("eu-west-1", "us-east-1")]),
    unscoped=st.booleans(),
)


@given(
    st.lists(simple, min_size=2, max_size=3),
    st.sampled_from(ACTIONS),
    st.sampled_from(EVERY_ARN),
    st.sampled_from(["eu-west-1", "us-east-1", "sa-east-1"]),
    st.sampled_from([None, "web", "ops"]),
)
@settings(deadline=None, max_examples=150)
def test_entries_together_allow_exactly_what_they_allow_one_by_one(
    grant: list[PermissionEntry], action: Action, resource: str, region: str, tag: str | None
):
    together, apart = attempt(*grant), [attempt(entry) for entry in grant]
    if together is None or None in apart:
        return
    request = (action.full_name, resource, region, tag)
    assert reaches(together, *request) == any(reaches(one, *request) for one in apart if one is not None)


@given(st.lists(st.text(max_size=30), max_size=3).map(tuple), st.text(max_size=30), st.text(max_size=10))
@settings(deadline=None, max_examples=150)
def test_no_text_makes_it_stumble(words: tuple[str, ...], key: str, value: str):
    attempt(
        PermissionEntry(
            set=key, add=words, remove=words, resources=words, tags={key: (value,)}, regions=words
        )
    )
    attempt(PermissionEntry(set="inventory", tags={key: (value,)}))
    attempt(PermissionEntry(set="inventory", add=words))
