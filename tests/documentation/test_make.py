"""Which Python `make` takes: the system's own, one that is named, or the first on the path that is new enough."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOO_OLD = "#!/bin/sh\nexit 1\n"
NEW = "#!/bin/sh\nexit 0\n"


def taken(tmp_path: Path, *words: str, programs: dict[str, str], system: str) -> str:
    """What `make` takes for Python beside `programs` on the path, where the system's own is `system`."""
    for name, text in programs.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    text = (ROOT / "Makefile").read_text().replace("/usr/bin/python3", system)
    (tmp_path / "Makefile").write_text(text + "\nwhich-python:\n\t@echo '$(PYTHON)'\n")
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = ["make", "--silent", "which-python", *words]
    return subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_systems_own_comes_before_the_path(tmp_path: Path) -> None:
    system = str(tmp_path / "system")
    assert taken(tmp_path, programs={"system": NEW, "python3": NEW}, system=system) == system


@pytest.mark.parametrize("programs", [{}, {"system": TOO_OLD}], ids=["absent", "too old or without venv"])
def test_the_path_comes_next(tmp_path: Path, programs: dict[str, str]) -> None:
    programs = programs | {"python3": TOO_OLD, "python3.13": NEW}
    assert taken(tmp_path, programs=programs, system=str(tmp_path / "system")) == "python3.13"


def test_one_that_is_named_is_taken(tmp_path: Path) -> None:
    programs = {"system": NEW}
    assert taken(tmp_path, "PYTHON=mine", programs=programs, system=str(tmp_path / "system")) == "mine"
