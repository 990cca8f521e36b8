"""What the process of a workshop has imported before a safeguard is removed, and what of it is stale afterwards.

Executing the modules of emla costs more than most tests do, so it is done once. Who imported whom is written down meanwhile,
from the import statements that ran: a module is stale when it is the changed one or imported a stale one, in however many steps.
Those are forgotten, and whoever asks for them executes them anew; what is left has never seen the changed module.

Rules of this file: a file that is no imported module makes everything stale, for nobody knows who read it.
"""

import builtins
import importlib
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import resolve_name
from pathlib import Path
from types import ModuleType

_OURS = ("emla", "tests")
_IMPORTED = ("emla", "tests/support")
_LEFT_OUT = ("__main__",)


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in _OURS


def _and_packages(name: str) -> Iterator[str]:
    """A module, and the packages it lies in: they are executed before it."""
    while name:
        yield name
        name = name.rpartition(".")[0]


class Warm:
    """What was imported of ours, and who imported whom."""

    def __init__(self) -> None:
        self._importers: dict[str, set[str]] = defaultdict(set)

    def up(self, root: Path) -> None:
        """Import every module of emla and what tests share."""
        with self._noted():
            for folder in _IMPORTED:
                for path in sorted((root / folder).rglob("*.py")):
                    name = module_name(path.relative_to(root))
                    if path.stem not in _LEFT_OUT:
                        importlib.import_module(name)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Write down each import statement that runs."""
        plain = builtins.__import__

        def noting(
            name: str,
            globals: Mapping[str, object] | None = None,  # noqa: A002 - the interpreter names it so
            locals: Mapping[str, object] | None = None,  # noqa: A002
            fromlist: Sequence[str] | None = (),
            level: int = 0,
        ) -> object:
            module = plain(name, globals, locals, fromlist or (), level)
            importer = str((globals or {}).get("__name__", ""))
            if _is_ours(importer):
                whole = resolve_name("." * level + name, importer) if level else name
                self._note(importer, whole, fromlist or ())
            return module

        builtins.__import__ = noting  # type: ignore[assignment]  # a function stands for a function
        try:
            yield
        finally:
            builtins.__import__ = plain

    def _note(self, importer: str, name: str, parts: Sequence[str]) -> None:
        for whole in (name, *(f"{name}.{part}" for part in parts)):
            if _is_ours(whole) and whole in sys.modules:
                for each in _and_packages(whole):
                    self._importers[each].add(importer)

    def stale(self, changed: Path) -> set[str]:
        """What has seen a file of the copy, given by its path there."""
        name = module_name(changed)
        ours = {each for each in sys.modules if _is_ours(each)}
        if name not in ours or changed.suffix != ".py":
            return ours
        found: set[str] = set()
        ahead = {name, *(each for each in ours if each.startswith(f"{name}."))}
        while ahead:
            found |= ahead
            ahead = {importer for each in ahead for importer in self._importers[each]} - found
        return found & ours


def module_name(path: Path) -> str:
    """The module in a file, by the file's path in the project."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def forget(names: set[str]) -> None:
    """Take modules out of the interpreter: also out of their packages, where `from package import module` looks first."""
    for name in names:
        sys.modules.pop(name, None)
        package, _, last = name.rpartition(".")
        inside = vars(sys.modules[package]) if package in sys.modules else {}
        if isinstance(inside.get(last), ModuleType):
            del inside[last]
