# a table of cases is read by the row
"""Vectors of channel statuses: form, speaker, and which numbers of the reader's they say are lacking."""

from collections.abc import Iterable
from dataclasses import replace

from emla.formats import channel as form
from emla.formats import dsse
from emla.formats.strict_json import Json
from emla.model.channel import GAPS_MAX, PIDS_MAX, ChannelStatus, ReceivedChannel, SentChannel, Voided
from emla.model.signed import PayloadType
from emla.steps.reconcile import lacking
from tests.support.acknowledging import checkpoint_of
from tests.support.authorities import DAY, NOW, Changes, Party, changed, derived, party
from tests.support.statuses import status_of
from tests.support.vector_files import Vector
from tests.vectors.cases_header import sealed

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")
USED = 12
"""The reader has used the numbers up to this one, in epoch 1."""
GOOD = status_of(
    AT,
    DE.id,
    card_version=2,
    sent=(SentChannel(epoch=1, seq=9, voided=(Voided(seq=7, pid=derived("pid", 7), reason="expired"),)),),
    received=(ReceivedChannel(epoch=1, seq=3, last=8, gaps=((4, 4), (6, 7))),),
    open=(derived("pid", 9),),
    missing=(derived("pid", 8),),
    seen=(checkpoint_of(DE, 5, derived("root", 5)),),
    checkpoint=checkpoint_of(AT, 3, derived("root", 3)),
)
SENT, RECEIVED = GOOD.sent[0], GOOD.received[0]
SHORT_GAPS = tuple((number, number) for number in range(2, 2 * GAPS_MAX + 1, 2))


def _channel(
    name: str,
    expect: str,
    comment: str,
    said: ChannelStatus | bytes,
    *,
    now: int = NOW,
    row: int | None = None,
) -> Vector:
    """A status (signed by at.moj unless it is signed already), read by de.bfj."""
    body = said if isinstance(said, bytes) else _signed(said)
    sign = AT.authority.card.keys[0]
    lines = {
        "me": DE.id,
        "now": str(now),
        "sender": AT.id,
        "sign-kid": sign.kid,
        "sign-key": sign.public.hex(),
        "sign-not-before": str(sign.not_before),
        "sign-not-after": str(sign.not_after),
    }
    if expect == "success":
        status = form.decode(dsse.decode(body, PayloadType.CHANNEL, 1 << 18).payload)
        ranges = lacking(status.received_in(1), USED)
        lines |= {
            "nonce": status.nonce.hex(),
            "answers": status.answers.hex() if status.answers else "none",
            "used": str(USED),
            "lacking": " ".join(f"{first}-{last}" for first, last in ranges) or "none",
        }
    return Vector(
        folder="channel", name=name, expect=expect, comment=comment, body=body, row=row, lines=lines
    )


def _signed(said: ChannelStatus, by: Party = AT, members: Changes | None = None) -> bytes:
    payload = form.encode(said)
    return dsse.sign(PayloadType.CHANNEL, changed(payload, members) if members else payload, by.sign)


def channel_vectors() -> list[Vector]:
    """Channel statuses, judged by the one they are for."""
    return [*_good(), *_malformed(), *_refused()]


def _good() -> Iterable[Vector]:
    said = [
        ("good", "a status as it is sent hourly", GOOD),
        (
            "good-answer",
            "the answer to a status: it repeats its nonce",
            replace(GOOD, answers=derived("asked", length=16)),
        ),
        (
            "good-bare",
            "nothing was sent or received, and there is no ledger yet",
            status_of(AT, DE.id, card_known=0),
        ),
        ("good-profile", "the speaker knows the reader's third profile", replace(GOOD, profile_known=3)),
        ("good-nothing-received", "every number that was used is lacking", replace(GOOD, received=())),
        (
            "good-whole",
            "no number is lacking",
            replace(GOOD, received=(ReceivedChannel(epoch=1, seq=USED, last=USED),)),
        ),
        (
            "good-ahead",
            "more was received than the reader remembers having sent; the header proves it",
            replace(
                GOOD,
                received=(ReceivedChannel(epoch=1, seq=USED + 3, last=USED + 3, header=sealed().signed),),
            ),
        ),
        (
            "good-gaps-128",
            "a list of 128 gaps: nothing is said about the numbers above the last",
            replace(
                GOOD, received=(ReceivedChannel(epoch=1, seq=1, last=SHORT_GAPS[-1][1] + 9, gaps=SHORT_GAPS),)
            ),
        ),
        (
            "good-gaps-127",
            "a list of 127 gaps is complete",
            replace(
                GOOD,
                received=(ReceivedChannel(epoch=1, seq=1, last=SHORT_GAPS[-2][1], gaps=SHORT_GAPS[:-1]),),
            ),
        ),
        (
            "good-epochs-8",
            "eight epochs each way",
            replace(
                GOOD,
                sent=tuple(SentChannel(epoch=number, seq=number) for number in range(1, 9)),
                received=tuple(replace(RECEIVED, epoch=number) for number in range(1, 9)),
            ),
        ),
        (
            "good-lost",
            "a former epoch of which numbers were lost",
            replace(
                GOOD, sent=(replace(SENT, lost=((1, 3), (5, 6)), voided=()), SentChannel(epoch=2, seq=1))
            ),
        ),
        (
            "good-open-256",
            "as many package ids as there may be",
            replace(GOOD, open=tuple(derived("open", number) for number in range(PIDS_MAX))),
        ),
    ]
    for name, comment, status in said:
        yield _channel(name, "success", comment, status)
    yield _channel(
        "good-extension",
        "success",
        "an extension that need not be understood",
        _signed(GOOD, members={"ext": {"x": 1}}),
    )
    yield _channel(
        "good-a-day-later", "success", "collected out of a mailbox after a day", GOOD, now=NOW + DAY
    )
    yield _channel("good-clock-ahead", "success", "the speaker's clock is a day ahead", GOOD, now=NOW - DAY)


def _malformed() -> Iterable[Vector]:
    for name in ("v", "from", "to", "at", "nonce", "card", "sent", "received", "open", "missing", "seen"):
        yield _channel(f"lacks-{name}", "malformed", f"without `{name}`", _signed(GOOD, members={name: None}))
    sent: dict[str, Json] = {"epoch": 1, "seq": 9, "lost": [], "voided": []}
    received: dict[str, Json] = {"epoch": 1, "seq": 3, "last": 8, "gaps": []}
    pid = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
    rows: list[tuple[str, str, Changes]] = [
        ("version-2", "another version", {"v": 2}),
        ("unknown-member", "a member that is not known", {"x": 1}),
        (
            "crit-unknown",
            "an extension that must be understood, and is not",
            {"crit": ["x"], "ext": {"x": 1}},
        ),
        ("nonce-short", "a nonce of 15 bytes", {"nonce": "AAECAwQFBgcICQoLDA0O"}),
        ("answers-short", "an answer to 15 bytes", {"answers": "AAECAwQFBgcICQoLDA0O"}),
        ("card-lacks-to", "a card member without `to`", {"card": {"from": 1}}),
        ("card-0", "a card of version 0", {"card": {"from": 0, "to": 1}}),
        ("profile-0", "a profile of version 0", {"profile": 0}),
        ("epoch-0", "an epoch 0", {"sent": [{**sent, "epoch": 0}]}),
        ("epochs-9", "nine epochs", {"sent": [{**sent, "epoch": number} for number in range(1, 10)]}),
        ("epochs-fall", "epochs that do not rise", {"sent": [{**sent, "epoch": 2}, sent]}),
        ("epochs-twice", "an epoch twice", {"received": [received, received]}),
        ("lost-above-seq", "lost numbers above the last one used", {"sent": [{**sent, "lost": [[9, 10]]}]}),
        (
            "voided-above-seq",
            "a voided number above the last one used",
            {"sent": [{**sent, "voided": [{"seq": 10, "pid": pid, "reason": "expired"}]}]},
        ),
        (
            "voided-0",
            "a voided number 0",
            {"sent": [{**sent, "voided": [{"seq": 0, "pid": pid, "reason": "expired"}]}]},
        ),
        (
            "voided-twice",
            "a number voided twice",
            {"sent": [{**sent, "voided": [{"seq": 7, "pid": pid, "reason": "expired"}] * 2}]},
        ),
        (
            "voided-lacks-reason",
            "a voided number without a reason",
            {"sent": [{**sent, "voided": [{"seq": 7, "pid": pid}]}]},
        ),
        ("last-below-seq", "a last number below `seq`", {"received": [{**received, "last": 2}]}),
        (
            "gap-at-seq",
            "a gap that begins with a number that is there",
            {"received": [{**received, "gaps": [[3, 4]]}]},
        ),
        (
            "gap-above-last",
            "a gap that ends above the last number",
            {"received": [{**received, "gaps": [[8, 9]]}]},
        ),
        (
            "gap-backwards",
            "a range that ends before it begins",
            {"received": [{**received, "gaps": [[6, 5]]}]},
        ),
        ("gaps-touch", "two ranges that touch", {"received": [{**received, "gaps": [[4, 5], [6, 7]]}]}),
        ("gaps-fall", "ranges that do not rise", {"received": [{**received, "gaps": [[6, 7], [4, 4]]}]}),
        ("gap-of-three", "a range of three numbers", {"received": [{**received, "gaps": [[4, 5, 6]]}]}),
        (
            "gaps-129",
            "129 ranges",
            {
                "received": [
                    {
                        **received,
                        "last": 999,
                        "gaps": [[number, number] for number in range(4, 4 + 2 * 129, 2)],
                    }
                ]
            },
        ),
        ("open-257", "257 package ids", {"open": [pid] * 257}),
        ("open-short", "a package id of 31 bytes", {"open": ["AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"]}),
        ("seen-9", "nine checkpoints", {"seen": ["x"] * 9}),
        ("seen-empty", "an empty checkpoint", {"seen": [""]}),
        ("checkpoint-long", "a checkpoint of 4,097 characters", {"checkpoint": "x" * 4097}),
        ("sent-unknown-member", "an unknown member of an epoch", {"sent": [{**sent, "x": 1}]}),
    ]
    for name, comment, members in rows:
        yield _channel(name, "malformed", comment, _signed(GOOD, members=members))
    yield _channel(
        "two-signatures",
        "malformed",
        "signed by two keys",
        dsse.sign(PayloadType.CHANNEL, form.encode(GOOD), AT.sign, AT.ledger),
    )
    yield _channel(
        "type-of-ping",
        "malformed",
        "another type of signed object",
        dsse.sign(PayloadType.PING, form.encode(GOOD), AT.sign),
        row=2,
    )


def _refused() -> Iterable[Vector]:
    yield _channel(
        "by-stranger",
        "unknown-sender",
        "by an authority that is not pinned",
        _signed(replace(GOOD, sender=HK.id), by=HK),
    )
    yield _channel(
        "signed-by-other",
        "bad-signature",
        "signed by a key of another authority",
        _signed(GOOD, by=HK),
        row=3,
    )
    yield _channel(
        "ledger-key",
        "bad-signature",
        "signed by a key for another use",
        dsse.sign(PayloadType.CHANNEL, form.encode(GOOD), AT.ledger),
    )
    window = AT.authority.card.keys[0]
    yield _channel(
        "key-window",
        "bad-signature",
        "said before the window of its key began",
        replace(GOOD, at=window.not_before - 1),
        now=window.not_before,
    )
    envelope = dsse.decode(_signed(GOOD), PayloadType.CHANNEL, 1 << 18)
    first = replace(
        envelope.signatures[0],
        sig=bytes([envelope.signatures[0].sig[0] ^ 1]) + envelope.signatures[0].sig[1:],
    )
    yield _channel(
        "flipped-signature",
        "bad-signature",
        "one bit of the signature is flipped",
        dsse.encode(replace(envelope, signatures=(first,))),
        row=1,
    )
    yield _channel(
        "other-recipient",
        "not-recipient",
        "for another authority: a hub mixed up two mailboxes",
        replace(GOOD, recipient=HK.id),
        row=61,
    )
    yield _channel("too-old", "clock-skew", "a day and a second old", GOOD, now=NOW + DAY + 1)
    yield _channel(
        "from-the-future", "clock-skew", "a day and a second ahead", GOOD, now=NOW - DAY - 1, row=60
    )
