"""A world of a run: its nodes, its officers, perhaps a stranger. First everything goes wrong, then nothing; then it is judged.

Rules of this file:
- The safety phase ends at an instant. After it nobody dies, every line is open, clocks are right, who was down comes back.
- In the liveness phase everything must come to rest in bounded time: no leg to an honest peer waits, no package is unopened.
- Then the processes are told to stop, and the oracle reads the folders.
"""

import asyncio
import random
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from emla.model.acknowledgement import Event
from tests.simulation.evil import Evil
from tests.simulation.folders import acknowledgements_in, damage_of, kept_in, missing_blobs, shown_by
from tests.simulation.house import EPOCH, copy_of_the_house, house, make_node
from tests.simulation.hub_judged import hub_found
from tests.simulation.judged import Course, changes_undone, ends_unexplained, officers_unserved
from tests.simulation.key_officers import KeyOfficers
from tests.simulation.loop import VirtualLoop
from tests.simulation.network import Network
from tests.simulation.node import Node
from tests.simulation.officers import Officers
from tests.simulation.options import EVIL, HOUR, HUB, Cut, Death, Kind, Options, Rot
from tests.simulation.points import Counts, blob_step
from tests.simulation.rot import Rotten
from tests.simulation.storage import DISK_FAILED, DISK_FULL, Disk
from tests.simulation.weather import RunWeather
from tests.support.books import Books, read_books
from tests.support.faulty_store import Fate
from tests.support.invariants import seen_is_stored, violations_among

_WAITING_LEGS = (
    "SELECT kind, peer, count(*), max(last_code) FROM leg"
    " WHERE state = 'READY' OR (kind = 'package' AND state = 'HUB_HELD') GROUP BY kind, peer"
)
_PROMISES = (Event.RELAY_ACCEPTANCE, Event.HUB_ACCEPTANCE)
"""Who signed one of these has the package."""
_HELD_ITEMS = "SELECT owner, count(*) FROM mailbox_item WHERE state = 'HELD' GROUP BY owner"
_UNANSWERED = "SELECT pid, peer FROM unanswered UNION SELECT ref, peer FROM leg WHERE kind = 'package' AND state = 'HELD'"
_RESTART_SECONDS = 5.0
_LOOK_SECONDS = 30.0
_STOP_SECONDS = 120.0
QUIET_SECONDS_MAX = 6 * HOUR
"""Longer by what clocks were set forward: what was dated a day too late is taken a day later, and not before."""


class BrokenPromiseError(AssertionError):
    """What a run has found."""


@dataclass
class World:
    """One run."""

    folder: Path
    options: Options
    counts: Counts = field(default_factory=Counts)
    trace: list[str] = field(default_factory=list)
    """What happened, in order: the same for the same seed."""
    quiet_after: float = 0.0
    _jobs: dict[str, int] = field(default_factory=dict)
    _commits: dict[str, int] = field(default_factory=dict)
    _calls: dict[str, int] = field(default_factory=dict)
    _writes: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    """What was acknowledged and gone after a power cut."""
    _died: list[Death] = field(default_factory=list)
    _over: bool = False
    _stopping: bool = False

    def __post_init__(self) -> None:
        seed = f"{self.options.kind} {self.options.seed}"
        self.chance = random.Random(f"run {seed}")
        self.loop = VirtualLoop()
        self.loop.step_of = blob_step
        self.loop.job_seconds = lambda: self.chance.uniform(0.0, 0.01)
        self.weather = RunWeather(self.options, random.Random(f"weather {seed}"))
        self.loop.network = self.network = Network(self.loop, self.weather)
        self.house = house(hub=self.options.hub)
        copy_of_the_house(self.folder, self.house)
        self.nodes = {name: self._node(name) for name in self.options.names}
        self.gateways = [node for node in self.nodes.values() if not node.is_hub]
        self.disk: Disk | None = None
        if self.options.kind is Kind.STORAGE:
            self.disk = Disk(self.folder, random.Random(f"disk {seed}"), self._disk_fault, self._has_power)
        self.officers = Officers(self.nodes, random.Random(f"officers {seed}"))
        self.rotten = Rotten(random.Random(f"rot {seed}"))
        self.key_officers = KeyOfficers(self.nodes, random.Random(f"key officers {seed}"), EPOCH)

    def _node(self, name: str) -> Node:
        node = make_node(name, self.folder / name, self.loop, self.counts, seed=self.options.seed)
        node.on_exit = self._exited
        node.on_job = self._before_job
        if self.options.kind is Kind.STORAGE:
            node.on_death = self._power_was_cut
        else:
            node.on_commit = self._before_commit
        node.opener_deaths = self.options.opener_deaths
        return node

    def note(self, what: str) -> None:
        """Write down what happens."""
        self.trace.append(f"{self.loop.now:.6f} {what}")

    # --- what goes wrong ---

    def _before_job(self, node: Node, steps: list[str]) -> str:
        number = self._jobs[node.name] = self._jobs.get(node.name, 0) + 1
        self.note(f"{node.name} job {number} {' '.join(steps)}")
        for death in self.options.deaths:
            if self._over or death.node != node.name or death in self._died:
                continue
            if death.job == number or death.step in steps:
                self._died.append(death)
                self._will_return(node, death)
                return "before" if death.before else "after"
        return ""

    def _before_commit(self, node: Node) -> Fate | None:
        number = self._commits[node.name] = self._commits.get(node.name, 0) + 1
        for failure in self.options.failures:
            if (failure.node, failure.number) == (node.name, number) and not self._over:
                self.note(f"{node.name} storage fails at commit {number}")
                self.counts.points["storage failed"] += 1
                return Fate.KEPT if failure.kept else Fate.LOST
        return None

    def _disk_fault(self, path: str, call: str) -> type[Exception] | None:
        name = path.rsplit("/", 2)[-2]
        number = self._calls[name] = self._calls.get(name, 0) + 1
        for failure in self.options.failures:
            if (failure.node, failure.number) == (name, number) and not self._over:
                self.note(f"{name} disk fails at call {number}: {call}")
                self.counts.points["disk full" if failure.kept else "disk failed"] += 1
                return DISK_FULL if failure.kept else DISK_FAILED
        return None

    def _has_power(self, name: str) -> bool:
        number = self._writes[name] = self._writes.get(name, 0) + 1
        node = self.nodes[name]
        cut = next((each for each in self.options.cuts if (each.node, each.call) == (name, number)), None)
        if cut is None or self._over or node.life is None:
            return True
        node.life.dark = True
        self.counts.weather["cut in a job"] += 1
        self._will_return(node, cut)
        # Before anybody hears what became of the job: nothing of this process runs any more.
        self.loop.call_soon(partial(self._go_dark, node, cut), context=self.network.outside)
        return False

    def _go_dark(self, node: Node, cut: Cut) -> None:
        if node.is_up:
            node.die(silently=cut.silently)

    def _power_was_cut(self, node: Node) -> None:
        """Row 79: what anybody was told is still there."""
        assert self.disk is not None
        self.counts.weather["power cuts"] += 1
        self.counts.weather.update(f"{file} lost writes" for file in self.disk.cut(node.data))
        shown: dict[tuple[bytes, Event], bytes] = {}
        for other in self.nodes.values():
            if other is not node:
                shown |= shown_by(node.name, other.data)
        seen = self.officers.seen.get(node.name, {}) | shown
        stored = acknowledgements_in(node.data)
        lost = [
            f"{event.value} of {pid.hex()[:16]}"
            for (pid, event), bundle in seen.items()
            if stored.get((pid, event)) != bundle
        ]
        kept = kept_in(node.data)
        lost += [
            f"package {pid.hex()[:16]}" for pid, event in shown if event in _PROMISES and pid not in kept
        ]
        lost += [
            f"the blob {name}"
            for name in missing_blobs(node.data)
            if not self.rotten.is_rotten(node.name, name)
        ]
        self.lost += [f"[79] {node.name} lost {each}" for each in lost]
        self.lost += [f"[79] {node.name}: {each}" for each in damage_of(node.data)]

    def _exited(self, node: Node) -> None:
        self.note(f"{node.name} ended by itself")
        self.loop.call_later(_RESTART_SECONDS, self._start, node, context=self.network.outside)

    def _will_return(self, node: Node, death: Death | Cut) -> None:
        self.note(f"{node.name} is killed")
        if death.silently:
            self.network.silent.add(node.name)
        self.loop.call_later(death.down_seconds, self._start, node, context=self.network.outside)

    def _start(self, node: Node) -> None:
        self.network.silent.discard(node.name)
        if not (node.is_up or self._stopping):
            self.note(f"{node.name} starts")
            node.start()

    def _kill(self, death: Death) -> None:
        node = self.nodes[death.node]
        if node.is_up and not self._over:
            self._will_return(node, death)
            node.die(silently=death.silently)

    def _jump(self, name: str, seconds: float) -> None:
        self.note(f"{name} clock {seconds:+.0f}")
        self.counts.weather["clock jumps"] += 1
        self.nodes[name].clock.wrong_by += seconds

    async def _rot(self, rot: Rot) -> None:
        """Spoil a payload and put it back; then the operator starts the server again, as payload-damaged.md says."""
        node = self.nodes[rot.node]
        await asyncio.sleep(rot.at)
        while not self.rotten.spoil(rot, node):
            if self._over:
                return
            await asyncio.sleep(1.0)
        self.note(f"{rot.node} a payload rots")
        self.counts.weather["rot"] += 1
        until = min(rot.at + rot.mended_after, self.options.safety_seconds)
        await asyncio.sleep(max(0.0, until - self.loop.now))
        while not self.rotten.mend(rot, node):
            await asyncio.sleep(1.0)
        self.note(f"{rot.node} a payload is put back")
        life = node.life
        while node.is_up and node.life is life:
            node.stop()  # said again to one that was only just starting
            await asyncio.sleep(1.0)
        self._start(node)

    # --- the run ---

    def run(self) -> None:
        """Run both phases and judge.

        Raises:
            BrokenPromiseError: something that was promised does not hold.
        """
        with self.disk.in_place() if self.disk else nullcontext():
            self.loop.run_until_complete(self._run())
        self._judge()

    def bury(self) -> None:
        """End what has not ended; how it takes that is of no interest any more."""
        for node in self.nodes.values():
            node.bury()
        self.loop.bury()

    async def _run(self) -> None:
        options, loop = self.options, self.loop
        for node in self.nodes.values():
            self._start(node)
        for death in options.deaths:
            if death.at is not None:
                loop.call_at(death.at, self._kill, death)
        for jump in options.jumps:
            loop.call_at(jump.at, self._jump, jump.node, jump.seconds)
        attack: asyncio.Task[None] | None = None
        if options.evil:
            evil = Evil(self.gateways, random.Random(f"evil {options.seed}"), self.house)
            await evil.listen()
            attack = asyncio.create_task(evil.attack(options.safety_seconds))
        work = [asyncio.create_task(self.officers.hand_in(each)) for each in options.planned]
        work += [asyncio.create_task(self.key_officers.change(each)) for each in options.changes]
        work += [asyncio.create_task(self._rot(each)) for each in options.rot]
        await asyncio.sleep(options.safety_seconds)
        self._calm()
        await self._until_quiet(work)
        if attack is not None:
            attack.cancel()
        self._stopping = True
        for node in self.nodes.values():
            node.stop()
        await asyncio.sleep(_STOP_SECONDS)
        if still := [node.name for node in self.nodes.values() if node.is_up]:
            raise BrokenPromiseError(f"{still} did not stop within {_STOP_SECONDS} s.")

    def _calm(self) -> None:
        self.note("faults are over")
        self._over = self.weather.calm = True
        self.network.silent.clear()
        for node in self.nodes.values():
            node.clock.wrong_by = 0.0
            node.opener_deaths = 0.0
            self._start(node)

    async def _until_quiet(self, work: list["asyncio.Task[None]"]) -> None:
        bound = QUIET_SECONDS_MAX + sum(max(0.0, each.seconds) for each in self.options.jumps)
        begun = self.loop.now
        pause = _LOOK_SECONDS
        while self.loop.now - begun < bound:
            await asyncio.sleep(pause)
            pause = min(HOUR, pause * 1.5)
            for task in work:
                if task.done() and (error := task.exception()) is not None:
                    raise error
            self._no_errors()
            if all(task.done() for task in work) and not self._open():
                self.quiet_after = self.loop.now - begun
                self.note("quiet")
                return
        raise BrokenPromiseError(f"not quiet after {bound:.0f} s: {self._open()}")

    def _no_errors(self) -> None:
        if self.lost:
            raise BrokenPromiseError("\n".join(self.lost))
        for node in self.nodes.values():
            if node.errors:
                raise BrokenPromiseError(f"{node.name} ended: {node.errors[0]!r}") from node.errors[0]

    def _open(self) -> list[str]:
        """What is still on its way between honest nodes."""
        found = []
        for node in self.nodes.values():
            if node.store is None:
                found.append(f"{node.name} is down")
                continue
            read = node.store._reader_connection
            for kind, peer, count, code in read.execute(_WAITING_LEGS):
                if peer in self.nodes:
                    found.append(f"{node.name}: {count} {kind} legs to {peer} ({code})")
            found += [f"{node.name}: {count} items for {owner}" for owner, count in read.execute(_HELD_ITEMS)]
            for pid, peer in read.execute(_UNANSWERED):
                there = self.nodes.get(peer)
                if there and there.store and there.store.read.received(pid):
                    found.append(f"{node.name}: the answer of {peer} to what was given up or put aside")
            unopened = node.store.read.unopened_count()
            if unopened:
                found.append(f"{node.name}: {unopened} not opened")
        return found

    # --- the judgement ---

    def _judge(self) -> None:
        self._no_errors()
        if bugs := self.counts.codes["internal"]:
            raise BrokenPromiseError(f"'internal' was answered {bugs} times: a bug of ours.")
        folders = [node.data for node in self.gateways]
        options = self.options
        expiring = bool(options.jumps) or any(each.days is not None for each in options.planned)
        found = [f"{node.name}: {each}" for node in self.nodes.values() for each in damage_of(node.data)]
        books = self.books()
        found += [
            str(each) for each in violations_among([*books.values()], strangers={EVIL}, expiring=expiring)
        ]
        for name, seen in self.officers.seen.items():
            found += [str(each) for each in seen_is_stored(books[name], seen)]
        restarted = {node.name for node in self.gateways if len(node.lives) > 1}
        course = Course(options=options, ended=EPOCH + self.loop.now, restarted=restarted)
        found += ends_unexplained(books, course)
        found += officers_unserved(books, options, self.officers)
        found += changes_undone(books, self.key_officers)
        if options.hub:
            found += hub_found(self.nodes[HUB].data, folders, self.officers.documents)
        if found:
            raise BrokenPromiseError("\n".join(found))

    def books(self) -> dict[str, Books]:
        """What the folders hold."""
        return {node.name: read_books(node.data) for node in self.gateways}
