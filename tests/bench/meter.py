"""What of a gateway's work is pure: every call into the pure rooms, counted in a running gateway and timed alone.

`install` stands before a gateway's own code (`share.py`). It wraps functions and methods of formats, steps, rules, cases and
ledger, and the words of the children's sockets. A call that comes from any other room is counted, and now and then its arguments
are kept. When the gateway ends, the wrappers are taken off and each function is called with what was kept, in a loop: warm,
undisturbed, with nothing around it. In its place a call costs more, so the sum is a lower bound.

Rules of this file:
- What the skeleton does too (signatures, cipher, key exchange) is counted by itself, and taken off whatever it stands in.
- Nothing is guessed: a call that cannot be made again, because it changed what it was given, counts nothing.
- Statements cannot be made again. They are timed where they run, and are no part of the bound. Those that the skeleton has too
  (payload and signed rows, commit, copying back) are left out.
"""

import atexit
import inspect
import json
import sqlite3
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import update_wrapper
from pathlib import Path
from types import FunctionType
from typing import Any

_ROOMS = ("formats.", "steps.", "rules.", "cases.", "ledger.", "sandbox.wire.", "sandbox.clerk_wire.")
PURE = tuple(f"emla.{room}" for room in _ROOMS)
PRIMITIVES = ("emla.formats.ed1.", "emla.formats.h1.", "emla.formats.cc1.")
STATEMENTS = "statements"
"""The row of what SQLite and its binding took."""
_SKELETONS = ("INSERT INTO payload", "INSERT INTO acknowledgement", "BEGIN", "COMMIT", "PRAGMA")
_KEPT, _EVERY = 48, 23
_SECONDS, _ROUNDS = 0.02, 5
Arguments = tuple[tuple[Any, ...], dict[str, Any]]


@dataclass(slots=True)
class _Called:
    """One function: how often it was called from outside, with what, and which primitives it called."""

    name: str
    function: Callable[..., Any]
    is_primitive: bool
    calls: int = 0
    kept: list[Arguments] = field(default_factory=list)
    primitives: Counter[str] = field(default_factory=Counter)


class _Meter:
    """Wraps what is pure, counts, and measures in the end."""

    def __init__(self) -> None:
        self._called: dict[str, _Called] = {}
        self._within: _Called | None = None
        self._undo: list[tuple[object, str, object]] = []
        self.statements = [0, 0]
        """How many, and nanoseconds of processor time."""

    def wrap_everything(self) -> None:
        """Wrap what is loaded, wherever it was imported to. Tables that hold functions go on holding the bare ones."""
        wrapped: dict[int, object] = {}
        for name, module in list(sys.modules.items()):
            if not f"{name}.".startswith(PURE):
                continue
            for key, value in list(vars(module).items()):
                if getattr(value, "__module__", "") != name:
                    continue
                if inspect.isclass(value):
                    self._wrap_methods(f"{name}.{key}", value)
                elif isinstance(value, FunctionType) or hasattr(value, "cache_info"):
                    wrapped[id(value)] = self._wrapped(f"{name}.{key}", value)
        for name, module in list(sys.modules.items()):
            if name.startswith("emla."):
                for key, value in list(vars(module).items()):
                    if id(value) in wrapped:
                        self._set(module, key, wrapped[id(value)])

    def _wrap_methods(self, name: str, owner: type) -> None:
        for key, value in list(vars(owner).items()):
            if isinstance(value, FunctionType) and not key.startswith("__"):
                self._set(owner, key, self._wrapped(f"{name}.{key}", value))

    def _set(self, owner: object, key: str, value: object) -> None:
        self._undo.append((owner, key, vars(owner)[key]))
        setattr(owner, key, value)

    def _wrapped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        called = self._called[name] = _Called(name, function, name.startswith(PRIMITIVES))

        def outer(*arguments: Any, **named: Any) -> Any:
            within = self._within
            if within is not None:
                if not called.is_primitive or within.is_primitive:
                    return function(*arguments, **named)
                within.primitives[name] += 1
            if len(called.kept) < _KEPT and called.calls % _EVERY == 0:
                # Views end with their buffer, so what they show is kept.
                kept = {key: _kept(value) for key, value in named.items()}
                called.kept.append((tuple(map(_kept, arguments)), kept))
            called.calls += 1
            self._within = called
            try:
                return function(*arguments, **named)
            finally:
                self._within = within

        return update_wrapper(outer, function)

    def measured(self) -> dict[str, tuple[int, float]]:
        """For each function that was called from outside: how often, and the microseconds of one call without primitives."""
        for owner, key, value in reversed(self._undo):
            setattr(owner, key, value)
        used = [each for each in self._called.values() if each.calls]
        costs = {each.name: _microseconds(each) for each in used}
        found = {STATEMENTS: (self.statements[0], self.statements[1] / 1e3 / max(self.statements[0], 1))}
        for each in used:
            if not each.is_primitive:
                inside = sum(count * costs[name] for name, count in each.primitives.items()) / each.calls
                found[each.name] = each.calls, max(costs[each.name] - inside, 0.0)
        return found


def _kept(value: object) -> object:
    return memoryview(bytes(value)) if isinstance(value, memoryview | bytearray) else value


def _microseconds(called: _Called) -> float:
    """Processor time of one call, the median of some rounds over all that was kept; 0 when it cannot be called again."""
    function, good = called.function, [each for each in called.kept if _works(called.function, each)]
    if not good:
        return 0.0
    begun = time.perf_counter()
    for arguments, named in good:
        function(*arguments, **named)
    times = max(1, int(_SECONDS / max(time.perf_counter() - begun, 1e-6)))
    rounds = []
    for _ in range(_ROUNDS):
        begun = time.process_time()
        for _ in range(times):
            for arguments, named in good:
                function(*arguments, **named)
        rounds.append((time.process_time() - begun) / times / len(good) * 1e6)
    return statistics.median(rounds)


def _works(function: Callable[..., Any], arguments: Arguments) -> bool:
    try:
        found = function(*arguments[0], **arguments[1])
    except Exception:  # noqa: BLE001 (whatever it says to a second call)
        return False
    return not inspect.isgenerator(found) and not inspect.iscoroutine(found)


def _time_statements(meter: _Meter) -> None:
    """Have every connection that is opened from now on say what its statements take."""
    counted, connect = meter.statements, sqlite3.connect

    class Timed(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            begun = time.thread_time_ns()
            try:
                return super().execute(sql, *values)
            finally:
                if not sql.lstrip().startswith(_SKELETONS):
                    counted[0] += 1
                    counted[1] += time.thread_time_ns() - begun

    def timed(*arguments: Any, **named: Any) -> sqlite3.Connection:
        return connect(*arguments, **named, factory=Timed)

    sqlite3.connect = timed  # type: ignore[assignment]  # as the store calls it


def install(report: Path) -> None:
    """Wrap everything now; write what was found when the process ends."""
    import emla.bootstrap.serve  # noqa: F401 (loads every room of a gateway)

    meter = _Meter()
    meter.wrap_everything()
    _time_statements(meter)
    atexit.register(lambda: report.write_text(json.dumps(meter.measured())))
