"""Tables in the documentation that repeat what the code says: metrics, log, store, states, layers, steps, dependencies."""

import ast
import re
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing
from itertools import combinations
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from emla.bootstrap.logs import FIELDS
from emla.cli import wording
from emla.model.acknowledgement import Event
from emla.model.leg import DEAD, FINAL, InboxState, LegState, leg_state
from emla.store.sqlite.schema import migrations
from emla.web.operations import Figures

ROOT = Path(__file__).parents[2]
EMLA = ROOT / "emla"
DOCS = ROOT / "docs"


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def table(text: str, head: str) -> list[list[str]]:
    """The rows of the table whose first column is headed so; backticks dropped."""
    after = text.split(f"\n| {head} |", 1)[1]
    rows = []
    for line in after.splitlines()[2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().replace("`", "") for cell in line.strip("|").split("|")])
    return rows


def between(text: str, name: str) -> str:
    return text.split(f"<!-- {name} -->", 1)[1].split(f"<!-- end of {name} -->", 1)[0]


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


# --- metrics ---


def declared(name: str) -> dict[str, str]:
    """Names and help texts of `counters`, `gauges` or `labelled` in the status of a gateway and of a hub, or shared by both."""
    found: dict[str, str] = {}
    gateways = ("status.py", "guard_figures.py", "case_figures.py", "scan_figures.py", "webhook_figures.py")
    for file in (*gateways, "hub_status.py"):
        found |= declared_in(file, name)
    assert found, name
    return found


def declared_in(file: str, name: str) -> dict[str, str]:
    for node in ast.walk(tree_of(EMLA / "bootstrap" / file)):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            assert isinstance(node.value, ast.Dict)
            found = {}
            for key, value in zip(node.value.keys, node.value.values, strict=True):
                assert isinstance(key, ast.Constant)
                assert isinstance(value, ast.Tuple)
                found[str(key.value)] = str(ast.literal_eval(value.elts[0]))
            return found
    return {}


def test_each_metric_is_documented_under_the_name_it_is_served_by() -> None:
    figures = Figures(
        {name: (words, lambda: 1.0) for name, words in declared("counters").items()},
        {name: (words, lambda: 1.0) for name, words in declared("gauges").items()},
        lambda: {("package", "READY"): 1},
        {
            name: (words, ("label",), lambda: {("value",): 1.0})
            for name, words in declared("labelled").items()
        },
        {
            name: (words, ("label",), lambda: {("value",): 1.0})
            for name, words in declared("labelled_counters").items()
        },
    )
    registry = CollectorRegistry(auto_describe=False)
    registry.register(figures)
    served = {
        family.samples[0].name: (family.type, family.documentation)
        for family in text_string_to_metric_families(generate_latest(registry).decode())
    }
    page = {row[0]: (row[1], row[2]) for row in table(text_of("reference/metrics.md"), "Metric")}
    assert set(page) == set(served)
    for name, (kind, words) in served.items():
        assert page[name][0] == kind, name
        assert page[name][1].startswith(words), name


def test_the_checks_of_readiness_are_documented() -> None:
    code = (EMLA / "bootstrap" / "status.py").read_text(encoding="utf-8")
    checks = re.findall(r'Check\("(\w+)"', code)
    assert checks
    assert [row[0] for row in table(text_of("reference/metrics.md"), "Check of `/readyz`")] == checks


# --- the log ---

LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}


def calls() -> Iterator[tuple[str, str, str, set[str]]]:
    """Every call of a logger in emla: message, level, logger's name, extra fields."""
    for path in EMLA.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        name = re.search(r'getLogger\("(emla\.\w+)"\)', source)
        for node in ast.walk(ast.parse(source)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id in ("logger", "_logger")
            ):
                assert name is not None, path
                assert isinstance(node.args[0], ast.Constant), path
                extra = next((each.value for each in node.keywords if each.arg == "extra"), ast.Dict([], []))
                assert isinstance(extra, ast.Dict)
                keys = {str(key.value) for key in extra.keys if isinstance(key, ast.Constant)}
                yield str(node.args[0].value), LEVELS[node.func.attr], name.group(1), keys


def test_every_line_of_the_log_is_documented() -> None:
    page = {tuple(row[:3]) for row in table(between(text_of("reference/logs.md"), "lines"), "`message`")}
    assert page == {(message, level, name) for message, level, name, _ in calls()}


def test_the_fields_of_the_log_are_documented_and_those_not_written_yet_are_marked() -> None:
    part = between(text_of("reference/logs.md"), "fields")
    page = {row[0]: row[1] for row in table(part, "Field")}
    assert tuple(page) == FIELDS
    written = set().union(*(keys for *_, keys in calls()))
    assert written <= set(FIELDS), "a field that is not listed is dropped"
    assert {name for name, words in page.items() if "not written yet" in words} == set(FIELDS) - written


# --- the store ---


def test_every_table_of_the_store_is_documented() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        for _, _, sql in migrations():
            database.executescript(sql)
        found = database.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
    tables = [name for (name,) in found]
    assert tables
    assert {row[0] for row in table(text_of("reference/store.md"), "Table")} == {*tables, "migration"}


# --- legs and states ---


def states() -> list[tuple[LegState, list[set[Event]], str]]:
    """The rows of the table, in its order: state, events of which one each must be there, words."""
    part = between(text_of("explanation/legs-and-states.md"), "states")
    found = []
    for state, events, words in table(part, "State"):
        groups = [] if events == "none of these" else events.split(", and ")
        needed = [set(map(Event, group.split(" or "))) for group in groups]
        found.append((LegState(state), needed, words))
    return found


def test_the_table_of_states_is_the_fold_for_every_set_of_acknowledgements() -> None:
    rows = states()
    for size in range(len(Event) + 1):
        for chosen in combinations(Event, size):
            read = next(state for state, needed, _ in rows if all(group & set(chosen) for group in needed))
            assert read is leg_state(frozenset(chosen)), chosen


def test_the_states_are_explained_in_the_words_of_the_command_line() -> None:
    for state, _, words in states():
        assert wording.state(state.value) == f"{state.value} ({words})"


def test_final_states_inbox_states_and_the_state_nothing_leads_to() -> None:
    page = text_of("explanation/legs-and-states.md")
    sentence = page.split("## Final states\n\n", 1)[1].partition(".")[0]
    assert set(re.findall(r"[A-Z_]{4,}", sentence)) == {state.value for state in FINAL}
    rows = table(page.split("## The inbox", 1)[1], "State")
    assert {cell for row in rows for cell in (row[0], row[2])} == {state.value for state in InboxState}
    letters = re.search(r"A \*\*dead letter\*\* [^.]*\.", page)
    assert letters
    assert set(re.findall(r"[A-Z_]{4,}", letters.group())) == {state.value for state in DEAD}


# --- architecture and the order of writes ---


def test_the_layers_drawn_are_the_layers_held() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(each["layers"] for each in rules["contracts"] if each["id"] == "layers")
    drawn = between(text_of("explanation/architecture.md"), "layers").strip().strip("`").strip()
    assert drawn == " > ".join(re.sub(r"[()]", "", each) for each in layers)


def test_the_rooms_and_files_named_exist_and_no_room_is_left_out() -> None:
    page = text_of("explanation/architecture.md")
    named = set(re.findall(r"[\w/]+\.py", page.split("## Rooms", 1)[0]))
    assert {name for name in named if not (EMLA / name).is_file()} == set()
    rooms = {room for row in table(page, "Room") for room in row[0].split(", ")}
    there = {path.name for path in EMLA.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms == there | {"config.py"}


def test_every_step_that_the_flow_names_is_in_the_order_of_writes() -> None:
    page = text_of("explanation/order-of-writes.md")
    rows = {row[0].strip("*") for row in table(page, "Step")}
    for head in ("## The recipient", "## The hub", "## Keys and documents"):
        rows |= {row[0].strip("*") for row in table(page.split(head, 1)[1], "Step")}
    named = {
        step
        for path in (EMLA / "flow").glob("*.py")
        for step in re.findall(r"\b[OICKH][1-9][0-9]?\b", path.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= rows


# --- decisions ---


def test_the_dependencies_decided_are_those_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared_names = {re.split(r"[<>=~! ]", each)[0].lower() for each in project["dependencies"]}
    rows = table(text_of("adr/0009-dependencies.md"), "Package")
    assert {name.lower() for row in rows for name in row[0].split(", ")} == declared_names


def test_every_decision_is_in_the_list_with_its_title_and_has_three_parts() -> None:
    index = text_of("adr/README.md")
    records = sorted((DOCS / "adr").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text(encoding="utf-8")
        number, _, title = text.partition("\n")[0].removeprefix("# ").partition(" ")
        assert f"| [{number}]({path.name}) | {title} |" in index
        assert re.findall(r"^## (\w+)", text, flags=re.MULTILINE) == ["Context", "Decision", "Cost"], (
            path.name
        )
