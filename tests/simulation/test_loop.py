"""The virtual loop keeps the order and the promises of a real one, and its lives end when they are told to."""

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from tests.simulation.loop import LIFE, Life, StillnessError, VirtualLoop, quietly

Result = TypeVar("Result")


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run something to its end in virtual time."""
    loop = VirtualLoop()
    with quietly():
        try:
            return loop.run_until_complete(coroutine)
        finally:
            loop.bury()


def test_a_month_passes_at_once() -> None:
    async def sleeps() -> float:
        await asyncio.sleep(30 * 86400)
        return asyncio.get_running_loop().time()

    assert run(sleeps()) == 30 * 86400


def test_timers_of_one_instant_run_in_the_order_they_were_set() -> None:
    async def race() -> list[int]:
        loop, seen = asyncio.get_running_loop(), list[int]()
        for number in range(20):
            loop.call_at(5.0, seen.append, number)
        await asyncio.sleep(6.0)
        return seen

    assert run(race()) == list(range(20))


def test_time_outs_and_cancellation_work_as_ever() -> None:
    async def slow() -> str:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3.0):
                await asyncio.Event().wait()
        return f"{asyncio.get_running_loop().time()}"

    assert run(slow()) == "3.0"


def test_jobs_of_threads_are_done_here_and_later_and_their_errors_reach_who_waits() -> None:
    async def works() -> float:
        assert await asyncio.to_thread(lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 // 0)
        return asyncio.get_running_loop().time()

    assert run(works()) == pytest.approx(0.002)


def test_a_life_that_ended_runs_nothing_more_and_the_others_go_on() -> None:
    seen: list[str] = []

    async def work(name: str) -> None:
        try:
            for number in range(10):
                await asyncio.sleep(1.0)
                seen.append(f"{name}{number}")
        finally:
            seen.append(f"{name} tidied up")

    async def world() -> list[str]:
        lives = {name: Life(name, 0) for name in ("a", "b")}
        tasks = []
        for name, life in lives.items():
            context = contextvars.copy_context()
            context.run(LIFE.set, life)
            tasks.append(asyncio.get_running_loop().create_task(work(name), context=context))
        await asyncio.sleep(2.5)
        lives["a"].alive = False
        await tasks[1]
        return list(seen)

    happened = run(world())
    assert [each for each in happened if each.startswith("a")] == ["a0", "a1"]
    assert [each for each in happened if each.startswith("b")][-2:] == ["b9", "b tidied up"]


def test_a_simulation_that_would_hang_says_so() -> None:
    async def waits() -> None:
        await asyncio.Event().wait()

    with pytest.raises(StillnessError):
        run(waits())
