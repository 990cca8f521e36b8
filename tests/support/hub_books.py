"""The oracle for a hub's folder: invariant 19, from its bytes. The hub removes a package only for a verified acknowledgement of
its recipient, or after expiry and grace; and what it promised to a sender it has, or had to let go.

Read raw, with plain SQL of its own; nothing the hub concluded is believed.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.own import DATABASE, own_authority
from emla.formats import export
from emla.model.acknowledgement import Event
from emla.model.documents import Authority
from emla.model.errors import EmlaError
from emla.steps.trust import RootPin, trust_documents
from emla.steps.verify_acknowledgement import held, verify_acknowledgement
from emla.store.files import blob_path
from tests.support.gateways import select

GRACE_SECONDS = 7 * 86400


def hub_violations(folder: Path, promised: Mapping[bytes, bytes] | None = None) -> list[str]:
    """Everything that is wrong in a hub's folder.

    Args:
        folder: its data folder, running or not.
        promised: HubAcceptances that senders hold, by package id: each must be the one stored.
    """
    return list(_found(folder, promised or {}))


def _found(folder: Path, promised: Mapping[bytes, bytes]) -> Iterator[str]:
    own = own_authority(folder)
    members = dict(_members(folder))
    yield from (f"[0] {problem}" for problem in verify_ledger(folder).problems)
    stored = dict(_bundles(folder, Event.HUB_ACCEPTANCE))
    for pid, bundle in promised.items():
        if stored.get(pid) != bundle:
            yield f"[4] the HubAcceptance of {pid.hex()[:8]} that was shown is not stored"
    items = select(
        folder,
        "SELECT item, owner, ref, expires, state, ended_at, proof, payload_sha256 FROM mailbox_item"
        " WHERE kind = 'package'",
    )
    known = {row[2] for row in items}
    for pid, bundle in stored.items():
        verify_acknowledgement(bundle, issuer=own, witnessed=held)
        if pid not in known:
            yield f"[19] {pid.hex()[:8]} was promised and is nowhere"
    for item, owner, ref, expires, state, ended_at, proof, sha256 in items:
        assert isinstance(ref, bytes)
        name = f"{ref.hex()[:8]} for {owner}"
        if state == "HELD":
            if not _is_whole(folder, item, sha256):
                yield f"[22] {name} is held and not whole"
        elif state == "RELEASED":
            yield from (f"[19] {name}: {each}" for each in _unproved(folder, members, owner, ref, proof))
        elif not (
            isinstance(ended_at, int) and isinstance(expires, int) and ended_at >= expires + GRACE_SECONDS
        ):
            yield f"[19] {name} was removed as {state} before its time"


def _members(folder: Path) -> Iterator[tuple[str, Authority]]:
    for authority, documents, version, sha256 in select(
        folder, "SELECT authority, documents, pin_version, pin_sha256 FROM peer"
    ):
        assert isinstance(documents, bytes)
        assert isinstance(version, int)
        assert isinstance(sha256, bytes)
        found = export.decode_export(documents)
        yield str(authority), trust_documents(found, RootPin(version=version, sha256=sha256), known=found)


def _bundles(folder: Path, event: Event) -> Iterator[tuple[bytes, bytes]]:
    for pid, bundle in select(folder, "SELECT pid, bundle FROM acknowledgement WHERE event = ?", event.value):
        assert isinstance(pid, bytes)
        assert isinstance(bundle, bytes)
        yield pid, bundle


def _is_whole(folder: Path, item: object, sha256: object) -> bool:
    with closing(sqlite3.connect(f"{(folder / DATABASE).as_uri()}?mode=ro", uri=True)) as connection:
        front = connection.execute("SELECT front FROM mailbox_body WHERE item = ?", (item,)).fetchone()
        row = connection.execute("SELECT body FROM payload WHERE sha256 = ?", (sha256,)).fetchone()
    if front is None or row is None or not isinstance(sha256, bytes):
        return False
    try:
        payload = row[0] if row[0] is not None else blob_path(folder / "blobs", sha256).read_bytes()
    except OSError:
        return False
    return hashlib.sha256(payload).digest() == sha256


def _unproved(
    folder: Path, members: Mapping[str, Authority], owner: object, pid: bytes, proof: object
) -> Iterator[str]:
    found = select(folder, "SELECT bundle FROM acknowledgement WHERE aid = ?", proof)
    issuer = members.get(str(owner))
    if not found or issuer is None or not isinstance(found[0][0], bytes):
        yield "released without proof"
        return
    try:
        said = verify_acknowledgement(found[0][0], issuer=issuer, witnessed=held).acknowledgement
    except EmlaError as error:
        yield f"its proof does not verify: {error}"
        return
    if said.pid != pid or said.event not in (Event.RELAY_ACCEPTANCE, Event.RELAY_REJECTION):
        yield "its proof is about something else"
