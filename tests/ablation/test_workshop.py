"""The workshop itself: what it must not take for a safeguard that is held."""

import subprocess
import sys
from dataclasses import replace

import pytest

from tests.ablation.safeguard import Safeguard, StaleSafeguardError
from tests.ablation.workshop import ROOT, Workshop

TEST = "tests/unit/formats/test_padme.py"
HELD = Safeguard(
    name="sizes are padded",
    row="a rule",
    file="emla/formats/padme.py",
    old="    return (size_bytes + mask) & ~mask\n",
    new="    return size_bytes\n",
    held_by=(TEST,),
)


def test_a_removal_is_noticed_and_undone(workshop: Workshop) -> None:
    assert workshop.without(HELD).failed == {TEST}
    assert workshop.run((TEST,)).passed == {TEST}


def test_whoever_saw_the_changed_module_is_executed_anew_and_nobody_else() -> None:
    """In a process of its own: here an import statement finds much of it done."""
    script = """
import sys
from pathlib import Path
from tests.ablation.warm import Warm, forget
warm = Warm()
warm.up(Path.cwd())
stale = warm.stale(Path("emla/formats/padme.py"))
before = dict(sys.modules)
forget(stale)
from emla.formats import manifest, padme
assert manifest is not before["emla.formats.manifest"] and padme is not before["emla.formats.padme"]
assert manifest.padme is padme
print(*stale)
"""
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    stale = set(run.stdout.split())
    assert {"emla.formats.padme", "emla.formats.manifest", "emla.bootstrap.serve"} <= stale
    assert not {"emla", "emla.formats", "emla.model.codes", "emla.formats.xml"} & stale


SERVED = "tests/attacks/test_row_47.py"
"""Here a server and commands are at work."""


@pytest.mark.parametrize("anew", [False, True], ids=["collected", "anew"])
def test_what_is_forked_from_a_copy_works_with_every_safeguard_in_place(
    workshop: Workshop,
    anew: bool,  # noqa: FBT001
) -> None:
    assert workshop.run((SERVED,), anew=anew).passed == {SERVED}


def test_what_is_forked_from_a_copy_works_where_the_module_was_executed_anew(workshop: Workshop) -> None:
    whole = "    return (size_bytes + mask) & ~mask\n"
    same = replace(HELD, old=whole, new=whole.replace("mask)", "mask + 0)"), held_by=(SERVED,))
    assert workshop.without(same, anew=True).passed == {SERVED}


def test_a_removal_that_nobody_notices_fails_nothing(workshop: Workshop) -> None:
    outcome = workshop.without(replace(HELD, new="    return ((size_bytes + mask) & ~mask) + 0\n"))
    assert (outcome.passed, outcome.failed, outcome.broken) == (frozenset({TEST}), frozenset(), "")


@pytest.mark.parametrize(
    "new", ["    return nowhere\n", "    raise ImportError\n"], ids=["a missing name", "a missing module"]
)
def test_code_that_does_not_work_is_no_removal(workshop: Workshop, new: str) -> None:
    assert workshop.without(replace(HELD, new=new)).broken


def test_a_module_that_cannot_be_imported_is_no_removal(workshop: Workshop) -> None:
    assert workshop.without(replace(HELD, new=f"{HELD.old}\nraise ValueError\n")).broken


def test_a_test_that_is_not_there_holds_nothing(workshop: Workshop) -> None:
    assert workshop.without(replace(HELD, held_by=(f"{TEST}::test_of_yesterday",))).broken


@pytest.mark.parametrize(
    "stale",
    [
        replace(HELD, old="    return yesterday\n"),
        replace(HELD, old="mask"),
        replace(HELD, new="    return (\n"),
    ],
    ids=["gone", "in two places", "no Python"],
)
def test_a_row_that_the_code_has_left_behind_says_so(workshop: Workshop, stale: Safeguard) -> None:
    with pytest.raises(StaleSafeguardError):
        workshop.without(stale)
