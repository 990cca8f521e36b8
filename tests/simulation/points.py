"""What a campaign has to meet: where a process died, which way legs and packages moved, which codes were raised. Counted here.

Rules of this file:
- A point is one of docs/explanation/order-of-writes.md. `before` is a death at the step, with nothing of it durable; `after` one
  when it is durable and nobody has been told.
- Steps are recognised by the names of the functions that are their operations; a step that is renamed is missed by the campaign.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from emla.flow.line import deliver
from emla.model.errors import EmlaError
from emla.model.leg import InboxState, LegState
from emla.ports.store import Issued, SentRow
from emla.ports.transport import Refusal
from emla.steps.acknowledge import IssuedAcknowledgement
from emla.store.sqlite.transaction import SqliteTransaction
from tests.simulation.loop import Life

OPERATIONS = {
    "Submit._keep.<locals>.operation": "O2",
    "record_acknowledgement.<locals>.operation": "O6",
    "DeliverLeg._acknowledgement.<locals>.operation": "O6 done",
    "DeliverLeg._expire.<locals>.operation": "O8",
    "Accept._commit.<locals>.operation": "I4",
    "Open._judge.<locals>.<lambda>": "I6",
    "Open._commit.<locals>.operation": "I7",
    "HandOver._record_hand_over.<locals>.operation": "I9",
    "HubHeld._write.<locals>.operation": "O7",
    "HubHeld.acknowledgement.<locals>.operation": "O7 acknowledgement",
    "TakeItems._send_answer.<locals>.operation": "M2",
    "Deposits._commit.<locals>.operation": "H2",
    "Deposits.place.<locals>.operation": "H2 small",
    "Mailbox._release.<locals>.operation": "H4",
    "Changes.propose.<locals>.<lambda>": "C1",
    "Changes.approve.<locals>.<lambda>": "C2",
    "Own.adopt.<locals>.operation": "K2",
    "TakeDocuments._keep.<locals>.operation": "K4",
    "Reseal._replace.<locals>.operation": "K5",
}
"""The operation of each step that is one batch."""
_BLOBS = {
    ("FileBlobWriter.keep", "seal_file"): "O1",
    ("Accept._stream.<locals>.work", "Accept._stream"): "I2",
    ("FileBlobWriter.keep", "Accept._stream"): "I3",
    ("FileBlobWriter.keep", "_receive_blob"): "H1",
    ("Path.unlink", "remove_blob"): "H5",
}
_ALL = sorted({*OPERATIONS.values(), *_BLOBS.values()})
STEPS = tuple(each for each in _ALL if each[0] in "OI" and not each.startswith("O7"))
"""Every step at which the process of a gateway can be made to die."""
HUB_STEPS = tuple(each for each in _ALL if each[0] in "HM" or each.startswith("O7"))
"""The steps of a hub, and of gateways that use one."""
KEY_STEPS = tuple(each for each in _ALL if each[0] in "CK")
"""The steps of those whose keys or documents change, and of those who hear of it."""


class Counts:
    """What one run or a whole campaign has met."""

    def __init__(self) -> None:
        self.points: Counter[str] = Counter()
        self.edges: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.weather: Counter[str] = Counter()

    def add(self, other: "Counts") -> None:
        """Add what another run has met."""
        self.points += other.points
        self.edges += other.edges
        self.codes += other.codes
        self.weather += other.weather

    def died(self, life: Life, steps: list[str], when: str, *, sending: bool, receiving: bool) -> None:
        """Note where a process died."""
        for step in steps:
            self.points[f"{step} {when}"] += 1
        answers = {"O2": "O3", "I4": "I5", "H2": "H3"}
        if when == "after":
            self.points.update(answers[step] for step in steps if step in answers)
        if any(task.get_name().startswith("leg-") and not task.done() for task in life.tasks):
            self.points["O4"] += 1
        if sending:
            self.points["O5"] += 1
        if receiving:
            self.points["I1"] += 1


def blob_step(job: str) -> str | None:
    """The step that a job on a file belongs to: by the journey that asks for it, right now."""
    frame = sys._getframe(1)
    waiting = {name for known, name in _BLOBS if known == job}
    while waiting and frame is not None:
        if frame.f_code.co_qualname in waiting:
            return _BLOBS[job, frame.f_code.co_qualname]
        frame = frame.f_back  # type: ignore[assignment]  # the outermost frame has none
    return None


@contextmanager
def watching(counts: Counts) -> Iterator[None]:
    """Count every edge and every code while this lasts."""
    move_leg, move_received = SqliteTransaction.move_leg, SqliteTransaction.move_received
    issue = SqliteTransaction.issue
    begin = EmlaError.__init__

    def counted_leg(
        self: SqliteTransaction, leg_id: int, expected: LegState, state: LegState, *rest: object
    ) -> None:
        move_leg(self, leg_id, expected, state, *rest)
        counts.edges[f"leg {expected.value} {state.value}"] += 1

    def counted_received(
        self: SqliteTransaction, pid: bytes, expected: InboxState, state: InboxState, code: str | None
    ) -> None:
        move_received(self, pid, expected, state, code)
        counts.edges[f"inbox {expected.value} {state.value}"] += 1

    def counted_issue(self: SqliteTransaction, acknowledgement: IssuedAcknowledgement) -> Issued:
        issued = issue(self, acknowledgement)
        if acknowledgement.acknowledgement.reason:
            counts.codes[acknowledgement.acknowledgement.reason] += 1
        return issued

    def counted_error(self: EmlaError, code: str, *rest: object, **more: object) -> None:
        begin(self, code, *rest, **more)  # type: ignore[arg-type]  # handed on as they came
        counts.codes[code] += 1

    damaged = deliver._damaged

    def counted_damage(row: SentRow) -> Refusal:
        counts.codes["payload-damaged"] += 1
        return damaged(row)

    with (
        patch.object(deliver, "_damaged", counted_damage),
        patch.object(SqliteTransaction, "move_leg", counted_leg),
        patch.object(SqliteTransaction, "move_received", counted_received),
        patch.object(SqliteTransaction, "issue", counted_issue),
        patch.object(EmlaError, "__init__", counted_error),
    ):
        yield
