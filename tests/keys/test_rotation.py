"""Rotation against an IAM in memory, killed after every call and gone on with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.errors import InputError
from xacct.keys import AccessKey, KeyStatus, NewKey, Note, Rotated, Step, rotate

NOW = datetime(2026, 12, 1, tzinfo=UTC)


class Killed(BaseException):
    """The process ends here."""


@attrs.define
class Fuse:
    """Ends the run at the call with this number, before or after the call is carried out."""

    left: int = 10**9
    after: bool = False

    def around(self, act: Callable[[], None]) -> None:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Killed
        act()
        if self.left == 0:
            raise Killed


@attrs.define
class Iam:
    fuse: Fuse = attrs.field(factory=Fuse)
    held: dict[str, AccessKey] = attrs.field(factory=dict)
    secrets: dict[str, str] = attrs.field(factory=dict)
    made: int = 0
    last: NewKey | None = None

    def add(self, key_id: str, *, days: int = 100, active: bool = True, used: int | None = 1) -> None:
        self.held[key_id] = AccessKey(
            id=key_id,
            user="dana",
            status=KeyStatus.ACTIVE if active else KeyStatus.INACTIVE,
            created=NOW - timedelta(days=days),
            last_used=None if used is None else NOW - timedelta(days=used),
        )
        self.secrets[key_id] = f"secret of {key_id}"

    def keys(self, user: str) -> tuple[AccessKey, ...]:
        return tuple(self.held.values())

    def make(self, user: str) -> NewKey:
        assert len(self.held) < 2, "IAM allows two keys"
        self.made += 1
        made = f"AKIANEW{self.made}"

        def act() -> None:
            self.add(made, days=0, used=None)

        self.fuse.around(act)
        return NewKey(id=made, secret=self.secrets[made])

    def deactivate(self, user: str, key_id: str) -> None:
        def act() -> None:
            self.held[key_id] = attrs.evolve(self.held[key_id], status=KeyStatus.INACTIVE)

        self.fuse.around(act)

    def delete(self, user: str, key_id: str) -> None:
        self.fuse.around(lambda: self.held.pop(key_id) and None)

    def verify(self, user: str, key: NewKey) -> None:
        def act() -> None:
            assert self.held[key.id].is_active
            assert self.secrets[key.id] == key.secret

        self.fuse.around(act)


@attrs.define
class Profile:
    fuse: Fuse
    kept: NewKey | None = None
    identity: str = "profile dana"
    keeps: bool = True

    def read(self) -> NewKey | None:
        return self.kept

    def store(self, key: NewKey) -> None:
        def act() -> None:
            self.kept = key

        self.fuse.around(act)


@attrs.define
class Screen:
    fuse: Fuse
    shown: list[NewKey] = attrs.field(factory=list)
    identity: str = "the screen"
    keeps: bool = False

    def read(self) -> NewKey | None:
        return None

    def store(self, key: NewKey) -> None:
        self.fuse.around(lambda: self.shown.append(key))


@attrs.define
class Memory:
    fuse: Fuse
    notes: dict[str, Note] = attrs.field(factory=dict)

    def load(self, user: str) -> Note | None:
        return self.notes.get(user)

    def save(self, note: Note) -> None:
        def act() -> None:
            self.notes[note.user] = note

        self.fuse.around(act)

    def clear(self, user: str) -> None:
        self.notes.pop(user, None)


@attrs.define
class World:
    iam: Iam
    place: Profile | Screen
    notes: Memory
    fuse: Fuse

    @classmethod
    def with_key(cls, *, shows: bool = False) -> World:
        fuse = Fuse()
        iam = Iam(fuse)
        iam.add("AKIAOLD")
        old = NewKey(id="AKIAOLD", secret="secret of AKIAOLD")
        return cls(iam, Screen(fuse) if shows else Profile(fuse, old), Memory(fuse), fuse)

    def run(self, **options: object) -> Rotated:
        steps: list[Step] = []
        return rotate(self.iam, self.place, self.notes, "dana", now=NOW, on_step=steps.append, **options)  # type: ignore[arg-type]

    def run_until(self, call: int, *, after: bool) -> bool:
        """Run with a fuse; tell whether it came to its end."""
        self.fuse.left, self.fuse.after = call, after
        try:
            self.run()
        except Killed:
            return False
        finally:
            self.fuse.left = 10**9
        return True

    @property
    def active(self) -> list[str]:
        return [key.id or "" for key in self.iam.held.values() if key.is_active]


def test_the_old_key_is_inactive_and_the_new_one_is_kept() -> None:
    world = World.with_key()
    told = world.run()
    assert told.made == "AKIANEW1"
    assert world.active == ["AKIANEW1"]
    assert set(world.iam.held) == {"AKIAOLD", "AKIANEW1"}
    assert world.place.read() == NewKey(id="AKIANEW1", secret="")
    assert world.notes.notes == {}


def test_finish_deletes_the_inactive_key_alone() -> None:
    world = World.with_key()
    world.run()
    world.run(finish=True)
    assert set(world.iam.held) == {"AKIANEW1"}
    assert world.run(finish=True).steps == ()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", range(1, 9))
@pytest.mark.parametrize("shows", [False, True], ids=["kept", "shown"])
def test_a_run_that_is_killed_at_any_call_is_gone_on_with(call: int, after: bool, shows: bool) -> None:
    world = World.with_key(shows=shows)
    ended = world.run_until(call, after=after)
    # At no moment is the user without a key that works and whose secret is somewhere.
    assert_usable(world)
    if not ended:
        world.run()
    assert_usable(world)
    assert set(world.iam.held) - {"AKIAOLD"} == set(world.active)
    assert len(world.active) == 1
    assert world.notes.notes == {}


def assert_usable(world: World) -> None:
    if isinstance(world.place, Screen):
        known = {"AKIAOLD"} | {key.id for key in world.place.shown}
    else:
        known = {world.place.kept.id} if world.place.kept else set()
        known |= {"AKIAOLD"} if "AKIAOLD" in world.active else set()
    assert known & set(world.active)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=6))
def test_any_number_of_killed_runs_ends_well(kills: list[tuple[int, bool]]) -> None:
    world = World.with_key()
    ended = False
    for call, after in kills:
        ended = ended or world.run_until(call, after=after)
        assert_usable(world)
    if not ended:
        world.run()
    assert len(world.active) == 1
    assert world.place.read() == NewKey(id=world.active[0], secret="")
    assert len(world.iam.held) == 2


def test_two_keys_are_told_and_neither_is_touched() -> None:
    world = World.with_key()
    world.iam.add("AKIAIDLE", days=300, used=None)
    with pytest.raises(InputError) as caught:
        world.run()
    [problem] = caught.value.problems
    assert problem.code == "two-keys"
    assert "AKIAIDLE was never used" in problem.message
    assert problem.fix.endswith("--replace AKIAIDLE")
    assert world.active == ["AKIAOLD", "AKIAIDLE"]


def test_the_key_that_was_given_free_makes_room() -> None:
    world = World.with_key()
    world.iam.add("AKIAIDLE", days=300, used=None)
    world.run(replace="AKIAIDLE")
    assert world.active == ["AKIANEW1"]
    assert set(world.iam.held) == {"AKIAOLD", "AKIANEW1"}


def test_a_key_that_is_not_there_can_not_be_given_free() -> None:
    world = World.with_key()
    world.iam.add("AKIAIDLE")
    with pytest.raises(InputError, match="no key AKIAOTHER"):
        world.run(replace="AKIAOTHER")


def test_finish_never_leaves_a_user_without_a_key() -> None:
    world = World.with_key()
    world.iam.deactivate("dana", "AKIAOLD")
    with pytest.raises(InputError, match="no active key"):
        world.run(finish=True)
    assert set(world.iam.held) == {"AKIAOLD"}


def test_finish_of_a_rotation_that_was_cut_off_is_refused() -> None:
    world = World.with_key()
    world.run_until(4, after=True)
    with pytest.raises(InputError, match="has not come to its end"):
        world.run(finish=True)


def test_a_key_that_may_be_in_another_place_is_not_discarded() -> None:
    world = World.with_key()
    assert not world.run_until(5, after=True)
    world.place = Profile(world.fuse, identity="profile other")
    with pytest.raises(InputError, match="profile dana"):
        world.run()
    assert world.active == ["AKIAOLD", "AKIANEW1"]


def test_a_user_without_keys_gets_one() -> None:
    world = World.with_key()
    world.iam.held.clear()
    world.run()
    assert world.active == ["AKIANEW1"]


def test_a_secret_is_not_in_what_can_be_printed() -> None:
    assert "hush" not in repr(NewKey(id="AKIAX", secret="hush"))
