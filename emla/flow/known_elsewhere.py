"""known_elsewhere: what peers say they know of our own documents and ledger: the least that a new epoch has to be above.

A folder that was restored, perhaps for the second time, knows neither the cards published after its backup nor the epochs
that they began. To begin one of those again would use its numbers twice.
Rules of this file:
- Claims, none of them proved: they only move the next version and the next epoch further up, which costs nothing.
- Bounded: a claim that lies far above what we know ourselves is a lie and is passed over, so that nobody uses up the numbers.
"""

from collections.abc import Iterator

from emla.flow.gateway import Gateway
from emla.formats import channel as form
from emla.formats import dsse
from emla.ledger import checkpoint as checkpoint_form
from emla.model.channel import ChannelStatus
from emla.model.errors import InvalidAcknowledgementError
from emla.model.limits import WIRE
from emla.model.signed import PayloadType

VERSIONS_MAX = 1000
EPOCHS_MAX = 64
"""How many cards, and how many epochs, a backup can be behind."""


def card_version_known(gateway: Gateway) -> int:
    """The highest version of our card that a peer says it knows; 0 when none says anything."""
    most = gateway.identity.authority.card.version + VERSIONS_MAX
    return max((each.card_known for each in _statuses(gateway) if each.card_known <= most), default=0)


def epoch_known(gateway: Gateway) -> int:
    """The highest epoch of our ledger that may have been in use: ours, or one that a peer has something of, or a card of ours.

    Each card that we do not know may have begun an epoch.
    """
    card = gateway.identity.authority.card
    most = card.epoch + EPOCHS_MAX
    unknown_cards = max(0, card_version_known(gateway) - card.version)
    named = [epoch for each in _statuses(gateway) for epoch in _epochs(each) if epoch <= most]
    return max(card.epoch, min(most, card.epoch + unknown_cards), *named)


def _statuses(gateway: Gateway) -> Iterator[ChannelStatus]:
    """The last word of each pinned peer; an old one may still tell what nobody else does."""
    for peer in sorted(gateway.directory.peers):
        row = gateway.store.read.status_of(peer)
        if row is not None:
            yield form.decode(dsse.decode(row.signed, PayloadType.CHANNEL, WIRE.channel_bytes).payload)


def _epochs(status: ChannelStatus) -> Iterator[int]:
    yield from (each.epoch for each in status.received)
    for note in status.seen:
        try:
            origin = checkpoint_form.decode(note).checkpoint.origin
        except InvalidAcknowledgementError:
            continue
        epoch = origin.rpartition("/")[2]
        if epoch.isascii() and epoch.isdecimal():
            yield int(epoch)
