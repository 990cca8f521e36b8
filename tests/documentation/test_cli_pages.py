"""The pages made from the commands and from the settings say what the code says."""

import runpy
from pathlib import Path

import pytest

GENERATOR = Path(__file__).parents[2] / "docs" / "generate_cli.py"
PAGES: dict[Path, str] = runpy.run_path(str(GENERATOR))["pages"]()


@pytest.mark.parametrize("path", sorted(PAGES), ids=lambda path: path.name)
def test_a_generated_page_is_fresh(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == PAGES[path], "run docs/generate_cli.py"
