"""What is decided before a run begins: the load, and everything that will go wrong. All of it is printed with the seed.

Times are seconds of the run; the safety phase ends at `safety_seconds`, and nothing goes wrong after it. Seeds: `draw`.
"""

from dataclasses import dataclass
from enum import StrEnum

NAMES = ("at.moj", "de.bfj", "jp.moj")
EVIL = "xx.evil"
HUB = "eu.hub"
HIDDEN = "jp.moj"
"""In a run with a hub: who has no inbound port."""
HOUR, DAY = 3600.0, 86400.0
AS_ASKED = "As the run asked."
"""What a storage says that fails because it was decided; whatever else ends a process is a fault of ours."""


class Kind(StrEnum):
    """What a run is about."""

    LINE = "line"
    """The network, processes and clocks fail; the disk keeps what it was given."""
    STORAGE = "storage"
    """Power cuts and failing disks as well, on APSW."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A time in which one direction between two nodes is closed, or late by so many seconds on average."""

    source: str
    target: str
    begin: float
    end: float
    late_seconds: float = 0.0
    """0: closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A process is killed: at an instant, at its n-th job on the disk, or at the first that is this step, before or after it."""

    node: str
    at: float | None
    job: int | None
    step: str
    before: bool
    down_seconds: float
    silently: bool
    """Whether its machine is gone, too: nobody there refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """A clock is set wrong by so many seconds."""

    node: str
    at: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The storage of a node fails at its n-th commit (line), or at the n-th call of its disk (storage)."""

    node: str
    number: int
    kept: bool
    """Line: whether the commit is durable all the same. Storage: whether the disk is full, or fails to read and write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The power of a node is cut at the n-th write or sync of its disk: in the middle of a commit, of a copy, of a blob."""

    node: str
    call: int
    down_seconds: float
    silently: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """Two officers bring a new key into force, and perhaps revoke the one before it."""

    node: str
    at: float
    use: str
    revoke: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rot:
    """A payload rots on a disk: one that was sent or one that was received; later its operator puts a copy back."""

    node: str
    at: float
    received: bool
    gone: bool
    mended_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A message that somebody will hand in."""

    at: float
    sender: str
    recipient: str
    urgent: bool
    large: bool
    days: int | None
    wait: bool
    read: bool
    """Whether an officer of the recipient opens it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One run."""

    seed: int
    kind: Kind
    safety_seconds: float
    planned: tuple[Planned, ...]
    latency_seconds: float
    loss: float
    duplication: float
    refusals: float
    bytes_per_second: float
    """Of the slow node."""
    slow: str
    windows: tuple[Window, ...]
    deaths: tuple[Death, ...]
    jumps: tuple[Jump, ...]
    failures: tuple[Failure, ...]
    opener_deaths: float
    evil: bool
    hub: bool = False
    changes: tuple[KeyChange, ...] = ()
    rot: tuple[Rot, ...] = ()
    cuts: tuple[Cut, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Who has a process."""
        return (*NAMES, HUB) if self.hub else NAMES

    def __str__(self) -> str:
        """What went wrong, in one line each."""
        few = (
            f"kind={self.kind} messages={len(self.planned)} safety={self.safety_seconds:.0f}s"
            f" latency={self.latency_seconds:.3f}s loss={self.loss:.2f} duplication={self.duplication:.2f}"
            f" refusals={self.refusals:.2f} slow={self.slow} ({self.bytes_per_second:.0f} B/s)"
            f" opener_deaths={self.opener_deaths:.2f} evil={self.evil} hub={self.hub}"
        )
        many = (
            *self.windows,
            *self.deaths,
            *self.jumps,
            *self.failures,
            *self.cuts,
            *self.changes,
            *self.rot,
        )
        return "\n".join((few, *(f"  {each}" for each in many)))
