"""The walk: which question comes next, what it takes, and what is forgotten when an answer changes."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wizard_builders import OURS, SHIPPED, WALKS, answer, finished, setup

from xacct.blueprint.catalogue import load_blueprint
from xacct.blueprint.expand import expand
from xacct.blueprint.house import HouseRules
from xacct.blueprint.load import parse_grant
from xacct.blueprint.settings import grant_from_settings, settings_of
from xacct.blueprint.write import grant_to_yaml
from xacct.errors import InputError
from xacct.wizard.flow import back, grant_of, next_question, problems_of, settings_of_walk, start, take
from xacct.wizard.replies import read_reply
from xacct.wizard.review import extras, missing_answers, question_for, rows


def key(walk) -> str | None:
    question = next_question(walk)
    return question.key if question else None


@pytest.mark.parametrize("name", WALKS)
def test_a_finished_walk_makes_a_grant_without_problems(name: str) -> None:
    walk = finished(name)
    assert not problems_of(walk)
    grant = grant_of(walk)
    assert expand(grant, SHIPPED[grant.blueprint]).permissions()


@pytest.mark.parametrize("name", WALKS)
def test_the_settings_make_the_same_file_byte_for_byte(name: str) -> None:
    grant = grant_of(finished(name))
    blueprint = SHIPPED[grant.blueprint]
    text = grant_to_yaml(grant, blueprint=blueprint)
    again = grant_from_settings(blueprint, settings_of(grant))
    assert grant_to_yaml(again, blueprint=blueprint) == text
    assert parse_grant(text, "grant.yaml")[0].digest == grant.digest


@pytest.mark.parametrize("name", [name for name in WALKS if name not in ("github-names", "federated-oidc")])
def test_the_common_case_takes_at_most_eight_questions(name: str) -> None:
    assert len(WALKS[name]) <= 8


def test_an_intent_with_one_blueprint_asks_no_further() -> None:
    assert key(answer(start(setup(), None, {}), ["vendor"])) == "trusted_account"


def test_an_intent_with_several_blueprints_asks_which() -> None:
    walk = answer(start(setup(), None, {}), ["ci"])
    question = next_question(walk)
    assert question is not None
    assert question.key == "@blueprint"
    assert {option.value for option in question.options} == {
        one.name for one in SHIPPED.values() if one.intent.value == "ci"
    }


def test_the_account_is_asked_where_nothing_tells_it() -> None:
    assert key(start(setup(account=None), "third-party", {})) == "account"
    assert key(start(setup(account=None), "third-party", {"account": OURS})) == "trusted_account"
    house = HouseRules(default_account=OURS)
    assert key(start(setup(account=None, house=house), "third-party", {})) == "trusted_account"


def test_what_is_given_ahead_is_not_asked() -> None:
    given = {"trusted_account": "444455556666", "permissions": "read-only", "name": "acme"}
    walk = start(setup(), "third-party", given)
    assert key(walk) == "external_id"
    walk = answer(walk, ["some-id-8f3a", "all"])
    assert key(walk) is None
    assert grant_of(walk).name == "acme"


def test_limits_given_ahead_leave_nothing_to_ask_about_them() -> None:
    given = {"permissions": "read-only", "permissions.regions": "eu-west-1", "external_id": "8f3a-11"}
    walk = answer(start(setup(), "third-party", given), ["444455556666"])
    assert key(walk) == "name"


@pytest.mark.parametrize(
    ("setting", "text", "word"),
    [
        ("trusted_account", "4444", "12 digits"),
        ("trusted_account", OURS, "the same as account"),
        ("no_such", "x", "neither a key of a grant nor a parameter"),
        ("permissions", "read-onyl", "there is no permission set"),
        ("max_session", "99h", "1 to 12 hours"),
        ("expires", "30d", "no date"),
        ("name", "a b", "no name for a grant"),
    ],
)
def test_a_wrong_answer_given_ahead_is_told_before_anything_is_asked(
    setting: str, text: str, word: str
) -> None:
    with pytest.raises(InputError, match=word) as caught:
        start(setup(), "third-party", {setting: text})
    assert all(problem.where.startswith(f"--set {setting}") for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("lines", "wrong", "word"),
    [
        (["vendor"], "4444", "12 digits"),
        (["vendor"], OURS, "the same as account"),
        (["vendor", "444455556666"], "x", "1 character"),
        (["vendor", "444455556666"], "has a space", "a space"),
        (["vendor", "444455556666", "8f3a-11"], "read-onyl", "none of the answers"),
        (["vendor", "444455556666", "8f3a-11"], "99", "none of the answers"),
        (["vendor", "444455556666", "8f3a-11"], "", "an answer is needed"),
        (["vendor", "444455556666", "8f3a-11", "1"], "all,2", "stands alone"),
        (["vendor", "444455556666", "8f3a-11", "1", "regions"], "mars", "no Lightsail in Region"),
        (["vendor", "444455556666", "8f3a-11", "1", "tags"], "Team", "key=value"),
        (["vendor", "444455556666", "8f3a-11", "1", "resources"], "my-server", "is a name where an ARN"),
        (["vendor", "444455556666", "8f3a-11", "1", "all"], "a b", "no name for a grant"),
        (["ci", "github-actions"], "github.com/only", "does not have the form"),
        (["ci", "github-actions", "o@1/r@2", "branch"], "*", "does not have the form"),
        (["ci", "federated-oidc"], "http://x.example", "https://"),
        (["5", "role"], "arn:aws:iam::999988887777:user/eve", "is of account 999988887777"),
        (["5", "role"], "arn:aws:iam::111122223333:user/*", "wildcard"),
        (["4", "federated-saml", "idp"], "nowhere.xml", "cannot be read"),
    ],
)
def test_a_wrong_answer_is_told_and_not_taken(lines: list[str], wrong: str, word: str) -> None:
    walk = answer(start(setup(), None, {}), lines)
    question = next_question(walk)
    assert question is not None
    with pytest.raises(InputError, match=word) as caught:
        take(walk, question, read_reply(question, wrong))
    assert all(problem.fix for problem in caught.value.problems)
    assert next_question(walk) == question


def test_names_of_a_repository_without_numbers_lead_to_the_form_of_the_subject() -> None:
    walk = answer(start(setup(), "github-actions", {}), ["octo-org/site"])
    assert key(walk) == "subject_form"
    named = answer(walk, ["name"])
    assert key(named) == "trigger"
    numbers = answer(walk, ["immutable"])
    assert key(numbers) == "owner_id"


def test_numbers_of_a_repository_make_the_immutable_subject() -> None:
    walk = finished("github-actions")
    expansion = expand(grant_of(walk), SHIPPED["github-actions"])
    assert expansion.role is not None
    [statement] = expansion.role.trust.statements
    subjects = [one.values for one in statement.conditions if one.key.endswith(":sub")]
    assert subjects == [("repo:octo-org@12/site@34:ref:refs/heads/main",)]


def test_one_of_several_given_ahead_has_each_asked_alone() -> None:
    walk = start(setup(), "github-actions", {"owner": "octo-org"})
    assert key(walk) == "repository"


def test_a_value_that_implies_a_choice_leaves_the_choice_out() -> None:
    walk = answer(start(setup(), "github-actions", {"branch": "main"}), ["o@1/r@2"])
    assert key(walk) == "permissions"


def test_an_external_id_is_made_only_when_the_vendor_lets_customers_choose() -> None:
    walk = answer(start(setup(), "third-party", {}), ["444455556666", "generate"])
    question = next_question(walk)
    assert question is not None
    assert question.key == "@chosen"
    assert question.default == "no"
    assert key(answer(walk, [""])) == "external_id"
    made = answer(walk, ["yes"])
    assert key(made) == "permissions"
    assert made.text("external_id") == "made-1b9f3f0e"


def test_generate_given_ahead_makes_one_id_and_keeps_it() -> None:
    made = iter(["first-id-1", "second-id-2"])
    walk = start(setup(make_id=lambda: next(made)), "third-party", {"external_id": "generate"})
    assert grant_of(walk).parameters["external_id"] == "first-id-1"
    assert grant_of(walk) == grant_of(walk)


@pytest.mark.parametrize("name", WALKS)
def test_going_back_from_each_question_leads_to_the_one_before(name: str) -> None:
    walk = start(setup(), None, {})
    seen = []
    for line in WALKS[name]:
        question = next_question(walk)
        seen.append((walk, question))
        assert question is not None
        walk = take(walk, question, read_reply(question, line))
    for before, question in reversed(seen):
        walk = back(walk)
        assert next_question(walk) == question
        assert walk.answers == before.answers


def test_going_back_at_the_first_question_stays_there() -> None:
    walk = start(setup(), None, {})
    assert back(walk) == walk


def test_changing_the_choice_forgets_what_hung_on_it() -> None:
    walk = finished("delegated")
    walk = take(walk, question_for(walk, "via"), "group")
    assert "principals" not in walk.answers
    assert "mfa" not in walk.answers
    assert key(walk) == "users"


def test_changing_the_trusted_account_forgets_arns_of_the_other() -> None:
    walk = finished("owned-account")
    walk = take(walk, question_for(walk, "trusted_account"), "555566667777")
    assert key(walk) == "principals"


def test_changing_the_blueprint_keeps_what_fits_every_blueprint() -> None:
    walk = finished("gitlab-ci")
    walk = take(walk, question_for(walk, "@blueprint"), "github-actions")
    assert key(walk) == "@together.0"
    assert walk.text("permissions") == "read-only"
    assert walk.text("name") == "site"
    assert "project_path" not in walk.answers


def test_changing_the_intent_asks_for_the_blueprint_anew() -> None:
    walk = finished("third-party")
    walk = take(walk, question_for(walk, "@intent"), "ci")
    assert key(walk) == "@blueprint"


def test_changing_the_reach_forgets_the_limits_left_out() -> None:
    walk = finished("third-party")
    walk = take(walk, question_for(walk, "@reach"), "all")
    assert key(walk) is None
    assert not any(entry.regions for entry in grant_of(walk).permissions)


def test_limits_hold_for_every_set() -> None:
    grant = grant_of(finished("federated-oidc"))
    assert [entry.set for entry in grant.permissions] == ["snapshot-operator", "read-only"]
    for entry in grant.permissions:
        assert entry.regions == ("eu-west-1", "eu-west-2")
        assert dict(entry.tags) == {"A": ("b",)}


def test_the_present_answer_is_the_default_of_its_question() -> None:
    walk = finished("delegated")
    assert question_for(walk, "mfa").default == "yes"
    assert question_for(walk, "name").default == "jane"
    for row in rows(walk):
        question = question_for(walk, row.key)
        kept = take(walk, question, read_reply(question, ""))
        assert grant_of(kept) == grant_of(walk)


def test_the_review_lists_every_answer_and_what_was_given() -> None:
    walk = answer(start(setup(), "third-party", {"name": "acme"}), ["444455556666", "8f3a-11", "1", "all"])
    listed = {row.key: row for row in rows(walk)}
    assert listed["name"].fixed
    assert listed["@blueprint"].fixed
    assert listed["account"].value == OURS
    assert listed["trusted_account"].value == "444455556666"
    assert "everything" in listed["@reach"].value


def test_house_rules_ask_for_the_tags_they_want() -> None:
    house = HouseRules(required_tags={"Team": (), "Stage": ("prod", "test")})
    walk = answer(
        start(setup(house=house), "third-party", {}),
        ["444455556666", "8f3a-11", "1", "all", "web", "prod", "acme"],
    )
    assert key(walk) is None
    assert dict(grant_of(walk).tags) == {"Team": "web", "Stage": "prod"}


def test_house_rules_hold_for_answers() -> None:
    house = HouseRules(name_pattern="team-.*")
    walk = answer(start(setup(house=house), "third-party", {}), ["444455556666", "8f3a-11", "1", "all"])
    question = next_question(walk)
    assert question is not None
    with pytest.raises(InputError, match="does not match"):
        take(walk, question, "acme")
    assert key(take(walk, question, "team-acme")) is None


def test_more_options_are_the_advanced_parameters_and_the_keys_of_a_grant() -> None:
    walk = finished("third-party")
    keys = [question.key for question in extras(walk)]
    assert {"vendor_role", "session_tags", "max_session", "expires", "tags"} <= set(keys)
    assert "trusted_account" not in keys
    changed = take(walk, question_for(walk, "expires"), "2031-01-31")
    assert str(grant_of(changed).expires) == "2031-01-31"
    with pytest.raises(InputError, match="no date"):
        take(walk, question_for(walk, "expires"), "soon")
    assert take(changed, question_for(changed, "expires"), "") != changed


@pytest.mark.parametrize("blueprint", SHIPPED.values(), ids=lambda one: one.name)
def test_all_missing_answers_are_listed_with_their_options(blueprint) -> None:
    walk = start(setup(asks_together=False), blueprint.name, {})
    problems = missing_answers(walk)
    named = {problem.where for problem in problems}
    needed = {
        one.name
        for one in blueprint.parameters.values()
        if one.required and not one.when and one.default is None
    }
    assert {f"--set {name}=VALUE" for name in {*needed, "permissions"}} <= named
    assert all(problem.fix for problem in problems)


def test_a_blueprint_that_takes_documents_whole_asks_for_no_sets() -> None:
    raw = load_blueprint("raw")
    walk = start(setup(blueprints={"raw": raw}, asks_together=False), "raw", {})
    assert [problem.where for problem in missing_answers(walk)] == ["--set trust=VALUE"]


def test_without_a_blueprint_the_blueprints_are_listed() -> None:
    [problem] = missing_answers(start(setup(), None, {}))
    assert all(name in problem.fix for name in SHIPPED)


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(WALKS)),
    cut=st.integers(0, 8),
    text=st.one_of(
        st.text(max_size=40),
        st.sampled_from(
            ["[", "{", "{a: 1}", "[a, b]", "a=b", ",", "=", "*", "-", "${x}", "{{account}}", "\x1b[2J"]
        ),
    ),
)
def test_no_answer_breaks_the_walk(name: str, cut: int, text: str) -> None:
    walk = start(setup(), None, {})
    walk = answer(walk, WALKS[name][:cut])
    question = next_question(walk)
    if question is None:
        return
    try:
        after = take(walk, question, read_reply(question, text))
    except InputError as error:
        assert error.problems
        return
    assert next_question(after) != question
    if after.blueprint:
        assert settings_of_walk(after)
        assert rows(after)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(WALKS)), index=st.integers(0, 20), text=st.text(max_size=20))
def test_changing_any_answer_leaves_a_walk_that_can_be_finished_or_corrected(
    name: str, index: int, text: str
) -> None:
    walk = finished(name)
    listed = rows(walk)
    row = listed[index % len(listed)]
    question = question_for(walk, row.key)
    try:
        walk = take(walk, question, read_reply(question, text))
    except InputError:
        return
    if walk.blueprint is None:
        assert key(walk) == "@blueprint"
    else:
        # What the change made wrong was forgotten or is told; nothing is left that cannot be shown.
        assert all(problem.message for problem in problems_of(walk))
        assert rows(walk)


def test_a_walk_is_a_value() -> None:
    walk = start(setup(), None, {})
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        walk.answers = {}  # type: ignore[misc]
