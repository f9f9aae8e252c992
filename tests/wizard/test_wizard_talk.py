"""The conversation, played from lists of lines."""

from __future__ import annotations

import pytest
from wizard_builders import WALKS, PlayedFace, setup

from xacct.errors import CredentialsError
from xacct.wizard.flow import grant_of, start
from xacct.wizard.knowledge import Knowledge
from xacct.wizard.model import Option, Topic, Walk
from xacct.wizard.talk import talk

VENDOR = WALKS["third-party"]


def play(*lines: object, knowledge: Knowledge | None = None, **facts) -> tuple[Walk, PlayedFace]:
    face = PlayedFace(list(lines))
    walk = talk(start(setup(**facts), None, {}), face, knowledge or Knowledge())
    assert not face.lines, "not every line was used"
    return walk, face


@pytest.mark.parametrize("name", WALKS)
def test_a_walk_ends_at_the_review_with_enter(name: str) -> None:
    walk, face = play(*WALKS[name], "")
    assert face.asked[0] == "@intent"
    assert face.asked[-1] == "review"
    assert grant_of(walk).name == WALKS[name][-1]


@pytest.mark.parametrize("name", WALKS)
def test_ctrl_c_at_each_question_leaves(name: str) -> None:
    for cut in range(len(WALKS[name]) + 1):
        face = PlayedFace([*WALKS[name][:cut], KeyboardInterrupt()])
        with pytest.raises(KeyboardInterrupt):
            talk(start(setup(), None, {}), face, Knowledge())


@pytest.mark.parametrize("name", WALKS)
def test_help_at_each_question_is_told_and_asks_again(name: str) -> None:
    lines = [part for line in WALKS[name] for part in ("?", line)]
    _, face = play(*lines, "")
    helped = [text for text in face.told if text.startswith("help ")]
    assert len(helped) == len(WALKS[name])


def test_help_on_one_answer() -> None:
    _, face = play(*VENDOR[:3], "? 10", "?nothing", *VENDOR[3:], "")
    assert "help permissions snapshot-operator" in face.told
    assert "help permissions" in face.told


def test_a_wrong_answer_is_told_and_the_question_comes_again() -> None:
    walk, face = play("vendor", "4444", "", *VENDOR[1:], "")
    assert any("12 digits" in text for text in face.told)
    assert any("answer is needed" in text for text in face.told)
    assert grant_of(walk).parameters["trusted_account"] == "444455556666"


def test_back_leads_to_the_question_before() -> None:
    _, face = play("<", "ci", "<", "vendor", "<", *VENDOR, "")
    assert face.asked[:6] == ["@intent", "@intent", "@blueprint", "@intent", "trusted_account", "@intent"]
    assert any("first question" in text for text in face.told)


def test_back_from_the_review_asks_the_last_question_again() -> None:
    walk, face = play(*VENDOR, "<", "other", "")
    assert face.asked[-3:] == ["review", "name", "review"]
    assert grant_of(walk).name == "other"


def test_an_answer_is_changed_from_the_review() -> None:
    _, face = play(*VENDOR, "q0", "99", "4", "555566667777", "")
    assert "The vendor's AWS account ID: 555566667777" in face.told
    assert face.asked.count("review again") == 2


def test_back_from_a_change_keeps_the_answer() -> None:
    walk, _ = play(*VENDOR, "4", "<", "")
    assert grant_of(walk).parameters["trusted_account"] == "444455556666"


def test_what_was_given_ahead_cannot_be_changed() -> None:
    face = PlayedFace(["444455556666", "8f3a-11", "1", "all", "2", ""])
    walk = talk(start(setup(), "third-party", {"name": "acme"}), face, Knowledge())
    assert any("given with --set" in text for text in face.told)
    assert grant_of(walk).name == "acme"


def test_more_options_from_the_review() -> None:
    walk, face = play(*VENDOR, "m", "expires", "soon", "2031-01-31", "m", "", "m", "nothing", "<", "")
    assert str(grant_of(walk).expires) == "2031-01-31"
    assert any("is none of these" in text for text in face.told)
    assert any("no date" in text for text in face.told)


def test_leaving_from_the_review() -> None:
    with pytest.raises(KeyboardInterrupt):
        play(*VENDOR, "q")


def test_limits_given_ahead_wait_for_the_sets_and_hold_for_each() -> None:
    face = PlayedFace(["444455556666", "8f3a-11", "1,3", "acme", ""])
    walk = talk(start(setup(), "third-party", {"permissions.regions": "eu-west-1"}), face, Knowledge())
    assert [entry.regions for entry in grant_of(walk).permissions] == [("eu-west-1",), ("eu-west-1",)]


def test_a_grant_that_is_not_right_yet_is_not_written() -> None:
    # The limit was given for an account, the sets that it is of come later.
    arn = "arn:aws:lightsail:eu-west-1:111122223333:Instance/*"
    given = {"permissions.resources": arn, "account": "999988887777"}
    face = PlayedFace(["444455556666", "8f3a-11", "1", "acme", "", KeyboardInterrupt()])
    with pytest.raises(KeyboardInterrupt):
        talk(start(setup(), "third-party", given), face, Knowledge())
    assert any("cannot be written" in text for text in face.told)


def test_what_is_found_can_be_picked_by_number() -> None:
    users = [
        Option("arn:aws:iam::111122223333:user/jane", "jane"),
        Option("arn:aws:iam::111122223333:user/raj"),
    ]
    walk, _ = play(
        "5", "1", "2,1", "n", "1", "all", "ops", "", knowledge=Knowledge({Topic.PRINCIPALS: lambda *_: users})
    )
    assert grant_of(walk).parameters["principals"] == (users[1].value, users[0].value)


def test_reads_that_are_refused_fall_back_to_typing() -> None:
    def refused(*_: object) -> list[Option]:
        raise CredentialsError("no credentials")

    walk, face = play(*WALKS["delegated"], "", knowledge=Knowledge({Topic.PRINCIPALS: refused}))
    assert grant_of(walk).name == "jane"
    assert not any("credentials" in text for text in face.told)


def test_each_topic_is_looked_up_once_and_in_the_right_account() -> None:
    seen: list[tuple[str | None, tuple[str, ...]]] = []

    def principals(account: str | None, regions: tuple[str, ...]) -> list[Option]:
        seen.append((account, regions))
        return []

    knowledge = Knowledge({Topic.PRINCIPALS: principals})
    play(*WALKS["owned-account"][:2], "bad", *WALKS["owned-account"][2:], "", knowledge=knowledge)
    assert seen == [("222233334444", ())]


def test_names_that_are_taken_are_told_not_picked() -> None:
    taken = Knowledge({Topic.GRANTS: lambda *_: [Option("acme")]})
    walk, _ = play(*VENDOR[:-1], "1", "", knowledge=taken)
    assert grant_of(walk).name == "1"
