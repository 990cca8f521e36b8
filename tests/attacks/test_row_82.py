"""Row 82: a peer is away for thirty days while packages queue up, and comes back. They drain in bounded memory, urgent first.

Thirty virtual days and every package of them are real: handed in, sealed, queued, sent, opened, acknowledged. `make test` queues
a few hundred, and goes its rounds every ten minutes; `make test-full` ten thousand, and each minute as a gateway does.
"""

import gc
import resource
from dataclasses import replace

import pytest
from nacl import bindings

from emla.ledger import note
from emla.model.package import Priority
from emla.store.sqlite import schema
from tests.simulation.options import DAY, HOUR, Death, Kind, Planned
from tests.simulation.run import run_options
from tests.simulation.scenes import calm_options, go_rounds_seldom, message
from tests.simulation.world import World
from tests.support.books import Books

SENDER, RECIPIENT, BYSTANDER = "at.moj", "jp.moj", "de.bfj"
AWAY_SECONDS = 30 * DAY
URGENT_EVERY = 10
GROWTH_MEBIBYTES_MAX = 96
"""Ten thousand payloads are more than that; what is read ahead, and a page cache of 32 MiB, are less."""
SMALL_CACHE = "cache_size=-32768"
"""A gateway's own page cache would hold what a gateway must not: it is bounded all the same, and its size is not the question."""


def resident_mebibytes() -> float:
    """Memory of this process now."""
    with open("/proc/self/statm") as file:  # noqa: PTH123 (thousands of times)
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def away(count: int) -> tuple[Planned, ...]:
    """Some messages at the beginning, most of them on the last day, and the urgent ones after all the others."""
    urgent, early = count // URGENT_EVERY, min(20, count // 10)
    late = AWAY_SECONDS - DAY
    normal = [message(SENDER, RECIPIENT, at=late + number) for number in range(count - urgent - early)]
    return (
        *(message(SENDER, RECIPIENT, at=10.0 + number) for number in range(early)),
        *normal,
        *(message(SENDER, RECIPIENT, at=late + 16 * HOUR + number, urgent=True) for number in range(urgent)),
    )


def drain(count: int, *, seldom: bool) -> tuple[Books, float]:
    """Queue so many packages for a peer that is away; what it holds when it is back, and how memory grew meanwhile.

    Args:
        count: how many.
        seldom: go the rounds of a gateway less often.
    """
    deaths = tuple(
        Death(node=node, at=5.0, job=None, step="", before=True, down_seconds=2 * AWAY_SECONDS, silently=True)
        for node in (RECIPIENT, BYSTANDER)
    )
    options = replace(
        calm_options(Kind.LINE), planned=away(count), deaths=deaths, safety_seconds=AWAY_SECONDS
    )
    found: list[Books] = []
    memory: list[float] = []

    def prepare(world: World) -> None:
        gc.enable()  # as in a gateway: what is measured is not what a collector would have taken away
        node = world.nodes[SENDER]
        before_job = node.on_job

        def measured(each: object, steps: list[str]) -> str:
            if world.loop.now >= AWAY_SECONDS - HOUR:
                memory.append(resident_mebibytes())
            return before_job(node, steps)

        node.on_job = measured

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "WRITER_PRAGMAS", (*schema.WRITER_PRAGMAS, SMALL_CACHE))
        if seldom:
            go_rounds_seldom(patch)
        for module in (bindings, note):  # what tests remember of signatures is no memory of the gateway's
            checks = module.crypto_sign_open
            patch.setattr(module, "crypto_sign_open", getattr(checks, "__wrapped__", checks))
        ran = run_options(options, look=lambda world: found.append(world.books()[RECIPIENT]), prepare=prepare)
    assert ran.found == ""
    print(
        f"{count} packages: {ran.seconds:.0f} s, drained {ran.quiet_after:.0f} virtual seconds after the outage,"
        f" {max(memory) - memory[0]:.0f} MiB more at most"
    )
    return found[0], max(memory) - memory[0]


def check(count: int, *, seldom: bool) -> None:
    theirs, grown = drain(count, seldom=seldom)
    received = list(theirs.received.values())
    assert len(received) == count
    assert {each.state for each in received} == {"CONSIGNED"}
    urgent = [each.header is not None and each.header.prio is Priority.URGENT for each in received]
    # Whatever was on its way when the line opened may be before the first urgent one; nothing else is before the last.
    assert max(place for place, each in enumerate(urgent) if each) < count // URGENT_EVERY + 130
    assert grown < GROWTH_MEBIBYTES_MAX


@pytest.mark.timeout(300)
def test_hundreds_of_packages_drain_after_thirty_days_urgent_first() -> None:
    check(300, seldom=True)


@pytest.mark.long
def test_ten_thousand_packages_drain_after_thirty_days_urgent_first_in_bounded_memory() -> None:
    check(10_000, seldom=False)
