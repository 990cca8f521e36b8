"""No page names a command, an option, a setting or a call that does not exist, and every page is found from the map."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from emla.bootstrap.drafts import DRAFTS_VARIABLE
from emla.cli.app import emla
from emla.config import DATA_VARIABLE, TOKEN_FILE_VARIABLE, TOKEN_VARIABLE
from emla.flow import events
from emla.settings_table import SETTINGS

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^ *```\w*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)[^)]*\)")
STARTS = re.compile(r"(?<![\w./-])emla +([a-z].*)")
# Set by tools around emla, not by its settings.
OTHER_VARIABLES = {DATA_VARIABLE, TOKEN_VARIABLE, TOKEN_FILE_VARIABLE, DRAFTS_VARIABLE, "EMLA_COMPLETE"}
# Kinds of events look like settings.
EVENTS = {value for value in vars(events).values() if isinstance(value, str)}
ENDS = {"|", "||", "&&", ";", "&", ">", "<"}


def pages() -> list[Path]:
    """Every page git knows, or would know at the next `git add`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists()]


def commands(text: str) -> Iterator[str]:
    """What stands behind `emla` in code blocks and code spans."""
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            if line.strip().startswith("Description="):
                continue  # a sentence inside a unit file
            code = line.partition(" #")[0]
            if found := STARTS.search(code):
                yield found.group(1)
    for span in SPAN.findall(BLOCK.sub("", text)):
        if found := STARTS.match(span):
            yield found.group(1)


def trouble(words: str) -> str:
    """What is wrong with a command line; empty when nothing is."""
    command: click.Command = emla
    context = click.Context(emla)
    options = {name for each in emla.params for name in each.opts}
    try:
        tokens = shlex.split(words)
    except ValueError:
        tokens = words.split()
    for token in tokens:
        if token in ENDS or re.match(r"\d?[<>]", token):
            break
        if token.startswith("--"):
            if token.partition("=")[0] not in options:
                return f"no option {token}"
        elif isinstance(command, click.Group) and re.fullmatch(r"[a-z|]+", token):
            # `emla message check|send` in a sentence names several at once.
            found = [command.get_command(context, name) for name in token.split("|")]
            if not all(found):
                return f"no command {token}"
            command = found[-1] or command
            options |= {name for each in command.params for name in each.opts}
        elif isinstance(command, click.Group) and token not in ("[OPTIONS]", "..."):
            break
    return ""


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_and_option_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = {words: trouble(words) for words in commands(text)}
    assert {words: what for words, what in found.items() if what} == {}


def test_a_wrong_command_is_seen() -> None:
    text = "Use `emla archive show`.\n\n```sh\nemla leg list --status READY\nemla leg retry 17\n```\n"
    assert [trouble(words) for words in commands(text)] == ["no option --status", "", "no command archive"]


def unknown_settings(text: str) -> set[str]:
    """Settings and variables that are named and do not exist."""
    sections = {each.section for each in SETTINGS}
    paths = {each.path for each in SETTINGS}
    variables = {each.variable for each in SETTINGS} | OTHER_VARIABLES
    named = {
        span
        for span in SPAN.findall(text)
        if re.fullmatch(r"[a-z]+\.[a-z_]+", span) and span.partition(".")[0] in sections
    }
    # `message.xml`, `peer.json` and the like are files.
    named = {name for name in named if name.rpartition(".")[2] not in ("xml", "json", "md", "toml", "py")}
    return (named - paths - EVENTS) | (set(re.findall(r"\bEMLA_[A-Z_]*[A-Z]\b", text)) - variables)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_names_a_setting_that_does_not_exist(page: Path) -> None:
    assert unknown_settings(page.read_text(encoding="utf-8")) == set()


def test_a_wrong_setting_is_seen() -> None:
    text = "`peer.listen_port`, `peer.window`, `EMLA_DATA`, `EMLA_PEER__WINDOW`, `message.xml`"
    assert unknown_settings(text) == {"peer.window", "EMLA_PEER__WINDOW"}


def test_the_calls_of_the_authority_api_are_those_of_its_page() -> None:
    files = (
        "accesses_api.py",
        "acts_api.py",
        "authority_api.py",
        "backups_api.py",
        "cases_api.py",
        "drafts_api.py",
        "events_api.py",
        "contract_api.py",
        "erasure_api.py",
        "hub_desk.py",
        "keys_api.py",
        "ledger_api.py",
        "legs_api.py",
        "people_api.py",
        "peers_api.py",
        "profile_api.py",
        "quarantine_api.py",
        "statistics_api.py",
        "webhooks_api.py",
    )
    code = "".join((ROOT / "emla" / "web" / name).read_text(encoding="utf-8") for name in files)
    routes = {f"{method.upper()} {path}" for method, path in re.findall(r'add_(\w+)\("(/v1/[^"]+)"', code)}
    page = (ROOT / "docs" / "reference" / "authority-api.md").read_text(encoding="utf-8")
    heads = " ".join(line for line in page.splitlines() if line.startswith("## "))
    assert routes
    assert {each.replace("/{number}", "/{n}").replace("legs/{id}", "legs/{id}") for each in routes} == set(
        re.findall(r"(?:GET|POST|PUT|DELETE) /v1/[\w/{}.]+", heads)
    )


def test_every_page_of_the_documentation_is_found_from_its_map() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "docs" / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        targets = LINK.findall(BLOCK.sub("", page.read_text(encoding="utf-8")))
        waiting += [
            target
            for name in targets
            if "://" not in name and (target := (page.parent / name).resolve()).suffix == ".md"
        ]
    fragments = ROOT / "docs" / "changes"
    lost = [
        page
        for page in pages()
        if page.is_relative_to(ROOT / "docs") and page not in seen and page.parent != fragments
    ]
    assert [page.relative_to(ROOT).as_posix() for page in lost] == []
