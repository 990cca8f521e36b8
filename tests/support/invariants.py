"""The oracle: what must hold in the data folders of authorities that exchanged packages, whatever happened on the way.

`violations` judges whole folders after a fault test, a simulated run or a soak. Each check carries the number it has in the
protocol's list of invariants; LEDGER is the audit of the ledger itself.

Rules of this file:
- Nothing the gateway concluded is believed: headers, acknowledgements, proofs, payloads and ledgers are verified again from
  the stored bytes with the stored documents alone, and rows are held against what the signed bytes say.
- A check yields sentences and raises nothing for bad data, so that one fault shows everything it broke.
- `settled` adds what must hold only when faults have stopped and the line is quiet.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from hashlib import sha256
from pathlib import Path

from emla.formats import header as header_form
from emla.ledger.leaf import LeafKind
from emla.model.acknowledgement import Event
from emla.model.errors import EmlaError
from emla.model.leg import DUE, LegState, delivered_state, leg_state
from emla.model.limits import XmlLimits
from emla.steps.unseal import unseal
from tests.support.arrived import everything_arrived
from tests.support.books import (
    Books,
    Package,
    ReceivedPackage,
    StoredAcknowledgement,
    read_books,
)
from tests.support.judged_keys import keys_are_kept
from tests.support.judged_ledger import ledgers_are_whole
from tests.support.judged_rows import rows_are_explained
from tests.support.recheck import (
    ANSWERS,
    TRAVELLING,
    came_back,
    is_signed_by,
    kind_of,
    manifest_of,
    problem_of,
    record_of,
    row_fits,
    verdict_problem,
)
from tests.support.violation import Found, Violation, World, short, violation

_OPENED = ("CONSIGNED", "HANDED")


Seen = Mapping[tuple[bytes, Event], bytes]
"""Acknowledgements somebody outside was shown: the bundle by package id and event."""


def violations(
    *folders: Path,
    settled: bool = True,
    strangers: AbstractSet[str] = frozenset(),
    expiring: bool = False,
) -> list[Violation]:
    """Everything that is wrong in these data folders, alone and against each other.

    Args:
        folders: one for each authority of the exchange.
        settled: whether every package should have arrived and every acknowledgement be back.
        strangers: peers that do as they like; what they owe is nobody's fault here.
        expiring: whether packages may have come to their expiry. A leg that ended so stands where the recipient's word about the
            content put it, and its RelayAcceptance is not asked for once more.
    """
    books = [read_books(folder) for folder in folders]
    return violations_among(books, settled=settled, strangers=strangers, expiring=expiring)


def violations_among(
    books: Sequence[Books],
    *,
    settled: bool = True,
    strangers: AbstractSet[str] = frozenset(),
    expiring: bool = False,
) -> list[Violation]:
    """As `violations`, in books that were read already."""
    world = {each.id: each for each in books}
    return [
        found
        for each in books
        for found in violations_of(each, world, settled=settled, strangers=strangers, expiring=expiring)
    ]


def violations_of(
    books: Books,
    world: World,
    *,
    settled: bool,
    strangers: AbstractSet[str] = frozenset(),
    expiring: bool = False,
) -> Found:
    """Everything that is wrong with one authority's books, alone and against those of the others in the world."""
    yield from ledgers_are_whole(books, world)
    yield from accepted_packages_exist(books, world)
    yield from nothing_is_twice(books)
    yield from acknowledgements_are_one(books, world)
    yield from ids_name_one_package(books)
    yield from legs_follow_acknowledgements(books, world, expiring=expiring)
    yield from channels_are_gapless(books, world, settled=settled, strangers=strangers)
    yield from consigned_content_verifies(books)
    yield from signed_objects_verify(books)
    yield from payloads_are_whole(books)
    yield from keys_are_kept(books)
    yield from rows_are_explained(books)
    if settled:
        yield from everything_arrived(books, world, strangers)


def seen_is_stored(books: Books, seen: Seen) -> Found:
    """4: what was shown to somebody is what is stored, byte for byte."""
    for (pid, event), bundle in seen.items():
        stored = books.of(pid, event)
        if stored is None or stored.bundle != bundle:
            yield violation(4, books, f"the {event.value} of {short(pid)} that was shown is not stored")


# --- safety, by number ---


def accepted_packages_exist(books: Books, world: World) -> Found:
    """2: a package whose RelayAcceptance verifies here exists at its recipient, with its payload."""
    for each in _by_peers(books):
        there = world.get(each.by)
        if each.event is not Event.RELAY_ACCEPTANCE or there is None or problem_of(books, each):
            continue
        package = there.received.get(each.pid)
        if package is None:
            yield violation(2, books, f"{there.id} accepted {short(each.pid)} and does not have it")
        elif there.payload(package.payload_sha256) is None:
            yield violation(2, books, f"{there.id} accepted {short(each.pid)} and has no payload of it")


def nothing_is_twice(books: Books) -> Found:
    """3: one inbox row for each (from, msg), one consigned package for each message, one hand-over for each consumer."""
    boxed = Counter((each.other, _msg(each)) for each in books.received.values())
    messages = Counter(
        (each.other, manifest.parts[0].sha256)
        for each in books.received.values()
        if each.state in _OPENED and (manifest := manifest_of(books, each))
    )
    handed = Counter(books.hand_overs)
    for what, counted in (
        ("message id", boxed),
        ("message content", messages),
        ("(package, consumer)", handed),
    ):
        for key, count in counted.items():
            if count > 1:
                yield violation(3, books, f"{what} {key[0]!r} {key[1]!r} is there {count} times")


def acknowledgements_are_one(books: Books, world: World) -> Found:
    """4: one acknowledgement of each event of a package, and whoever holds it holds the issuer's bytes."""
    counted = Counter((each.pid, each.event, each.by) for each in books.acknowledgements.values())
    for (pid, event, by), count in counted.items():
        if count > 1:
            yield violation(4, books, f"{by} issued {count} different {event.value} of {short(pid)}")
    for each in books.contradictions.values():
        if each.by in world:
            yield violation(4, books, f"{each.by} contradicts itself about {short(each.pid)}")
    for each in _by_peers(books):
        there = world.get(each.by)
        if there is None:
            continue
        original = there.acknowledgements.get(each.aid)
        if original is None or original.bundle != each.bundle:
            yield violation(
                4, books, f"the {each.event.value} of {short(each.pid)} is not the one of {each.by}"
            )


def ids_name_one_package(books: Books) -> Found:
    """5: message id, payload id and place in a channel name one package each; rows say what their headers say.

    A package that takes another one's place has the same payload and the same message: it counts once with that one.
    """
    again = {pid for pid, each in books.sent.items() if each.replaces in books.sent}
    for box in (books.sent, books.received):
        headers = [each.header for each in box.values() if each.header]
        firsts = [each.header for pid, each in box.items() if each.header and pid not in again]
        for what, counted in (
            ("msg", Counter((each.sender, each.recipient, each.msg) for each in headers)),
            ("payload id", Counter((each.sender, each.recipient, each.payload.id) for each in firsts)),
            ("place", Counter((each.sender, each.recipient, each.epoch, each.seq) for each in headers)),
        ):
            for key, count in counted.items():
                if count > 1:
                    yield violation(5, books, f"{what} {key} names {count} packages")
        for pid, each in box.items():
            if each.header is None or each.subject is None:
                yield violation(5, books, f"the header of {short(pid)} does not decode")
            elif each.subject.pid != pid or not row_fits(each, each.header, books.id):
                yield violation(5, books, f"the row of {short(pid)} does not say what its header says")
    for message_id, count in Counter(
        each.message_id for pid, each in books.sent.items() if pid not in again
    ).items():
        if count > 1:
            yield violation(5, books, f"message {short(message_id)} was sent {count} times")


def legs_follow_acknowledgements(books: Books, world: World, *, expiring: bool = False) -> Found:
    """6, 7: a leg stands where verified acknowledgements put it; each package and each later acknowledgement has one."""
    legs = Counter((leg.kind, leg.ref) for leg in books.legs)
    issued = LeafKind.ACKNOWLEDGEMENT_ISSUED
    own = [each for each in books.acknowledgements.values() if kind_of(each, books) is issued]
    wanted = {("package", pid) for pid in books.sent}
    wanted |= {("acknowledgement", each.aid) for each in own if each.event in TRAVELLING}
    wanted |= {("acknowledgement", each.aid) for each in own if each.event in ANSWERS} & legs.keys()
    for kind, ref in wanted | legs.keys():
        if legs[kind, ref] != ((kind, ref) in wanted):
            yield violation(7, books, f"{kind} {short(ref)} has {legs[kind, ref]} legs")
    again = {each.replaces for each in books.sent.values()}
    for pid, package in books.sent.items():
        if books.of(pid, Event.SUBMISSION_ACCEPTANCE) is None and not came_back(books, package):
            yield violation(7, books, f"{short(pid)} was sent without a SubmissionAcceptance")
    for leg in books.legs:
        if leg.kind == "package":
            about = books.of_package.get(leg.ref, ())
            events = {each.event for each in about if not problem_of(books, each)}
            state = leg_state(events)
            at_expiry = delivered_state(events) if expiring else None
            replaced = LegState.REPLACED if state in DUE and leg.ref in again else None
            if leg.state not in (state, at_expiry, replaced, LegState.HELD):
                yield violation(
                    6, books, f"the leg of {short(leg.ref)} is {leg.state}, its acknowledgements say {state}"
                )
        elif leg.state == LegState.DONE:
            there = world.get(leg.peer)
            if there and leg.ref not in there.acknowledgements:
                yield violation(6, books, f"{there.id} does not have acknowledgement {short(leg.ref)}")


def channels_are_gapless(
    books: Books, world: World, *, settled: bool, strangers: AbstractSet[str] = frozenset()
) -> Found:
    """8: places of a channel are 1, 2, 3 ... at the sender, each naming the one before.

    At the recipient, once settled, only those are missing whose package was rejected or expired with signed proof.
    """
    for what, box in (("sent", books.sent), ("received", books.received)):
        channels: dict[tuple[str, int], dict[int, Package]] = {}
        for package in box.values():
            channels.setdefault((package.other, package.epoch), {})[package.seq] = package
        for (other, epoch), places in channels.items():
            for seq, each in places.items():
                before = places.get(seq - 1)
                if before is None or each.header is None or other in strangers:
                    continue
                if each.header.prev != before.pid:
                    yield violation(8, books, f"{what}: place {seq} does not name the package before")
            missing = set(range(1, max(places) + 1)) - set(places)
            if what == "received":
                judged = settled and other not in strangers
                missing = missing - _voided(world.get(other), books.id, epoch) if judged else set()
            elif books.channels.get((other, epoch)) != (max(places), places[max(places)].pid):
                yield violation(8, books, f"the channel to {other} does not stand at place {max(places)}")
            if missing:
                yield violation(
                    8, books, f"{what}: channel with {other} misses places {sorted(missing)[:10]}"
                )


def _voided(sender: Books | None, recipient: str, epoch: int) -> set[int]:
    """Places of a channel whose package will never be accepted: refused, expired, or another one stands in its place."""
    if sender is None:
        return set()
    again = {each.replaces for each in sender.sent.values()}
    return {
        each.seq
        for each in sender.sent.values()
        if (each.other, each.epoch) == (recipient, epoch)
        and not sender.of(each.pid, Event.RELAY_ACCEPTANCE)
        and (
            each.pid in again
            or sender.of(each.pid, Event.RELAY_REJECTION)
            or sender.of(each.pid, Event.RELAY_FAILURE)
        )
    }


def consigned_content_verifies(books: Books) -> Found:
    """9: what was consigned opens again with the sealing key and agrees with its header, its record and its verdict."""
    for each in books.received.values():
        if problem := verdict_problem(books, each):
            yield violation(9, books, problem)
        if (each.state == "HANDED") != any(pid == each.pid for pid, _ in books.hand_overs):
            yield violation(9, books, f"{short(each.pid)} is '{each.state}' and its hand-over disagrees")
        if each.state in _OPENED:
            yield from _content(books, each)
    for sent in books.sent.values():
        if came_back(books, sent):
            continue
        record, manifest = record_of(books, sent), manifest_of(books, sent)
        if record is None or manifest is None or sent.header is None:
            yield violation(9, books, f"the record of {short(sent.pid)} does not open")
        elif header_form.content_commitment(record.manifest) != sent.header.content:
            yield violation(9, books, f"the record of {short(sent.pid)} is not what its header commits to")
        elif manifest.parts[0].sha256 != sent.message_sha256:
            yield violation(9, books, f"{short(sent.pid)} carries another message than was handed in")


def _content(books: Books, package: ReceivedPackage) -> Found:
    payload, record = books.payload(package.payload_sha256), record_of(books, package)
    if package.header is None or payload is None or record is None:
        yield violation(9, books, f"{short(package.pid)} is consigned without record or payload")
        return
    try:
        opened = unseal(
            package.header,
            lambda start, end: payload[start:end],
            books.keys.sealing_key,
            XmlLimits().size_bytes_max,
        )
    except EmlaError as error:
        yield violation(9, books, f"{short(package.pid)} is consigned and does not open: {error.code}")
        return
    if (opened.manifest_bytes, opened.cek) != (record.manifest, record.cek):
        yield violation(9, books, f"the record of {short(package.pid)} is not what its payload holds")


def signed_objects_verify(books: Books) -> Found:
    """12: every stored signed object verifies with the documents stored in the same folder."""
    for peer, authority in books.peers.items():
        if authority is None or authority.id != peer:
            yield violation(12, books, f"the documents of {peer} do not fit their pin")
    for box in (books.sent, books.received):
        for pid, each in box.items():
            sender = books.authority if box is books.sent else books.peers.get(each.other)
            if sender is None or not is_signed_by(each, sender):
                yield violation(12, books, f"the header of {short(pid)} is not signed by its sender")
    for each_one in books.acknowledgements.values():
        problem = problem_of(books, each_one)
        if problem:
            yield violation(12, books, f"the {each_one.event.value} of {short(each_one.pid)}: {problem}")


def payloads_are_whole(books: Books) -> Found:
    """22: a payload's name is the SHA-256 of its bytes, in rows and in files; no row points to nothing."""
    for digest, (size, _) in books.payloads.items():
        payload = books.payload(digest)
        if payload is None:
            yield violation(22, books, f"payload {short(digest)} is missing")
        elif len(payload) != size or sha256(payload).digest() != digest:
            yield violation(22, books, f"payload {short(digest)} was changed")
    for each in (*books.sent.values(), *books.received.values()):
        if each.payload_sha256 not in books.payloads:
            yield violation(22, books, f"{short(each.pid)} points to no payload")
    for path in (books.data / "blobs").glob("??/*"):
        if sha256(path.read_bytes()).hexdigest() != path.name:
            yield violation(22, books, f"blob {path.name[:16]} is not what its name says")


# --- reading ---


def _by_peers(books: Books) -> Sequence[StoredAcknowledgement]:
    return [each for each in books.acknowledgements.values() if each.by != books.id]


def _msg(package: Package) -> bytes:
    return package.header.msg if package.header else package.msg
