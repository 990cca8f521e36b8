"""Every code has a page that says what happened, what to do and who must act; none is stale or left over."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from emla.model.codes import CODES

ROOT = Path(__file__).parents[2]
ERRORS = ROOT / "docs" / "reference" / "errors"


def load_generator() -> ModuleType:
    """docs/generate.py as a module; it is a script and belongs to no package."""
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_a_page_with_meaning_remedy_and_who_must_act(code: str) -> None:
    row, text = CODES[code], (ERRORS / f"{code}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {code}\n")
    assert row.meaning in text
    assert row.remedy in text
    assert row.who.value in text.lower() or row.who.value in text


def test_generated_pages_are_fresh() -> None:
    pages: dict[Path, str] = load_generator().pages()
    stale = [
        page.name for page, text in pages.items() if not page.exists() or page.read_text("utf-8") != text
    ]
    assert stale == [], "run `make docs`"


def test_no_page_is_left_over() -> None:
    assert {page.stem for page in ERRORS.glob("*.md")} - {"README"} == set(CODES)


def test_what_was_written_by_hand_is_kept(tmp_path: Path) -> None:
    generate, row = load_generator(), CODES["wrong-pin"]
    page = tmp_path / "wrong-pin.md"
    page.write_text(f"# an old head\n\n{generate.MARKER}\n\nA line by hand.\n", encoding="utf-8")
    assert generate.fresh(page, row) == generate.head(row) + "\nA line by hand.\n"
