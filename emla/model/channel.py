"""Channel statuses: what one gateway says to another about the channels between them (docs/spec/channel.md).

A status is self-contained: two of them, one each way, do the same whether the second is an answer or comes a day later.
"""

from dataclasses import dataclass

NumberRange = tuple[int, int]
"""Numbers from the first to the last, both included."""

GAPS_MAX = 128
VOIDED_MAX = 256
PIDS_MAX = 256
EPOCHS_MAX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    """A number of the speaker's that will never come (or come again), the package that had it, and why."""

    seq: int
    pid: bytes
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentChannel:
    """What the speaker has sent to the other in one epoch of its own."""

    epoch: int
    seq: int
    """The last number used, as far as the speaker knows."""
    lost: tuple[NumberRange, ...] = ()
    """Numbers up to `seq` of which the speaker knows no package any more: a ledger before this one was lost."""
    voided: tuple[Voided, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedChannel:
    """What the speaker has received from the other in one epoch of the other's."""

    epoch: int
    seq: int
    """Every number up to this one is here, or voided."""
    last: int
    """The highest number this status speaks about; what lies above is not said to be missing."""
    gaps: tuple[NumberRange, ...] = ()
    """Between `seq` and `last`: what is neither here nor voided."""
    header: bytes | None = None
    """A signed header of the other's that the other does not seem to know: proof that it has forgotten something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStatus:
    """One status. `at` is the speaker's clock; `answers` the nonce of the status it answers, if it answers one."""

    sender: str
    recipient: str
    at: int
    nonce: bytes
    answers: bytes | None = None
    card_version: int
    """The speaker's own card."""
    card_known: int
    """The other's card, as the speaker knows it."""
    profile_known: int = 0
    """The other's profile, as the speaker knows it; 0: it does not say."""
    sent: tuple[SentChannel, ...] = ()
    received: tuple[ReceivedChannel, ...] = ()
    open: tuple[bytes, ...] = ()
    """Packages of the speaker's that wait for their RelayAcceptance."""
    missing: tuple[bytes, ...] = ()
    """Packages of the speaker's that were accepted, and whose ContentConsignment or its failure is not here."""
    seen: tuple[bytes, ...] = ()
    """For each ledger of the other's, the largest checkpoint that the speaker has received."""
    checkpoint: bytes = b""
    """The newest checkpoint of the speaker's ledger; empty while there is none."""

    def sent_in(self, epoch: int) -> SentChannel | None:
        """What was sent in an epoch."""
        return next((each for each in self.sent if each.epoch == epoch), None)

    def received_in(self, epoch: int) -> ReceivedChannel | None:
        """What was received in an epoch."""
        return next((each for each in self.received if each.epoch == epoch), None)
