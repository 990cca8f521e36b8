# a table of cases is read by the row
"""Vectors of access reports: form, holder, the question they answer, and the ledger that they speak of."""

from collections.abc import Iterable
from dataclasses import replace

from emla.formats import access_report as form
from emla.formats import dsse
from emla.formats.strict_json import Json
from emla.model.access import ACCESSES_MAX, Access, AccessKind, AccessReport, LedgerPlace
from emla.model.signed import PayloadType
from tests.support.acknowledging import checkpoint_of
from tests.support.authorities import DAY, NOW, Changes, Party, changed, derived, party
from tests.support.vector_files import Vector

AT, DE = party("at.moj"), party("de.bfj")
CASE = derived("case", length=16)
PID = derived("pid", 1)
ASKED = LedgerPlace(epoch=1, index=4)
READ = Access(
    kind=AccessKind.PART, at=NOW - 60, leaf=7, digest=derived("read"), pid=PID, part=1, role="central_officer"
)
LOOKED = Access(kind=AccessKind.CASE, at=NOW - 50, leaf=8, digest=derived("looked"), role="approver")
PASSED = Access(
    kind=AccessKind.PASSED, at=NOW - 40, leaf=10, digest=derived("passed"), pid=PID, part=1, to="fr.bepi"
)
GOOD = AccessReport(
    sender=DE.id,
    recipient=AT.id,
    at=NOW,
    case_id=CASE,
    first=ASKED,
    end=12,
    following=None,
    accesses=(READ, LOOKED, PASSED),
    checkpoint=checkpoint_of(DE, 12, derived("root", 12)),
)


def _accesses(
    name: str,
    expect: str,
    comment: str,
    said: AccessReport | bytes,
    *,
    now: int = NOW,
    asked: LedgerPlace = ASKED,
    row: int | None = None,
) -> Vector:
    """A report (signed by de.bfj unless it is signed already), read by at.moj, who asked."""
    body = said if isinstance(said, bytes) else _signed(said)
    sign = DE.authority.card.keys[0]
    lines = {
        "me": AT.id,
        "now": str(now),
        "sender": DE.id,
        "sign-kid": sign.kid,
        "sign-key": sign.public.hex(),
        "sign-not-before": str(sign.not_before),
        "sign-not-after": str(sign.not_after),
        "ledger-key": DE.ledger.public.hex(),
        "ledger-origin": DE.authority.card.ledger_origin,
        "case": CASE.hex(),
        "asked": f"{asked.epoch}/{asked.index}",
    }
    if expect == "success":
        report = form.decode(dsse.decode(body, PayloadType.ACCESSES, 1 << 18).payload)
        following = report.following
        lines |= {
            "leaves": " ".join(str(each.leaf) for each in report.accesses) or "none",
            "next": f"{following.epoch}/{following.index}" if following else "none",
        }
    return Vector(
        folder="accesses", name=name, expect=expect, comment=comment, body=body, row=row, lines=lines
    )


def _signed(said: AccessReport, by: Party = DE, members: Changes | None = None) -> bytes:
    payload = form.encode(said)
    return dsse.sign(PayloadType.ACCESSES, changed(payload, members) if members else payload, by.sign)


def access_vectors() -> list[Vector]:
    """Access reports, judged by the one who asked."""
    return [*_good(), *_malformed(), *_refused()]


def _good() -> Iterable[Vector]:
    full = tuple(replace(READ, leaf=4 + number) for number in range(ACCESSES_MAX))
    place = LedgerPlace(epoch=1, index=4 + ACCESSES_MAX)
    long_note = checkpoint_of(DE, 4 + ACCESSES_MAX, derived("root", 204))
    for name, comment, report in (
        ("good", "a part was read, the case looked at, the part passed on", GOOD),
        ("good-nothing", "nobody has read anything", replace(GOOD, accesses=())),
        (
            "good-person",
            "the holder gives names",
            replace(GOOD, accesses=(replace(READ, person="Jonas Weber"),)),
        ),
        ("good-grown", "the ledger is larger than what the report speaks about", replace(GOOD, end=11)),
        (
            "good-next-epoch",
            "the ledger of that epoch is over; the next report begins with the next one",
            replace(GOOD, following=LedgerPlace(epoch=2, index=0)),
        ),
        (
            "good-200",
            "as many accesses as there may be; it goes on where it ends",
            replace(GOOD, accesses=full, end=place.index, following=place, checkpoint=long_note),
        ),
    ):
        yield _accesses(name, "success", comment, report)
    yield _accesses(
        "good-first-epoch",
        "success",
        "asked for everything: it begins with the first epoch there is",
        replace(GOOD, first=LedgerPlace(epoch=1, index=0)),
        asked=LedgerPlace(epoch=0, index=0),
    )
    yield _accesses(
        "good-extension",
        "success",
        "an extension that need not be understood",
        _signed(GOOD, members={"ext": {"x": 1}}),
    )
    yield _accesses("good-clock-behind", "success", "the holder's clock is a day behind", GOOD, now=NOW + DAY)


def _malformed() -> Iterable[Vector]:
    for name in ("v", "from", "to", "at", "case", "epoch", "first", "end", "accesses", "checkpoint"):
        yield _accesses(
            f"lacks-{name}", "malformed", f"without `{name}`", _signed(GOOD, members={name: None})
        )
    read: dict[str, Json] = {
        "what": "part", "at": NOW - 60, "leaf": 7, "digest": "A" * 43, "package": "A" * 43, "part": 1, "role": "approver",
    }  # fmt: skip
    looked: dict[str, Json] = {"what": "case", "at": NOW, "leaf": 7, "digest": "A" * 43, "role": "approver"}
    passed: dict[str, Json] = {
        **{key: value for key, value in read.items() if key != "role"},
        "what": "passed",
        "to": "fr.bepi",
    }
    rows: list[tuple[str, str, Changes]] = [
        ("version-2", "another version", {"v": 2}),
        ("unknown-member", "a member that is not known", {"x": 1}),
        ("crit-unknown", "an extension that must be understood, and is not", {"crit": ["x"], "ext": {"x": 1}}),
        ("case-short", "a case id of 15 bytes", {"case": "AAECAwQFBgcICQoLDA0O"}),
        ("epoch-0", "an epoch 0", {"epoch": 0}),
        ("end-before-first", "an end before the beginning", {"end": 3, "accesses": []}),
        ("accesses-201", "more accesses than there may be", {"accesses": [{**read, "leaf": number} for number in range(201)]}),
        ("access-unknown", "an access of another kind", {"accesses": [{**read, "what": "copied"}]}),
        ("access-unknown-member", "an access with a member that is not known", {"accesses": [{**read, "x": 1}]}),
        ("access-twice", "two accesses of one leaf", {"accesses": [read, read]}),
        ("accesses-fall", "accesses that are not in the order of the ledger", {"accesses": [{**read, "leaf": 8}, read]}),
        ("access-before", "an access before the beginning", {"accesses": [{**read, "leaf": 3}]}),
        ("access-at-end", "an access at the end", {"accesses": [{**read, "leaf": 12}]}),
        ("access-digest-short", "a digest of 31 bytes", {"accesses": [{**read, "digest": "A" * 42}]}),
        ("access-lacks-role", "a read by nobody", {"accesses": [{key: value for key, value in read.items() if key != "role"}]}),
        ("access-role-words", "a role with a blank in it", {"accesses": [{**read, "role": "central officer"}]}),
        ("access-person-turned", "a name that turns the direction of the line", {"accesses": [{**read, "person": "\u202eA"}]}),
        ("access-person-long", "a name of 101 characters", {"accesses": [{**read, "person": "A" * 101}]}),
        ("access-part-501", "a part above the highest there may be", {"accesses": [{**read, "part": 501}]}),
        ("case-with-package", "a look at the case that names a package", {"accesses": [{**looked, "package": "A" * 43}]}),
        ("passed-lacks-to", "passed on to nobody", {"accesses": [{key: value for key, value in passed.items() if key != "to"}]}),
        ("passed-with-role", "passed on in a role", {"accesses": [{**passed, "role": "approver"}]}),
        ("next-in-place", "it would go on where it begins", {"end": 4, "accesses": [], "next": {"epoch": 1, "first": 4}}),
        ("next-before-end", "it would go on before it ends", {"next": {"epoch": 1, "first": 11}}),
        ("next-behind-end", "it would leave out a leaf", {"next": {"epoch": 1, "first": 13}}),
        ("next-epoch-inside", "it would leave out the beginning of an epoch", {"next": {"epoch": 2, "first": 1}}),
        ("next-unknown-member", "a place with a member that is not known", {"next": {"epoch": 2, "first": 0, "x": 1}}),
        ("checkpoint-none", "a checkpoint that is none", {"checkpoint": "de.bfj"}),
        ("checkpoint-long", "a checkpoint of 4,097 characters", {"checkpoint": "A" * 4097}),
    ]  # fmt: skip
    for name, comment, members in rows:
        yield _accesses(name, "malformed", comment, _signed(GOOD, members=members))
    two = dsse.sign(PayloadType.ACCESSES, form.encode(GOOD), DE.sign, AT.sign)
    yield _accesses("two-signatures", "malformed", "signed by two", two)
    other = dsse.sign(PayloadType.CHANNEL, form.encode(GOOD), DE.sign)
    yield _accesses("other-type", "malformed", "signed as a channel status", other)


def _refused() -> Iterable[Vector]:
    yield _accesses(
        "other-case", "malformed", "about another case than was asked about", replace(GOOD, case_id=bytes(16))
    )
    yield _accesses(
        "other-place",
        "malformed",
        "from a later leaf than was asked for",
        replace(GOOD, first=LedgerPlace(epoch=1, index=5)),
    )
    yield _accesses(
        "earlier-epoch",
        "malformed",
        "from an earlier epoch than was asked for",
        GOOD,
        asked=LedgerPlace(epoch=2, index=0),
    )
    small = checkpoint_of(DE, 11, derived("root", 11))
    yield _accesses(
        "checkpoint-small",
        "malformed",
        "a checkpoint that does not reach to the end",
        replace(GOOD, checkpoint=small),
    )
    card = DE.authority.card
    later = checkpoint_of(DE, 12, derived("root", 12), origin=card.ledger_origin[:-1] + "2")
    yield _accesses(
        "checkpoint-other-epoch",
        "malformed",
        "a checkpoint of another epoch",
        replace(GOOD, checkpoint=later),
    )
    theirs = checkpoint_of(AT, 12, derived("root", 12))
    yield _accesses(
        "checkpoint-other-ledger",
        "malformed",
        "a checkpoint of another authority's ledger",
        replace(GOOD, checkpoint=theirs),
    )
    forged = checkpoint_of(DE, 12, derived("root", 12), signer=DE.sign)
    yield _accesses(
        "checkpoint-sign-key",
        "bad-signature",
        "a checkpoint signed by a key that is none of the ledger's",
        replace(GOOD, checkpoint=forged),
    )
    yield _accesses(
        "other-holder",
        "unknown-sender",
        "a report of another authority",
        _signed(replace(GOOD, sender="hk.doj")),
    )
    yield _accesses("forged", "bad-signature", "signed by the asker itself", _signed(GOOD, by=AT))
    yield _accesses(
        "to-other", "not-recipient", "a report to another authority", replace(GOOD, recipient="hk.doj")
    )
    yield _accesses(
        "clock-behind", "clock-skew", "the holder's clock is more than a day behind", GOOD, now=NOW + DAY + 1
    )
