"""The pages about messages say what the schemas say, and the contract says which messages must name the one they answer."""

import re
import runpy
from pathlib import Path

import pytest

from emla.model.message_types import MESSAGE_TYPES

ROOT = Path(__file__).parents[2]
PAGES: dict[Path, str] = runpy.run_path(str(ROOT / "docs" / "generate_messages.py"))["pages"]()


@pytest.mark.parametrize("path", sorted(PAGES), ids=lambda path: path.name)
def test_a_generated_page_is_fresh(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == PAGES[path], "run docs/generate_messages.py"


def test_there_is_no_page_of_a_family_that_is_gone() -> None:
    folder = ROOT / "docs" / "reference" / "messages"
    assert set(folder.glob("*.md")) == set(PAGES)


def test_the_readme_of_the_schemas_lists_the_messages_that_must_answer() -> None:
    readme = (ROOT / "schemas" / "README.md").read_text(encoding="utf-8")
    _, _, listed = readme.partition("It is required in")
    named = set(re.findall(r"[A-Z][A-Za-z]+", listed.partition(".")[0]))
    assert named == {name for name, row in MESSAGE_TYPES.items() if row.answers}
