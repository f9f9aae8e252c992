"""The four forms: golden text, well-formed pages, nothing that leaves them, hostile names shown as text."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import attrs
import pytest
from explain_builders import BUCKET_GRANT, RAW_GRANT, ROOT, example, expanded, from_text
from golden_files import assert_golden

from xacct.blueprint.catalogue import list_blueprints
from xacct.blueprint.expand import expand
from xacct.blueprint.settings import grant_from_settings, parse_setting
from xacct.cli.main import main
from xacct.explain import Explanation, explain_blueprint, explain_general, explain_grant
from xacct.explain.cases import case_of
from xacct.explain.grants import example_settings
from xacct.explain.service_compare import explain_service
from xacct.explain.services import find_service
from xacct.explain.why import explain_action
from xacct.render.explain_html import explanation_html
from xacct.render.explain_json import explanation_to_json
from xacct.render.explain_markdown import explanation_markdown, mermaid
from xacct.render.explain_text import explanation_text
from xacct.render.style import Style

GOLDEN = [
    "bitbucket",
    "cognito",
    "delegated",
    "delegated-group",
    "federated-oidc",
    "federated-saml",
    "federated-saml-existing",
    "github-actions",
    "github-actions-names",
    "gitlab-ci",
    "google",
    "owned-account",
    "owned-account-sso",
    "owned-account-whole",
    "terraform-cloud",
    "third-party",
    "third-party-role",
]
EXTERNAL_ID = "1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11"
FORMS = {
    "text": lambda found: explanation_text(found, Style(width=100)),
    "markdown": explanation_markdown,
    "html": explanation_html,
    "json": lambda found: json.dumps(explanation_to_json(found), indent=2, ensure_ascii=False),
}


def every_kind(folder: Path) -> list[Explanation]:
    case = case_of(example("third-party"))
    return [
        explain_general(),
        explain_grant(example("third-party")),
        explain_grant(example("delegated-group")),
        explain_grant(from_text(BUCKET_GRANT, folder)),
        explain_service(find_service("s3"), case),
        explain_action(case, "DeleteInstance"),
    ]


# -- golden --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GOLDEN)
def test_the_text_of_each_example_is_as_reviewed(name: str) -> None:
    assert_golden(f"explain/{name}.txt", FORMS["text"](explain_grant(example(name))))


@pytest.mark.parametrize("form", ["markdown", "html", "json"])
def test_the_other_forms_are_as_reviewed(form: str) -> None:
    assert_golden(f"explain/third-party.{form}", FORMS[form](explain_grant(example("third-party"))))


def test_the_general_explanation_is_as_reviewed() -> None:
    assert_golden("explain/general.txt", FORMS["text"](explain_general()))


def test_the_bucket_grant_is_as_reviewed(tmp_path: Path) -> None:
    assert_golden("explain/bucket.txt", FORMS["text"](explain_grant(from_text(BUCKET_GRANT, tmp_path))))


def test_a_role_with_its_policies_written_out_is_as_reviewed(tmp_path: Path) -> None:
    assert_golden("explain/raw.txt", FORMS["text"](explain_grant(from_text(RAW_GRANT, tmp_path))))


RAW = sorted((ROOT / "tests" / "cases" / "explain" / "raw").glob("*.yaml"))
"""Roles as accounts have them: callers of several kinds, Denies, patterns, conditions of all sorts."""


@pytest.mark.parametrize("path", RAW, ids=lambda path: path.stem)
def test_roles_as_accounts_have_them_are_as_reviewed(path: Path) -> None:
    assert_golden(f"explain/raw-{path.stem}.txt", FORMS["text"](explain_grant(expanded(path))))


def test_the_service_comparison_is_as_reviewed() -> None:
    found = explain_service(find_service("s3"), case_of(example("third-party")))
    assert_golden("explain/third-party-s3.txt", FORMS["text"](found))


# -- the same input, the same text ---------------------------------------------------------------------------


def test_the_order_of_sets_and_hashes_leaves_no_trace() -> None:
    code = "import sys; from xacct.cli.main import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["explain", "examples/owned-account-sso.yaml", "--format", "json"]

    def run(seed: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
        )
        return done.stdout

    assert run("1") == run("2")


# -- external IDs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_external_ids_are_shown_only_on_request(form: str) -> None:
    grant = example("third-party")
    assert EXTERNAL_ID not in FORMS[form](explain_grant(grant))
    assert "7a11" in FORMS[form](explain_grant(grant))
    assert EXTERNAL_ID in FORMS[form](explain_grant(grant, reveal=True))


@pytest.mark.parametrize("form", FORMS)
def test_external_ids_are_redacted_in_comparisons_and_reasons(form: str) -> None:
    case = case_of(example("third-party"))
    for found in (explain_service(find_service("s3"), case), explain_action(case, "DeleteInstance")):
        assert EXTERNAL_ID not in FORMS[form](found)


# -- the page ------------------------------------------------------------------------------------------------

_VOID = {"meta", "br", "link", "img"}


class Page(HTMLParser):
    """Reads a page strictly: every element closed in order; keeps ids, links, attributes and headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.headings: list[int] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for key, value in attrs:
            self.attributes.add(key)
            if key == "id":
                self.ids.append(value or "")
            if key in ("href", "src"):
                self.links.append(value or "")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_nothing_leaves_it(tmp_path: Path) -> None:
    for found in every_kind(tmp_path):
        text = explanation_html(found)
        page = Page(text)
        assert not page.tags & {"script", "link", "img", "iframe", "object", "form"}
        assert all(link.startswith("#") for link in page.links)
        assert {link[1:] for link in page.links} <= set(page.ids)
        assert len(set(page.ids)) == len(page.ids)
        assert not any(name.startswith("on") for name in page.attributes)
        assert "default-src 'none'" in text
        assert "url(" not in text
        assert "@import" not in text


def test_headings_go_down_one_level_at_a_time(tmp_path: Path) -> None:
    for found in every_kind(tmp_path):
        levels = Page(explanation_html(found)).headings
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_the_drawing_says_in_words_what_it_shows() -> None:
    text = explanation_html(explain_grant(example("third-party")))
    assert 'role="img"' in text
    assert "<desc>From account 444455556666, the vendor calls sts:AssumeRole" in text


# -- hostile names -------------------------------------------------------------------------------------------

HOSTILE = "<script>alert(1)</script>\"'&|`*_[x](http://evil.example)\x1b[31m"


def hostile_grant(folder: Path) -> Explanation:
    """Signs that mean something somewhere, in all that a grant takes as it is: resource, condition, Sid."""
    statement = {
        "Sid": HOSTILE,
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{HOSTILE}",
        "Condition": {"StringEquals": {"aws:UserAgent": HOSTILE, f"aws:ResourceTag/{HOSTILE}": "x"}},
    }
    permissions = f"permissions:\n  - statements: [{json.dumps(statement)}]\n"
    text = BUCKET_GRANT.split("permissions:")[0] + permissions
    found = explain_grant(from_text(text, folder))
    assert "alert(1)" in json.dumps(explanation_to_json(found))
    return attrs.evolve(found, title=HOSTILE, lead=HOSTILE)


def test_hostile_text_is_text_on_the_page(tmp_path: Path) -> None:
    page = Page(explanation_html(hostile_grant(tmp_path)))
    assert not page.tags & {"script", "img"}
    assert "onerror" not in page.attributes


def test_hostile_text_is_text_in_markdown(tmp_path: Path) -> None:
    text = explanation_markdown(hostile_grant(tmp_path))
    outside = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    outside = re.sub(r"(`+) ?.*? ?\1", "", outside)
    assert not re.search(r"(?<!\\)<", outside)
    assert not re.search(r"(?<!\\)\]\(", outside)
    assert "\x1b" not in text


def test_hostile_text_does_not_end_a_label_of_the_diagram(tmp_path: Path) -> None:
    found = hostile_grant(tmp_path)
    assert found.picture is not None
    for line in mermaid(found.picture).splitlines():
        assert line.count('"') in (0, 2), line
        assert "<img" not in line
        assert "<script" not in line


def test_no_control_character_reaches_the_terminal(tmp_path: Path) -> None:
    assert "\x1b" not in explanation_text(hostile_grant(tmp_path), Style(width=80))


@pytest.mark.parametrize("width", [40, 60, 120])
def test_lines_keep_to_the_width_but_for_words_that_cannot_be_folded(width: int) -> None:
    found = attrs.evolve(explain_grant(example("third-party")), picture=None)
    for line in explanation_text(found, Style(width=width)).splitlines():
        if len(line) > width and not line.startswith("    ") and " " in line.strip():
            raise AssertionError(line)


# -- blueprints ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blueprint", list_blueprints([]), ids=lambda blueprint: blueprint.name)
def test_each_shipped_blueprint_is_explained_by_an_example_of_its_own(blueprint) -> None:  # type: ignore[no-untyped-def]
    settings = [parse_setting(text) for text in example_settings(blueprint)]
    if blueprint.name == "raw":
        found = explain_blueprint(blueprint, None)
        assert {section.key for section in found.sections} >= {"blueprint", "contrast"}
        return
    found = explain_blueprint(blueprint, expand(grant_from_settings(blueprint, settings), blueprint))
    keys = [section.key for section in found.sections]
    assert keys[0] == "blueprint"
    assert {"path", "probes", "lines", "reach", "ending", "contrast", "advice"} <= set(keys)


# -- the command ---------------------------------------------------------------------------------------------


def test_a_boundary_is_told_where_its_document_is_not_at_hand(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "third-party.yaml").read_text()
    arn = "arn:aws:iam::111122223333:policy/limits"
    found = explain_grant(from_text(f"{text}\npermissions_boundary: {arn}\n", tmp_path))
    said = FORMS["text"](found).replace("\n", " ")
    assert "says   allowed" in said
    assert f"The permissions boundary {arn} limits this further" in re.sub(r"\s+", " ", said)


@pytest.mark.parametrize("form", FORMS)
def test_the_command_writes_every_form(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(ROOT / "examples" / "third-party.yaml"), "--format", form]) == 0
    written = capsys.readouterr().out
    assert "acme" in written
    if form == "json":
        assert json.loads(written)["about"] == "grant"


WRONG = {
    "an unknown service": ["explain", "--service", "nope"],
    "an unknown blueprint": ["explain", "nope"],
    "a missing file": ["explain", "nope/nope.yaml"],
    "why without a grant": ["explain", "--why", "DeleteInstance"],
    "why of a blueprint": ["explain", "third-party", "--why", "DeleteInstance"],
    "two questions at once": ["explain", "--why", "x", "--service", "s3", "examples/third-party.yaml"],
    "a folder of grants": ["explain", str(ROOT / "examples")],
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_usage_is_told_with_a_way_out(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WRONG[what], "--format", "json"]) == 64
    [problem, *_] = json.loads(capsys.readouterr().out)["errors"]
    assert problem["message"]
    assert problem["fix"]
