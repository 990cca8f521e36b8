"""The pages about code lists and instruments say what the files say."""

import runpy
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def pages() -> dict[Path, str]:
    """What they have to say."""
    made: dict[Path, str] = runpy.run_path(str(ROOT / "docs" / "generate_codes.py"))["pages"]()
    return made


def test_every_page_of_a_code_list_is_fresh() -> None:
    stale = [path.name for path, text in pages().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, "run docs/generate_codes.py"


def test_there_is_no_page_of_a_list_that_is_gone() -> None:
    assert set((ROOT / "docs" / "reference" / "codes").glob("*.md")) == set(pages())
