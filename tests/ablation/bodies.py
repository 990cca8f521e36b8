"""Where a removal changes nothing of a module but the bodies of functions, they are exchanged where the functions stand.

Whoever has imported such a function, decorated it or put it in a table has the same object as before, with another body: nothing
need be executed anew. What was computed with it meanwhile stays: constants, the cases of tests, functions that it made. So a
test that still passes proves nothing, and all is to be executed anew (`warm`). A test that fails may fail, in theory, because
something from before the exchange meets something from after it: the long run of `make test-full` judges every removal anew.
"""

import gc
import inspect
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType

Exchange = list[tuple[FunctionType, CodeType]]
"""Functions, each with its other body."""
_Place = tuple[str, int, str]
"""A file, a line, and a name with those of what it stands in."""


class Bodies:
    """The functions of a copy, by where they stand in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._functions: dict[_Place, list[FunctionType]] = defaultdict(list)
        ours = f"{root}/"
        for each in gc.get_objects():
            if isinstance(each, FunctionType) and each.__code__.co_filename.startswith(ours):
                self._functions[_place(each.__code__)].append(each)

    def exchanged(self, file: str, whole: str) -> Exchange | None:
        """The functions of a file, with the bodies that they have in it now.

        Args:
            file: its path in the copy.
            whole: the text that was imported.

        Returns:
            None where something else differs as well, or it is no module.
        """
        path = self.root / file
        if path.suffix != ".py":
            return None
        without = path.read_text(encoding="utf-8")
        pairs = _differing(compile(whole, str(path), "exec"), compile(without, str(path), "exec"))
        found: Exchange = []
        for old, new in pairs or ():
            those = [
                each for each in self._functions[_place(old)] if _placeless(each.__code__) == _placeless(old)
            ]
            if not those or any(each.__code__.co_freevars != new.co_freevars for each in those):
                return None
            found += [(each, new) for each in those]
        return None if pairs is None else found


def exchange(found: Exchange) -> None:
    """Give each function its other body."""
    for function, body in found:
        function.__code__ = body


def _place(code: CodeType) -> _Place:
    return code.co_filename, code.co_firstlineno, code.co_qualname


def _differing(old: CodeType, new: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    """The functions whose bodies differ; None where something else does."""
    if _is_function(old) and _is_function(new):
        return [] if _placeless(old) == _placeless(new) else [(old, new)]
    if _frame(old) != _frame(new):
        return None
    found: list[tuple[CodeType, CodeType]] = []
    for one, other in zip(_inside(old), _inside(new), strict=True):
        pairs = _differing(one, other)
        if pairs is None:
            return None
        found += pairs
    return found


def _is_function(code: CodeType) -> bool:
    """Or else the body of a module or of a class, which was executed when it was imported."""
    return bool(code.co_flags & inspect.CO_OPTIMIZED)


def _inside(code: CodeType) -> Iterator[CodeType]:
    return (each for each in code.co_consts if isinstance(each, CodeType))


def _frame(code: CodeType) -> CodeType:
    """What is executed when it is imported, without the functions and classes in it."""
    consts = tuple(each.co_name if isinstance(each, CodeType) else each for each in code.co_consts)
    return code.replace(co_firstlineno=1, co_linetable=b"", co_consts=consts)


def _placeless(code: CodeType) -> CodeType:
    """A body without the lines that it stands in."""
    consts = tuple(_placeless(each) if isinstance(each, CodeType) else each for each in code.co_consts)
    return code.replace(co_firstlineno=1, co_linetable=b"", co_consts=consts)
