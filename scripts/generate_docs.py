"""
Write the generated pages of docs/ anew: ``make docs``.

``pages`` gives every generated page by its path under docs/; a test holds the files to it. What a page tells
is read from the program itself (click's own commands, the catalog, the shipped blueprints, the rules), so
nothing has to be kept in step by hand.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import click

from xacct.blueprint.catalogue import list_blueprints
from xacct.blueprint.model import Blueprint, Parameter
from xacct.cli.main import COMMANDS, cli
from xacct.errors import ExitCode
from xacct.lightsail.catalog import Action, Source, load_catalog
from xacct.lightsail.sets import PermissionSet, permission_sets
from xacct.lint.reference import rules_to_markdown

DOCS = Path(__file__).resolve().parent.parent / "docs"
WRITTEN = "<!-- Written by `make docs`; change the program, not this page. -->"

_CODES = {
    "DONE": "Done, or nothing to change.",
    "ERROR": "An error: nothing was changed, or all that this run did is undone.",
    "CHANGES": "There are changes: of `plan --detailed-exitcode` and `drift` alone.",
    "PARTIAL": "Applied in part; the report says what stands.",
    "CREDENTIALS": "Credentials are missing, expired, refused, or of another account.",
    "BLOCKED": "A valid grant that is judged unsafe: a finding of severity error, a broken contract.",
    "STALE": "The saved plan does not fit any more, was applied before, or is not the one that was reviewed.",
    "USAGE": "Wrong usage, missing answers, a file or value that is no valid grant.",
    "INTERRUPTED": "Interrupted, or not confirmed.",
}


def pages() -> dict[str, str]:
    """Every generated page: path under docs/ -> text."""
    return {
        "index.md": index_page(),
        "rules.md": rules_to_markdown(),
        "reference/cli.md": cli_page(),
        "reference/exit-codes.md": exit_codes_page(),
        "reference/permission-sets.md": permission_sets_page(),
        "reference/actions.md": actions_page(),
        "reference/shipped-blueprints.md": blueprints_page(),
    }


# -- the map -------------------------------------------------------------------------------------------------

_HOW_TO = (
    "choose-a-way",
    "give-a-vendor-access",
    "share-with-another-account",
    "github-actions",
    "other-ci",
    "people-with-saml",
    "a-colleague",
    "own-blueprint",
    "limit-access",
    "contracts",
    "sandbox-with-the-aws-cli",
    "use-your-own-account",
    "many-accounts",
    "check-policies-in-ci",
    "review-in-a-pull-request",
    "hand-over",
    "understand-a-denial",
    "find-drift",
    "adopt-a-role",
    "rotate-external-id",
    "rotate-access-keys",
    "take-access-back",
)
"""The how-tos in the order of a grant's life; others follow."""


_LOOK_UP = {
    "reference/cli.md": "every command with its options",
    "reference/exit-codes.md": "what the program ends with",
    "reference/permission-sets.md": "what can be given, in words",
    "reference/actions.md": "every action: can it be limited, is it sensitive",
    "reference/shipped-blueprints.md": "what each asks for",
    "reference/grant.md": "the file that you keep in git, and the project file",
    "reference/blueprint.md": "how a blueprint is written",
    "rules.md": "what `check` finds, each with a bad and a good example",
}
_UNDERSTAND = ("how-a-decision-is-made.md", "sandbox.md", "architecture.md")


def index_page() -> str:
    """The map of docs/, made of the pages' own headings."""
    told = {"index.md", "tutorial.md", "glossary.md", *_LOOK_UP, *_UNDERSTAND}
    return _page(
        "# Documentation",
        "New here? Begin with the [tutorial](tutorial.md): a vendor's role from the first line to its "
        "removal, in a sandbox, in a quarter of an hour. The words are in the [glossary](glossary.md).",
        "## How to",
        _list(_linked(path) for path in _in_order(DOCS / "how-to")),
        "## Look up",
        _list(f"{_linked(path)}: {what}" for path, what in _LOOK_UP.items()),
        *(_list(_linked(path) for path in more) for more in [_others("reference", told)] if more),
        "## Understand",
        _list(_linked(path) for path in (*_UNDERSTAND, *_others("", told), *_others("explanation", told))),
        "## Why it is as it is",
        "One short page a choice: context, choice, cost.",
        _list(_linked(path) for path in _others("decisions", told)),
    )


def _others(folder: str, told: set[str]) -> list[str]:
    """The pages of a folder that the map does not name by itself."""
    pages = (page.relative_to(DOCS).as_posix() for page in sorted((DOCS / folder).glob("*.md")))
    return [page for page in pages if page not in told]


def _in_order(folder: Path) -> list[str]:
    rank = {name: number for number, name in enumerate(_HOW_TO)}
    pages = sorted(folder.glob("*.md"), key=lambda page: (rank.get(page.stem, len(rank)), page.stem))
    return [f"{folder.name}/{page.name}" for page in pages]


def _linked(path: str) -> str:
    return f"[{_title(path)}]({path})"


def _title(path: str) -> str:
    """A page's first heading; of a page that is generated in the same run, the one of the last run."""
    for line in (DOCS / path).read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            return line.removeprefix("# ")
    raise ValueError(f"docs/{path} has no heading")


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


# -- the command line ----------------------------------------------------------------------------------------


def commands() -> Iterator[click.Context]:
    """Every command, in the order of the program's help; a group before what is in it."""
    context = click.Context(cli, info_name="xacct", auto_envvar_prefix="XACCT")
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        yield from _with_subcommands(click.Context(command, info_name=name, parent=context))


def _with_subcommands(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            below = context.command.get_command(context, name)
            assert below is not None
            yield from _with_subcommands(click.Context(below, info_name=name, parent=context))


def options_of(context: click.Context) -> list[click.Option]:
    """A command's own options, without those that every command takes."""
    found = [item for item in context.command.get_params(context) if isinstance(item, click.Option)]
    return [
        option for option in found if not option.hidden and not {"--help", "--version"} & set(option.opts)
    ]


def cli_page() -> str:
    root = click.Context(cli, info_name="xacct", auto_envvar_prefix="XACCT")
    return _page(
        "# Commands",
        "`xacct COMMAND --help` says the same at the terminal. Results go to stdout, everything else to "
        "stderr; with `--format json` stdout holds JSON alone, errors too. What the program ends with: "
        "[exit codes](exit-codes.md).",
        "A `PATH` is a grant's file, or a folder that is read with all below it. An argument is a path "
        "when it exists, has a `/`, or ends in `.yaml`, `.yml` or `.json`; else it names a blueprint.",
        "## Options of every command",
        "They may stand before or after the command. AWS's own variables (`AWS_PROFILE`, `AWS_REGION`, "
        "`AWS_ENDPOINT_URL`, …) and `NO_COLOR` work as everywhere. An option of one command has its "
        "variable, too.",
        _options_table(root, options_of(root)),
        *(_command_section(context) for context in commands()),
    )


def _command_section(context: click.Context) -> str:
    command = context.command
    level = "##" if context.parent is not None and context.parent.parent is None else "###"
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"{level} {context.command_path}"]
    if not isinstance(command, click.Group):
        parts.append(f"    {usage}")
    parts += _paragraphs(command.help or "")
    options = options_of(context)
    if options and not isinstance(command, click.Group):
        parts.append(_options_table(context, options))
    return "\n\n".join(parts)


def _paragraphs(text: str) -> list[str]:
    return [" ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n") if paragraph]


def _options_table(context: click.Context, options: Iterable[click.Option]) -> str:
    rows = []
    for option in options:
        names = ", ".join(f"`{name}`" for name in option.opts)
        words = [option.help or ""]
        if option.multiple:
            words.append("May be given several times.")
        default = option.to_info_dict()["default"]
        if default not in (None, False, ()) and not option.is_flag:
            words.append(f"Default: `{default}`.")
        rows.append((names + _metavar(context, option), " ".join(words), f"`{_variable(context, option)}`"))
    return _table(("option", "what it does", "variable"), rows)


def _metavar(context: click.Context, option: click.Option) -> str:
    if option.is_flag:
        return ""
    return " `N`" if isinstance(option.type, click.IntRange) else f" `{option.make_metavar(context)}`"


def _variable(context: click.Context, option: click.Option) -> str:
    assert option.name is not None
    if option.envvar is not None:
        return option.envvar if isinstance(option.envvar, str) else option.envvar[0]
    return f"{context.auto_envvar_prefix}_{option.name.upper()}"


# -- exit codes ----------------------------------------------------------------------------------------------


def exit_codes_page() -> str:
    codes = {name: value for name, value in vars(ExitCode).items() if name.isupper()}
    return _page(
        "# Exit codes",
        "They are the same for every command. Where several would fit, the first of 64, 4, 6, 5, 3, 2 "
        "counts.",
        _table(("code", "when"), ((f"`{value}`", _CODES[name]) for name, value in codes.items())),
        "`check --jsonl` and `simulate --jsonl` end with 0 when every line was answered, whatever the "
        "answers. A single `simulate` ends with 0 when the request is denied, too: that is an answer, not "
        "an error. `sandbox run` ends with the code of the command that it ran.",
        "With `--format json`, errors are JSON on stdout: `errors`, a list of `code`, `message`, `where`, "
        "`fix`.",
    )


# -- permissions ---------------------------------------------------------------------------------------------


def permission_sets_page() -> str:
    sets = permission_sets()
    overview = [
        (
            f"[`{found.name}`](#{found.name})",
            found.title,
            str(len(found.known_actions)),
            "yes" if found.loud else "",
        )
        for found in sets.values()
    ]
    return _page(
        "# Permission sets",
        "A set is a named bundle of Lightsail actions, for `permissions` in a grant. *Careful* marks sets "
        "that hand out logins, secrets or data, or open something to the Internet. Any action can be added"
        " with `add`, or taken out with `remove`. `xacct permissions show NAME` tells the same.",
        _table(("set", "for", "actions", "careful"), overview),
        *(_set_section(found) for found in sets.values()),
    )


def _set_section(found: PermissionSet) -> str:
    parts = [f"## {found.name}", found.summary]
    if found.leaves_out:
        parts.append(f"**Leaves out:** {found.leaves_out}")
    parts.append(f"**Console:** {found.console}")
    if found.sensitive and len(found.actions) > 1:
        lines = [f"- `{action.name}` ({_severity(action)}): {_why(action)}" for action in found.sensitive]
        parts.append("\n".join(["**Sensitive actions in it:**", "", *lines]))
    if len(found.actions) == 1:
        parts.append(f"**Actions:** `{found.actions[0]}`, all of them, those that AWS adds later too.")
    else:
        parts.append("**Actions:** " + _code_list(action.name for action in found.known_actions))
    if found.opt_in:
        parts.append("**Fit in, with `add`:** " + _code_list(name.partition(":")[2] for name in found.opt_in))
    if found.outside:
        lines = [f"- {line}" for line in found.outside]
        parts.append("\n".join(["**Needed of other services, never added by itself:**", "", *lines]))
    return "\n\n".join(parts)


def actions_page() -> str:
    catalog = load_catalog()
    actions = list(catalog.actions.values())
    rows = [
        (f"`{action.name}`", _level(action), _scope(action), _tags(action), _sensitive(action))
        for action in actions
    ]
    limited = sum(not action.wildcard_only for action in actions)
    unpublished = sum(action.source is Source.SDK for action in actions)
    return _page(
        "# Lightsail's actions",
        f"What is known of them, as of {catalog.date}. Of {len(actions)} actions {limited} can be limited to "
        f"resources; {len(actions) - limited - unpublished} take only `*`, so that no ARN and no resource's "
        f"tag limits them. Of the other {unpublished}, which are in the SDK, AWS has not published the "
        "authorization data: their level, in brackets, is a guess, and xacct writes them with `*`. *Tags* "
        "says which tags a condition can look at: those of the resource, those in the request. How sensitive "
        "an action is has been judged by this project.",
        _table(("action", "level", "resources", "tags", "sensitive"), rows),
        "## What outlives a role",
        "A session ends, and so does a role. What somebody made or was handed with it does not:",
        _table(("action", "hands out", "works on"), _outliving(actions)),
    )


def _outliving(actions: Iterable[Action]) -> Iterator[tuple[str, str, str]]:
    for action in actions:
        if action.sensitive is not None and action.sensitive.outlives is not None:
            yield f"`{action.name}`", action.sensitive.hands_out or "", action.sensitive.outlives


def _level(action: Action) -> str:
    known = action.source is Source.AUTHORIZATION_DATA
    return action.access_level.value if known else f"({action.access_level.value})"


def _scope(action: Action) -> str:
    if action.source is Source.SDK:
        return "not known"
    if action.wildcard_only:
        return "only `*`"
    return ", ".join(use.type + ("" if use.required else " (optional)") for use in action.resource_types)


def _tags(action: Action) -> str:
    found = []
    if action.supports_resource_tags:
        found.append("resource")
    if action.supports_request_tags:
        found.append("request")
    return ", ".join(found)


def _sensitive(action: Action) -> str:
    return f"{_severity(action)}: {_why(action)}" if action.sensitive else ""


def _severity(action: Action) -> str:
    assert action.sensitive is not None
    return action.sensitive.severity.value


def _why(action: Action) -> str:
    assert action.sensitive is not None
    return action.sensitive.why


# -- blueprints ----------------------------------------------------------------------------------------------


def blueprints_page() -> str:
    found = [blueprint for blueprint in list_blueprints(()) if blueprint.source == "shipped"]
    overview = [(f"[`{one.name}`](#{one.name})", one.title) for one in found]
    return _page(
        "# Shipped blueprints",
        "What each asks for, under `parameters` in a grant or with `--set`. `xacct blueprints show NAME` "
        "also tells the trust policy that comes of it, with the reason of each line. How a blueprint is "
        "written: [blueprint files](blueprint.md).",
        _table(("blueprint", "who gets access"), overview),
        *(_blueprint_section(one) for one in found),
    )


def _blueprint_section(blueprint: Blueprint) -> str:
    rows = [
        (
            f"`{item.name}`",
            _kind(item),
            _need(item),
            " ".join(filter(None, (item.prompt + _stop(item.prompt), item.help))),
        )
        for item in blueprint.parameters.values()
    ]
    return "\n\n".join(
        [f"## {blueprint.name}", blueprint.summary, _table(("parameter", "type", "", "what it is"), rows)]
    )


def _stop(text: str) -> str:
    return "" if text.endswith(("?", ".", "!")) else "."


def _kind(item: Parameter) -> str:
    if item.choices:
        several = "some of" if item.type.value == "list" else "one of"
        return f"{several} " + _code_list(choice.value for choice in item.choices)
    return f"list of {item.item.value}" if item.type.value == "list" else item.type.value


def _need(item: Parameter) -> str:
    words = []
    if item.required_when:
        words.append(f"required when {_condition(item.required_when)}")
    elif item.required:
        words.append("required")
    if item.when:
        words.append(("only when " if not item.required else "when ") + _condition(item.when))
    if item.default not in (None, ""):
        shown = ", ".join(_texts(item.default))
        words.append(f"default `{shown}`")
    return ", ".join(words)


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, Mapping):
        return [f"{key}={text}" for key, text in value.items()]
    return [value] if isinstance(value, str) else [str(text) for text in value]  # type: ignore[attr-defined]


def _condition(tests: Iterable[object]) -> str:
    words = []
    for test in tests:
        name, values, is_set = test.parameter, test.values, test.is_set  # type: ignore[attr-defined]
        if is_set is None:
            words.append(f"`{name}` is " + " or ".join(f"`{value}`" for value in values))
        else:
            words.append(f"`{name}` is {'given' if is_set else 'not given'}")
    return " and ".join(words)


# -- Markdown ------------------------------------------------------------------------------------------------


def _page(*parts: str) -> str:
    return "\n\n".join([WRITTEN, *parts]) + "\n"


def _code_list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [_row(head), _row(tuple("---" for _ in head)), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    for path, text in pages().items():
        target = DOCS / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        print(f"docs/{path}")
