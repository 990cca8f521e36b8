"""own_status: what we say about the channels to and from one peer. Reads only; every list in it is bounded."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from emla.flow.gateway import Gateway, subject_of
from emla.formats import channel as form
from emla.formats import dsse
from emla.model.channel import (
    EPOCHS_MAX,
    PIDS_MAX,
    VOIDED_MAX,
    ChannelStatus,
    ReceivedChannel,
    SentChannel,
    Voided,
)
from emla.model.documents import Authority
from emla.model.leg import LegState
from emla.model.limits import WIRE
from emla.model.signed import PayloadType
from emla.ports.channel import PlacedLeg
from emla.ports.store import Transaction
from emla.steps.reconcile import Act, Counted, act_about, count, forgotten, lacking

_NUMBERS_AT_ONCE = 5000
_NUMBERS_MAX = 200_000
"""How many numbers above gaps one status looks at: a peer that leaves a gap open for ever must not make each status dearer."""
_CARDS_BEHIND_MAX = 1000
"""How many cards a backup can be behind."""
_HELD_MAX = PIDS_MAX // 4
"""How many packages that were put aside a status names: however many there are, those that were given up are named, too."""
_JUDGED_MAX = PIDS_MAX // 4
"""How many packages whose content was judged a status names: for each, the peer says again what it has said."""
_JUDGED_SHARE = 1 / 24
"""In how many statuses it names them: they go hourly."""
_OURS, _THEIRS = "ours", "theirs"
_REPLACED = "replaced"


@dataclass(slots=True)
class Compose:
    """Makes the statuses for one peer; `theirs` is what it said last, if it said anything."""

    gateway: Gateway
    peer: Authority
    theirs: ChannelStatus | None
    counted: list[tuple[str, int, int]] = field(default_factory=list)
    """How far channels were found whole, to be remembered: direction, epoch, number."""
    left: int = _NUMBERS_MAX

    async def __call__(self, answers: bytes | None) -> ChannelStatus:
        """Look at everything between us and the peer."""
        gateway, read, peer = self.gateway, self.gateway.store.read, self.peer.id
        return ChannelStatus(
            sender=gateway.identity.id,
            recipient=peer,
            at=gateway.now(),
            nonce=gateway.entropy(16),
            answers=answers,
            card_version=gateway.identity.card.version,
            card_known=self.peer.card.version,
            profile_known=self.peer.profile.version,
            sent=await self._sent(),
            received=await self._received(),
            open=self._open(),
            missing=self._missing(),
            seen=tuple(row.note for row in read.seen(peer)[:EPOCHS_MAX]),
            checkpoint=read.newest_checkpoint() or b"",
        )

    def remember(self, transaction: Transaction) -> None:
        """Keep how far was counted, so that nobody begins at 1 again."""
        for direction, epoch, whole in self.counted:
            transaction.put_whole(direction, self.peer.id, epoch, whole)

    # --- what we sent ---

    def _open(self) -> tuple[bytes, ...]:
        """What still asks, what was put aside, what was given up; of those from anywhere on, so that each comes to be named.

        One that was put aside does not ask for itself: the peer may have accepted it in words that could not be read then.
        """
        read, peer = self.gateway.store.read, self.peer.id
        asking = read.waiting(peer, LegState.READY, PIDS_MAX)
        held = read.waiting(peer, LegState.HELD, _HELD_MAX)
        given_up = read.unanswered(peer, self.gateway.entropy(32), PIDS_MAX)
        return (*asking, *held, *given_up)[:PIDS_MAX]

    def _missing(self) -> tuple[bytes, ...]:
        """What was accepted and not judged; and now and then some of what was judged, from anywhere on.

        A later word about these may have been lost. The peer says all that it has said: about once a day is enough.
        """
        read, peer = self.gateway.store.read, self.peer.id
        turn, place = (int.from_bytes(self.gateway.entropy(4), "big") / 2**32 for _ in range(2))
        judged = read.judged(peer, place, _JUDGED_MAX) if turn < _JUDGED_SHARE else ()
        return (*read.waiting(peer, LegState.ACCEPTED, PIDS_MAX - len(judged)), *judged)

    async def _sent(self) -> tuple[SentChannel, ...]:
        read, peer = self.gateway.store.read, self.peer.id
        newest = read.voided_legs(peer, VOIDED_MAX)
        channels = []
        for epoch, last in read.sent_epochs(peer)[:EPOCHS_MAX]:
            former = epoch < self.gateway.identity.authority.card.epoch
            found = await self._count(_OURS, epoch, read.sent_numbers) if former else None
            channels.append(
                SentChannel(
                    epoch=epoch,
                    seq=last,
                    lost=found.gaps if found else (),
                    voided=self._voided(epoch, last, newest),
                )
            )
        return tuple(reversed(channels))

    def _voided(self, epoch: int, last: int, newest: Sequence[PlacedLeg]) -> tuple[Voided, ...]:
        """First what the peer said it lacks, then the newest: so every gap is voided in the end, however many there are."""
        read = self.gateway.store.read
        wanted: list[PlacedLeg] = []
        if self.theirs is not None:
            for numbers in lacking(self.theirs.received_in(epoch), last):
                wanted += read.placed(self.peer.id, epoch, numbers, VOIDED_MAX)
                if len(wanted) >= 4 * VOIDED_MAX:
                    break
        found: dict[int, Voided] = {}
        for each in [*wanted, *newest]:
            if each.epoch == epoch and len(found) < VOIDED_MAX and act_about(each.state) is Act.VOID:
                found[each.seq] = Voided(seq=each.seq, pid=each.pid, reason=each.reason or _REPLACED)
        return tuple(found[seq] for seq in sorted(found))

    # --- what we received ---

    async def _received(self) -> tuple[ReceivedChannel, ...]:
        read, peer = self.gateway.store.read, self.peer.id
        channels = []
        for epoch in read.received_epochs(peer, EPOCHS_MAX):
            found = await self._count(_THEIRS, epoch, read.received_numbers)
            channels.append(
                ReceivedChannel(
                    epoch=epoch,
                    seq=found.whole,
                    last=found.last,
                    gaps=found.gaps,
                    header=self._unknown_to_them(epoch),
                )
            )
        return tuple(reversed(channels))

    def _unknown_to_them(self, epoch: int) -> bytes | None:
        """The header that proves to the peer that its ledger is behind, where it is."""
        if self.theirs is None or epoch < self.peer.card.epoch:
            return None
        newest = self.gateway.store.read.newest_from(self.peer.id, epoch)
        if newest is None or not forgotten(self.theirs.sent_in(epoch), newest[0]):
            return None
        signed = newest[1]
        # What they made after they spoke they could not speak about.
        return signed if subject_of(signed).header.created < self.theirs.at else None

    async def _count(
        self, direction: str, epoch: int, numbers_above: Callable[[str, int, int, int], Sequence[int]]
    ) -> Counted:
        """Find the gaps, above what was found whole before; a long channel is read in slices, and the loop goes on between."""
        above = self.gateway.store.read.whole(direction, self.peer.id, epoch)
        found = Counted(whole=above, last=above, gaps=())
        while self.left > 0:
            numbers = numbers_above(self.peer.id, epoch, found.last, _NUMBERS_AT_ONCE)
            found = count(numbers, found)
            if found.gaps:  # what is whole is remembered; above a gap everything is looked at again each time
                self.left -= len(numbers)
            if len(numbers) < _NUMBERS_AT_ONCE or found.last < numbers[-1]:
                break
            await asyncio.sleep(0)
        if found.whole:
            self.counted.append((direction, epoch, found.whole))
        return found


def last_status(gateway: Gateway, peer: str) -> ChannelStatus | None:
    """What a peer said last; None when it has not said anything."""
    row = gateway.store.read.status_of(peer)
    if row is None:
        return None
    return form.decode(dsse.decode(row.signed, PayloadType.CHANNEL, WIRE.channel_bytes).payload)


def card_known(gateway: Gateway) -> int:
    """The highest version of our card that any pinned peer has said it knows: above ours where ours is out of date.

    A claim far above ours is a lie and is passed over: a next card above it would leave no version for the one after.
    """
    most = gateway.identity.authority.card.version + _CARDS_BEHIND_MAX
    statuses = (last_status(gateway, peer) for peer in gateway.directory.peers)
    return max((each.card_known for each in statuses if each and each.card_known <= most), default=0)


def profile_known(gateway: Gateway) -> int:
    """The highest version of our profile that any pinned peer has said it knows. A lie costs a question to each peer."""
    statuses = (last_status(gateway, peer) for peer in gateway.directory.peers)
    return max((each.profile_known for each in statuses if each), default=0)
