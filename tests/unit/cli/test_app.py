"""The grammar, the help, the exit codes, and one way out for every error."""

import json
from collections.abc import Iterator

import click
import pytest

from emla.cli.app import INTERRUPTED, emla, run
from emla.cli.lazy import LazyGroup
from emla.model.codes import CODES
from emla.model.errors import EmlaError, InvalidMessageError
from emla.model.findings import Finding, Severity
from tests.support.cli import emla as run_emla
from tests.support.cli import loaded_modules

GRAMMAR = """init; serve; doctor; demo; message check; message send; message list; message show; message open;
request send; card export; card show; peer import; peer list; peer show; peer ping; leg list; leg retry;
leg show; leg hold; leg release; leg close; message release; message close; ledger verify"""


def _commands(
    group: LazyGroup, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command, str]]:
    for name, entry in group.table.items():
        command = group.get_command(click.Context(group), name)
        assert command is not None
        yield (*words, name), command, entry.short_help
        if isinstance(command, LazyGroup):
            yield from _commands(command, (*words, name))


COMMANDS = list(_commands(emla))


@pytest.mark.parametrize("words", [" ".join(each.split()) for each in GRAMMAR.split(";")])
def test_the_grammar_has_this_command(words: str) -> None:
    assert tuple(words.split()) in [name for name, _, _ in COMMANDS]


@pytest.mark.parametrize(
    ("words", "command", "short"), COMMANDS, ids=[" ".join(name) for name, _, _ in COMMANDS]
)
def test_every_command_has_help_an_example_and_the_common_options(
    words: tuple[str, ...], command: click.Command, short: str
) -> None:
    outcome = run_emla(*words, "--help")
    assert outcome.code == 0
    for expected in ("Usage: emla", "Example:\n    emla ", "--data", "--json", "--debug"):
        assert expected in outcome.out
    if not isinstance(command, LazyGroup):
        assert (command.help or "").split("\n")[0] == short


@pytest.mark.parametrize("words", [("--help",), ("message", "--help"), ("card", "show"), ("--version",)])
def test_light_commands_load_nothing_heavy(words: tuple[str, ...]) -> None:
    loaded = loaded_modules(
        *words, *([] if "--help" in words or "--version" in words else ["--data", "/nowhere"])
    )
    assert not loaded & {"aiohttp", "xmlschema", "lxml", "asyncio", "sqlite3"}


@pytest.mark.parametrize(
    ("words", "suggestion"),
    [(("mesage", "list"), "message"), (("message", "lst"), "list"), (("peer", "import", "--fingerprnt"), "")],
)
def test_a_slip_is_a_usage_error_with_a_suggestion(words: tuple[str, ...], suggestion: str) -> None:
    outcome = run_emla(*words)
    assert outcome.code == 2
    assert outcome.out == ""
    assert suggestion in outcome.err


def test_a_slip_with_json_is_one_document() -> None:
    outcome = run_emla("mesage", "--json")
    assert outcome.code == 2
    assert outcome.document["error"]["code"] == "usage"  # type: ignore[index] # the assertion is the check


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_is_shown_with_its_meaning_remedy_actor_and_exit_code(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = CODES[code]
    _raising(monkeypatch, EmlaError(code, "The facts."))
    outcome = run_emla("doctor")
    assert outcome.code == row.exit_code
    assert outcome.out == ""
    words = " ".join(outcome.err.split())
    for part in (row.meaning, "The facts.", row.remedy, row.who.value, code):
        assert " ".join(part.split()) in words


def test_the_same_error_is_one_json_document(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = Finding(rule="BR-001", severity=Severity.FATAL, message="No.", line=3, path="/a", source="s")
    _raising(monkeypatch, InvalidMessageError("invalid-message", "Facts.", findings=(finding,)))
    outcome = run_emla("--json", "doctor")
    row = CODES["invalid-message"]
    assert outcome.code == 3
    assert outcome.err == ""
    assert outcome.document == {
        "error": {
            "code": "invalid-message",
            "meaning": row.meaning,
            "detail": "Facts.",
            "remedy": row.remedy,
            "who": row.who.value,
            "retryable": False,
            "exit_code": 3,
            "findings": [
                {
                    "rule": "BR-001",
                    "severity": "fatal",
                    "message": "No.",
                    "line": 3,
                    "path": "/a",
                    "source": "s",
                    "remedy": "",
                    "override": "",
                }
            ],
        }
    }


def test_an_unforeseen_error_is_one_line_and_a_trace_only_when_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _raising(monkeypatch, ZeroDivisionError("some\ndepth"))
    plain, debug = run_emla("doctor"), run_emla("doctor", "--debug")
    assert plain.code == debug.code == CODES["internal"].exit_code
    assert "ZeroDivisionError: some depth" in plain.err
    assert "Traceback" not in plain.err
    assert "Traceback" in debug.err


def test_an_interruption_has_its_own_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    _raising(monkeypatch, KeyboardInterrupt())
    outcome = run_emla("doctor")
    assert outcome.code == INTERRUPTED
    assert "Interrupted" in outcome.err


def _raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let `emla doctor` meet this error."""

    async def examine(*_: object) -> None:
        raise error

    monkeypatch.setattr("emla.bootstrap.doctor.examine", examine)


def test_completion_scripts_are_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for shell in ("bash", "zsh", "fish"):
        monkeypatch.setenv("_EMLA_COMPLETE", f"{shell}_source")
        with pytest.raises(SystemExit):
            run([])
        assert "_EMLA_COMPLETE" in capsys.readouterr().out


def test_json_is_one_document_for_every_command_without_a_server(tmp_path: object) -> None:
    for words in (("message", "list"), ("peer", "list"), ("leg", "list"), ("peer", "ping", "nl.minjus")):
        outcome = run_emla(*words, "--json", "--data", str(tmp_path))
        assert outcome.code == 5
        assert json.loads(outcome.out)["error"]["code"] == "server-not-running"
