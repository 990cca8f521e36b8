"""The pages of the states and of the time limits say what the tables say."""

import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("generator", ["generate_cases.py", "generate_clocks.py", "generate_events.py"])
def test_the_page_is_fresh(generator: str) -> None:
    for path, text in runpy.run_path(str(DOCS / generator))["pages"]().items():
        assert path.read_text(encoding="utf-8") == text, "run make docs"
