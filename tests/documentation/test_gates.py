"""The gate of `.ci/run`: a run with a skipped test fails and says which; without the gate it passes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PASSES = "def test_passes(): pass\n"
GAPS = {
    "skip": "import pytest\ndef test_gap(): pytest.skip('not today')\n",
    "mark": "import pytest\n@pytest.mark.skip(reason='not today')\ndef test_gap(): pass\n",
    "module": "import pytest\npytest.skip('not today', allow_module_level=True)\n",
    "xfail": "import pytest\n@pytest.mark.xfail(reason='not today')\ndef test_gap(): assert False\n",
    "needs": "import pytest\n@pytest.mark.needs('no-such-program-here')\ndef test_gap(): pass\n",
}


def run(folder: Path, *, gate: bool, workers: int = 0) -> subprocess.CompletedProcess[str]:
    """Run pytest in `folder` with the plugin under test."""
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    needs(tool): x\n")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("EMLA_", "PYTEST_"))
    }
    environment |= {"PYTHONPATH": str(ROOT), "FAIL_ON_SKIP": "1" if gate else "0"}
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.gates", "-n", str(workers), "."]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("workers", [0, 1], ids=["in one process", "in parallel"])
def test_every_kind_of_gap_fails_the_gated_run_and_is_named(tmp_path: Path, workers: int) -> None:
    (tmp_path / "test_passes.py").write_text(PASSES)
    for name, text in GAPS.items():
        (tmp_path / f"test_{name}.py").write_text(text)
    ended = run(tmp_path, gate=True, workers=workers)
    assert ended.returncode == 1, ended.stdout
    named = ended.stdout.split("not proved", 1)[1].split("short test summary", 1)[0]
    assert [name for name in GAPS if f"test_{name}.py" not in named] == []
    assert "1 passed" in ended.stdout.splitlines()[-1]


def test_one_gap_is_enough(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(PASSES + GAPS["skip"])
    assert run(tmp_path, gate=True).returncode == 1


def test_without_the_gate_a_gap_passes(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(PASSES + GAPS["needs"])
    assert run(tmp_path, gate=False).returncode == 0


def test_without_a_gap_the_gated_run_passes(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(PASSES)
    assert run(tmp_path, gate=True).returncode == 0
