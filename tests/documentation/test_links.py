"""Every relative link in a tracked Markdown file leads to a file that is there."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def broken(page: Path) -> list[str]:
    """The links of `page` that lead nowhere."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    targets = [target.partition("#")[0] for target in LINK.findall(text) if "://" not in target]
    return [target for target in targets if target and not (page.parent / target).exists()]


def test_no_relative_link_is_broken() -> None:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    pages = [ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists()]
    assert pages
    assert {page.name: broken(page) for page in pages if broken(page)} == {}


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[here](page.md#part) [gone](gone.md) [away](https://www.w3.org/)\n```\n[x](y)\n```\n")
    assert broken(page) == ["gone.md"]
