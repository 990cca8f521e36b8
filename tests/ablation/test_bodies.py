"""Bodies of functions are exchanged where nothing else differs, and whoever has the function meets the other body."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.ablation.bodies import Bodies, exchange

FILE = "what_is_changed.py"
TEXT = '''"""What is changed."""
import functools

def doubled(number):
    return number * 2

def noted(function):
    @functools.wraps(function)
    def noting(*given):
        return function(*given)
    return noting

@noted
def tripled(number):
    return number * 3

class Counter:
    step = 1

    @property
    def next(self):
        return self.step + 1

    def inner(self):
        return (lambda: self.step)()

    def __repr__(self):
        return super().__repr__() + "!"

TWO, THREE = (lambda: 2), (lambda: 3)
FOUR = doubled(2)
TABLE = {"two": doubled}
'''


@pytest.fixture
def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ModuleType, Bodies]]:
    (tmp_path / FILE).write_text(TEXT)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("what_is_changed"), Bodies(tmp_path)
    del sys.modules["what_is_changed"]


def without(bodies: Bodies, old: str, new: str) -> bool:
    """Exchange what differs; whether that was all."""
    assert TEXT.count(old) == 1
    (bodies.root / FILE).write_text(TEXT.replace(old, new))
    found = bodies.exchanged(FILE, TEXT)
    exchange(found or [])
    return found is not None


def test_whoever_has_a_function_meets_its_other_body(changed: tuple[ModuleType, Bodies]) -> None:
    module, bodies = changed
    kept, table = module.doubled, module.TABLE
    assert without(bodies, "    return number * 2\n", "    number += 1\n    return number * 2\n")
    assert (kept(2), table["two"](2), module.doubled(2)) == (6, 6, 6)
    assert module.FOUR == 4, "what was computed stays: a test that still passes proves nothing"


@pytest.mark.parametrize(
    ("old", "new", "expression", "value"),
    [
        ("number * 3", "number", "tripled(1)", 1),
        ("self.step + 1", "self.step", "Counter().next", 1),
        ("(lambda: self.step)()", "(lambda: -self.step)()", "Counter().inner()", -1),
        ('super().__repr__() + "!"', 'super().__repr__()[:0] + "?"', "repr(Counter())", "?"),
    ],
    ids=["decorated", "property", "inner", "cell"],
)
def test_wherever_it_stands(
    changed: tuple[ModuleType, Bodies], old: str, new: str, expression: str, value: object
) -> None:
    module, bodies = changed
    assert eval(expression, vars(module)) != value
    assert without(bodies, old, new)
    assert eval(expression, vars(module)) == value


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FOUR = doubled(2)", "FOUR = 5"),
        ("    step = 1\n", "    step = 2\n"),
        ("def doubled(number):", "def doubled(number, more=0):"),
        ("    @property\n", ""),
        ("import functools\n", "import functools, re\n"),
        ('super().__repr__() + "!"', '"?"'),
    ],
    ids=["module", "class", "default", "decorator", "import", "no cell any more"],
)
def test_what_was_executed_at_the_import_is_not_exchanged(
    changed: tuple[ModuleType, Bodies], old: str, new: str
) -> None:
    assert not without(changed[1], old, new)


def test_of_two_in_one_place_the_one_that_differs_is_exchanged(changed: tuple[ModuleType, Bodies]) -> None:
    module, bodies = changed
    assert without(bodies, "(lambda: 2)", "(lambda: -2)")
    assert (module.TWO(), module.THREE()) == (-2, 3)


def test_lines_that_move_are_no_difference(changed: tuple[ModuleType, Bodies]) -> None:
    _, bodies = changed
    (bodies.root / FILE).write_text(TEXT.replace("import functools\n", "import functools\n\n\n"))
    assert bodies.exchanged(FILE, TEXT) == []
