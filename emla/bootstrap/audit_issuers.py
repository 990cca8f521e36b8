"""Who issued what is audited: the peers as they stand, those that are pinned no more, and each of them as it stood before.

What was verified when it came stays proved. A newer card may end a key before the instant at which it signed, or list it no more;
the documents of before are in the ledger, and what they proved they still prove (docs/spec/acknowledgements.md 4.8).
"""

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator

from emla.flow.documents.peers import load_directory
from emla.flow.events import PEER_FORGOTTEN
from emla.formats.documents import decode_signed
from emla.formats.event import decode as decode_event
from emla.formats.export import decode_export
from emla.model.documents import Authority, Documents
from emla.model.errors import EmlaError, InvalidAcknowledgementError
from emla.model.signed import PayloadType
from emla.ports.documents import PeerRow
from emla.steps.trust import trust_documents
from emla.store.sqlite import rows


class Issuers:
    """The authorities whose signatures a store holds."""

    def __init__(self, connection: sqlite3.Connection, own: Authority, problems: list[str]) -> None:
        """Args: the store; this authority itself; where it is told what is wrong with a peer's documents."""
        self._connection = connection
        self._known: defaultdict[str, list[Authority]] = defaultdict(list, {own.id: [own]})
        """As they stand, then as they stood when they were forgotten: who is pinned anew may have begun with another root."""
        self._former: dict[str, list[Authority]] = {}
        for row in map(rows.peer, connection.execute(rows.PEER)):
            try:
                self._add(row)
            except EmlaError as error:
                problems.append(f"The documents of {row.authority} are not what was pinned: {error}")
        for row in _forgotten(connection):
            self._add(row)

    def _add(self, row: PeerRow) -> None:
        for peer in load_directory([row]).peers.values():
            self._known[peer.authority.id].append(peer.authority)

    def knows(self, authority: str) -> bool:
        """Whether it is, or was, pinned here; or is this authority itself."""
        return authority in self._known

    def verify(self, by: str, verification: Callable[[Authority], object]) -> None:
        """Verify something of one that is known as it stands; where that does not hold, as it stood before.

        Raises:
            EmlaError: what `verification` raised for the authority as it stands, when no former documents bear it either.
        """
        newest, *forgotten = self._known[by]
        try:
            verification(newest)
        except InvalidAcknowledgementError:
            for former in (*forgotten, *self._as_it_stood(by)):
                with contextlib.suppress(InvalidAcknowledgementError):
                    verification(former)
                    return
            raise

    def _as_it_stood(self, authority: str) -> list[Authority]:
        """An authority with each card that it had while it was known here."""
        if authority not in self._former:
            self._former[authority] = [
                former for known in self._known[authority] for former in _former(self._connection, known)
            ]
        return self._former[authority]


def _former(connection: sqlite3.Connection, known: Authority) -> Iterator[Authority]:
    """What was taken from an authority before: exports whose roots are the beginning of a chain that was pinned."""
    chain, cards = _payloads(known.documents), {known.documents.card}
    for (body,) in connection.execute("SELECT body FROM document ORDER BY rowid DESC"):
        with contextlib.suppress(EmlaError):  # most documents are no exports
            documents = decode_export(body)
            roots = _payloads(documents)
            if documents.card in cards or roots != chain[: len(roots)]:
                continue
            cards.add(documents.card)
            yield trust_documents(documents, known=documents)


def _payloads(documents: Documents) -> list[bytes]:
    """What the roots say, whoever has signed them: the same root may come with other signatures."""
    return [decode_signed(each, PayloadType.ROOT).payload for each in documents.roots]


def _forgotten(connection: sqlite3.Connection) -> Iterator[PeerRow]:
    """Peers that are pinned no more, as the ledger remembers them: what they signed is verified all the same."""
    for (body,) in connection.execute(
        "SELECT body FROM event WHERE kind = ? ORDER BY at DESC", (PEER_FORGOTTEN,)
    ):
        facts = decode_event(body).facts
        digest = bytes.fromhex(str(facts["documents"]))
        row = connection.execute("SELECT body FROM document WHERE sha256 = ?", (digest,)).fetchone()
        if row is None:
            continue  # its leaf misses its object, which is a finding of its own
        yield PeerRow(
            authority=str(facts["peer"]),
            documents=row[0],
            pin_version=int(facts["pin_version"]),
            pin_sha256=bytes.fromhex(str(facts["pin_sha256"])),
            fingerprint=str(facts["fingerprint"]),
            pinned_at=int(facts["pinned_at"]),
        )
