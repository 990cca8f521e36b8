"""Channel statuses as bytes (docs/spec/channel.md). Every list is bounded: a status costs its reader little, whoever made it."""

import re
from itertools import pairwise

from emla.formats import patterns, strict_json
from emla.formats.strict_json import Json, Members, decode_octets, encode_octets
from emla.model.channel import (
    EPOCHS_MAX,
    GAPS_MAX,
    PIDS_MAX,
    VOIDED_MAX,
    ChannelStatus,
    NumberRange,
    ReceivedChannel,
    SentChannel,
    Voided,
)
from emla.model.errors import MalformedError
from emla.model.limits import WIRE

VERSION = 1
_EPOCH_MAX = 2**31
_NOTE_CHARACTERS_MAX = 4096
_REASON = re.compile(r"[a-z][a-z-]{1,40}", re.ASCII)
_PID = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def encode(status: ChannelStatus) -> bytes:
    """Encode the payload bytes."""
    members: dict[str, Json] = {
        "v": VERSION,
        "from": status.sender,
        "to": status.recipient,
        "at": status.at,
        "nonce": encode_octets(status.nonce),
        "card": {"from": status.card_version, "to": status.card_known},
        "sent": [_encode_sent(each) for each in status.sent],
        "received": [_encode_received(each) for each in status.received],
        "open": [encode_octets(pid) for pid in status.open],
        "missing": [encode_octets(pid) for pid in status.missing],
        "seen": [note.decode() for note in status.seen],
    }
    if status.answers is not None:
        members["answers"] = encode_octets(status.answers)
    if status.profile_known:
        members["profile"] = status.profile_known
    if status.checkpoint:
        members["checkpoint"] = status.checkpoint.decode()
    return strict_json.encode(members)


def _encode_sent(sent: SentChannel) -> dict[str, Json]:
    return {
        "epoch": sent.epoch,
        "seq": sent.seq,
        "lost": _encode_ranges(sent.lost),
        "voided": [
            {"seq": each.seq, "pid": encode_octets(each.pid), "reason": each.reason} for each in sent.voided
        ],
    }


def _encode_received(received: ReceivedChannel) -> dict[str, Json]:
    members: dict[str, Json] = {
        "epoch": received.epoch,
        "seq": received.seq,
        "last": received.last,
        "gaps": _encode_ranges(received.gaps),
    }
    if received.header is not None:
        members["header"] = encode_octets(received.header)
    return members


def _encode_ranges(ranges: tuple[NumberRange, ...]) -> list[Json]:
    return [[first, last] for first, last in ranges]


def decode(payload: bytes) -> ChannelStatus:
    """Decode payload bytes.

    Raises:
        MalformedError: it does not have the form, or contradicts itself.
    """
    members = Members(strict_json.decode(payload, WIRE.channel_bytes), "channel status")
    members.integer("v", VERSION, VERSION)
    card = members.members("card")
    status = ChannelStatus(
        sender=members.text("from", patterns.AUTHORITY, 160),
        recipient=members.text("to", patterns.AUTHORITY, 160),
        at=members.instant("at"),
        nonce=members.octets("nonce", 16),
        answers=members.octets("answers", 16) if members.has("answers") else None,
        card_version=card.integer("from", 1),
        card_known=card.integer("to"),
        profile_known=members.integer("profile", 1) if members.has("profile") else 0,
        sent=tuple(_decode_sent(each) for each in members.objects("sent", EPOCHS_MAX)),
        received=tuple(_decode_received(each) for each in members.objects("received", EPOCHS_MAX)),
        open=_pids(members, "open"),
        missing=_pids(members, "missing"),
        seen=tuple(_note(each) for each in members.items("seen", EPOCHS_MAX)),
        checkpoint=_note(members.text("checkpoint", longest=_NOTE_CHARACTERS_MAX))
        if members.has("checkpoint")
        else b"",
    )
    card.finish()
    members.extensions()
    members.finish()
    for each in (status.sent, status.received):
        _ascending([channel.epoch for channel in each], "epochs")
    return status


def _decode_sent(members: Members) -> SentChannel:
    epoch, seq = members.integer("epoch", 1, _EPOCH_MAX), members.integer("seq")
    sent = SentChannel(
        epoch=epoch,
        seq=seq,
        lost=_ranges(members, "lost", 1, seq),
        voided=tuple(_decode_voided(each, seq) for each in members.objects("voided", VOIDED_MAX)),
    )
    members.finish()
    _ascending([each.seq for each in sent.voided], "voided numbers")
    return sent


def _decode_voided(members: Members, last: int) -> Voided:
    voided = Voided(
        seq=members.integer("seq", 1, last),
        pid=members.octets("pid", 32),
        reason=members.text("reason", _REASON),
    )
    members.finish()
    return voided


def _decode_received(members: Members) -> ReceivedChannel:
    epoch, seq = members.integer("epoch", 1, _EPOCH_MAX), members.integer("seq")
    last = members.integer("last", seq)
    received = ReceivedChannel(
        epoch=epoch,
        seq=seq,
        last=last,
        gaps=_ranges(members, "gaps", seq + 1, last),
        header=members.octets("header", longest=WIRE.header_bytes) if members.has("header") else None,
    )
    members.finish()
    return received


def _ranges(members: Members, name: str, least: int, most: int) -> tuple[NumberRange, ...]:
    """Ranges that rise, do not touch, and lie within bounds."""
    ranges: list[NumberRange] = []
    for value in members.items(name, GAPS_MAX):
        if not isinstance(value, list) or len(value) != 2:
            raise MalformedError(f"channel status has a '{name}' that is no range.")
        first, last = value
        if type(first) is not int or type(last) is not int or not least <= first <= last <= most:
            raise MalformedError(f"channel status has a '{name}' that is out of place.")
        ranges.append((first, last))
        least = last + 2
    return tuple(ranges)


def _pids(members: Members, name: str) -> tuple[bytes, ...]:
    return tuple(decode_octets(each) for each in members.texts(name, PIDS_MAX, _PID))


def _note(value: Json) -> bytes:
    if not isinstance(value, str) or not 0 < len(value) <= _NOTE_CHARACTERS_MAX:
        raise MalformedError("channel status has a checkpoint that is none.")
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        raise MalformedError("channel status has a checkpoint that is no text.") from error


def _ascending(numbers: list[int], what: str) -> None:
    if any(one >= other for one, other in pairwise(numbers)):
        raise MalformedError(f"channel status has {what} that do not rise.")
