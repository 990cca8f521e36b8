"""The page of the states says what the state machines say."""

import runpy
from pathlib import Path

GENERATOR = Path(__file__).parents[2] / "docs" / "generate_cases.py"


def test_the_page_of_the_states_is_fresh() -> None:
    for path, text in runpy.run_path(str(GENERATOR))["pages"]().items():
        assert path.read_text(encoding="utf-8") == text, "run make docs"
