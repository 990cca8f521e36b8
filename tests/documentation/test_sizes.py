"""A file fits in one reading (docs/adr): 400 lines is the end, whatever the reason."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES_MAX = 400
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "service", "misc"}


def test_no_module_is_longer_than_one_reading() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for folder in ("emla", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if "node_modules" not in path.parts
    }
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > LINES_MAX} == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    named = [path for path in (ROOT / "emla").rglob("*.py") if path.stem in FORBIDDEN_NAMES]
    assert named == []
    folders = [path for path in (ROOT / "emla").rglob("*") if path.is_dir() and path.name in FORBIDDEN_NAMES]
    assert folders == []
