"""Channel statuses as bytes: what was encoded comes back, and what has not the form is refused."""

from dataclasses import replace

import pytest

from emla.formats import strict_json
from emla.formats.channel import decode, encode
from emla.formats.strict_json import Json
from emla.model.channel import GAPS_MAX, PIDS_MAX, ChannelStatus, ReceivedChannel, SentChannel, Voided
from emla.model.errors import MalformedError
from emla.model.limits import WIRE

PID = bytes(range(32))
STATUS = ChannelStatus(
    sender="at.moj",
    recipient="de.bfj",
    at=1790000000,
    nonce=bytes(16),
    answers=bytes(range(16)),
    card_version=2,
    card_known=1,
    profile_known=2,
    sent=(
        SentChannel(epoch=1, seq=9, lost=((2, 3),), voided=(Voided(seq=7, pid=PID, reason="expired"),)),
        SentChannel(epoch=2, seq=1),
    ),
    received=(ReceivedChannel(epoch=1, seq=3, last=8, gaps=((4, 4), (6, 7)), header=b"a header"),),
    open=(PID,),
    missing=(PID,),
    seen=(b"a note\n",),
    checkpoint=b"another note\n",
)


def members(status: ChannelStatus = STATUS) -> dict[str, Json]:
    return strict_json.decode(encode(status), WIRE.channel_bytes)


def refused(changed: dict[str, Json]) -> bool:
    try:
        decode(strict_json.encode(changed))
    except MalformedError:
        return True
    return False


def test_what_was_encoded_comes_back() -> None:
    assert decode(encode(STATUS)) == STATUS


def test_a_status_with_nothing_to_say_comes_back() -> None:
    bare = replace(
        STATUS,
        answers=None,
        profile_known=0,
        sent=(),
        received=(),
        open=(),
        missing=(),
        seen=(),
        checkpoint=b"",
    )
    assert decode(encode(bare)) == bare


@pytest.mark.parametrize(
    "gaps",
    [
        [[4, 3]],
        [[3, 3]],
        [[4, 9]],
        [[6, 7], [4, 4]],
        [[4, 4], [5, 5]],
        [[4]],
        [[4, True]],
        ["4"],
        [[n, n] for n in range(4, 4 + 2 * GAPS_MAX + 2, 2)],
    ],
)
def test_gaps_that_are_none_are_refused(gaps: Json) -> None:
    received: Json = [{"epoch": 1, "seq": 3, "last": 8, "gaps": gaps}]
    assert refused(members() | {"received": received})


@pytest.mark.parametrize(
    "change",
    [
        {"sent": [{"epoch": 1, "seq": 1, "lost": [[1, 2]], "voided": []}]},
        {
            "sent": [
                {"epoch": 2, "seq": 1, "lost": [], "voided": []},
                {"epoch": 2, "seq": 1, "lost": [], "voided": []},
            ]
        },
        {"open": ["AAAA"]},
        {"open": [strict_json.encode_octets(PID)] * (PIDS_MAX + 1)},
        {"seen": [""]},
        {"seen": [7]},
        {"seen": ["note"] * 9},
        {"received": [{"epoch": 1, "seq": 3, "last": 2, "gaps": []}]},
        {"nonce": "AAAA"},
        {"more": 1},
        {"crit": ["what"]},
    ],
)
def test_what_has_not_the_form_is_refused(change: dict[str, Json]) -> None:
    assert refused(members() | change)


def test_a_number_that_was_never_used_cannot_be_voided() -> None:
    voided: Json = [{"seq": 10, "pid": strict_json.encode_octets(PID), "reason": "expired"}]
    assert refused(members() | {"sent": [{"epoch": 1, "seq": 9, "lost": [], "voided": voided}]})


def test_the_largest_status_fits_its_limit() -> None:
    gaps = tuple((n, n) for n in range(4, 4 + 2 * GAPS_MAX, 2))
    note = b"x" * 400 + b"\n"
    full = replace(
        STATUS,
        sent=tuple(
            SentChannel(
                epoch=epoch,
                seq=10_000,
                lost=gaps,
                voided=tuple(Voided(seq=n, pid=PID, reason="expired") for n in range(1, 33)),
            )
            for epoch in range(1, 9)
        ),
        received=tuple(ReceivedChannel(epoch=epoch, seq=3, last=9_999, gaps=gaps) for epoch in range(1, 9)),
        open=(PID,) * PIDS_MAX,
        missing=(PID,) * PIDS_MAX,
        seen=(note,) * 8,
    )
    assert decode(encode(full)) == full
