"""What our own code says about a vector: ``success`` or the code of the error it raises.

Every verifier here takes what it knows from the vector's lines, never from the builder that made it.
"""

import hashlib
import hmac
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from emla.bootstrap.backup_read import check_whole, open_backup, read_archive
from emla.formats import cc1, documents, dsse, export, h1, http_signature, manifest, standing, strict_json
from emla.formats.archive import Member
from emla.ledger import checkpoint as checkpoint_form
from emla.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from emla.model.access import LedgerPlace
from emla.model.documents import Authority, CardKey, KeyUse
from emla.model.errors import EmlaError
from emla.model.limits import WIRE
from emla.model.package import Header
from emla.model.signed import PayloadType
from emla.steps.acknowledge import Subject
from emla.steps.reconcile import lacking
from emla.steps.succeed import succeed
from emla.steps.trust import RootPin, check_current, trust_documents
from emla.steps.unseal import unseal
from emla.steps.verify_access_report import verify_access_report
from emla.steps.verify_acknowledgement import verify_acknowledgement
from emla.steps.verify_call import verify_call
from emla.steps.verify_package import Addressee, RefusedPackage, verify_package
from emla.steps.verify_status import verify_status
from tests.support.authorities import build, party
from tests.support.signed_calls import fresh
from tests.support.vector_files import Vector
from tests.vectors.cases_calls import pieces


def judge(vector: Vector) -> str:
    """Run a vector through our code."""
    try:
        return _JUDGES[vector.form](vector)
    except EmlaError as error:
        return error.code


def _strict_json(vector: Vector) -> str:
    strict_json.decode(vector.body, vector.integer("limit"))
    return "success"


def _base64url(vector: Vector) -> str:
    text = vector.body.decode("utf-8")
    assert strict_json.decode_octets(text) == vector.octets("octets")
    return "success"


def _dsse(vector: Vector) -> str:
    signed = dsse.decode(vector.body, PayloadType(vector.lines["type"]), vector.integer("limit"))
    good = dsse.verifies(signed, vector.lines["kid"], vector.octets("public-key"))
    return "success" if good else "bad-signature"


def _cc1(vector: Vector) -> str:
    stream = cc1.open_all(vector.octets("key"), vector.body)
    if stream is None:
        return "chunk-damaged"
    assert len(stream) == vector.integer("plaintext-size")
    assert hashlib.sha256(stream).digest() == vector.octets("plaintext-sha256")
    return "success"


def _manifest(vector: Vector) -> str:
    manifest.decode(vector.body)
    return "success"


def _authority(vector: Vector, name: str, *keys: CardKey) -> Authority:
    """An authority with the keys of the vector's lines and nothing else that matters."""
    some = party("xx.test").authority
    origin = vector.lines.get("ledger-origin", some.card.ledger_origin)
    epoch = int(origin.rpartition("/")[2])
    card = replace(some.card, authority=name, keys=keys, ledger_origin=origin, epoch=epoch)
    return replace(some, card=card)


def _sign_key(vector: Vector) -> CardKey:
    return CardKey(
        kid=vector.lines["sign-kid"],
        use=KeyUse.SIGN,
        alg="ed1",
        public=vector.octets("sign-key"),
        not_before=vector.integer("sign-not-before"),
        not_after=vector.integer("sign-not-after"),
    )


def _verified(vector: Vector, signed: bytes) -> Header | str:
    sender = _authority(vector, vector.lines["sender"], _sign_key(vector))
    package = verify_package(
        signed,
        addressee=Addressee(
            authority=vector.lines["me"],
            sealing_kids=frozenset({vector.lines["sealing-kid"]}),
            payload_bytes_max=vector.integer("payload-max"),
        ),
        find_sender={sender.id: sender}.get,
        now=vector.integer("now"),
        limits=WIRE,
    )
    if isinstance(package, RefusedPackage):
        return package.code
    if "pid" in vector.lines:
        assert package.pid == vector.octets("pid")
    return package.header


def _header(vector: Vector) -> str:
    verdict = _verified(vector, vector.body)
    return verdict if isinstance(verdict, str) else "success"


def _package(vector: Vector) -> str:
    length = int.from_bytes(vector.body[:4], "big")
    signed, payload = vector.body[4 : 4 + length], vector.body[4 + length :]
    header = _verified(vector, signed)
    if isinstance(header, str):
        return header
    # Rung 14 is the receiving gateway's, which has the payload in its hands or on its disk.
    same = hmac.compare_digest(hashlib.sha256(payload).digest(), header.payload.sha256)
    if len(payload) != header.payload.size or not same:
        return "digest-mismatch"
    key = h1.SealingKey(vector.octets("seal-seed"), vector.lines["sealing-kid"])
    opened = unseal(header, lambda start, end: payload[start:end], {key.kid: key}.get, 1 << 20)
    if "cek" in vector.lines:
        assert opened.cek == vector.octets("cek")
        assert hashlib.sha256(opened.manifest_bytes).digest() == vector.octets("manifest-sha256")
        assert cc1.stream_size(len(payload)) == vector.integer("stream-size")
    return "success"


def _acknowledgement(vector: Vector) -> str:
    ledger = CardKey(
        kid="0" * 32,
        use=KeyUse.LEDGER,
        alg="ed1",
        public=vector.octets("ledger-key"),
        not_before=int(vector.lines.get("ledger-not-before", "0")),
        not_after=int(vector.lines.get("ledger-not-after", 1 << 52)),
    )
    issuer = _authority(vector, vector.lines["issuer"], _sign_key(vector), ledger)
    some = build(party("xx.test"), party("xx.test")).header
    header = replace(
        some,
        sender=vector.lines["from"],
        recipient=vector.lines["to"],
        msg=vector.octets("msg"),
        epoch=vector.integer("epoch"),
        seq=vector.integer("seq"),
        payload=replace(some.payload, id=vector.octets("payload-id"), sha256=vector.octets("payload-sha256")),
    )
    subject = Subject(header=header, pid=vector.octets("pid"), signature_sha256=vector.octets("header-sig"))
    verified = verify_acknowledgement(vector.body, issuer=issuer, subject=subject)
    if "aid" in vector.lines:
        assert verified.aid == vector.octets("aid")
    return "success"


def _channel(vector: Vector) -> str:
    speaker, me = _authority(vector, vector.lines["sender"], _sign_key(vector)), vector.lines["me"]
    status, _ = verify_status(
        vector.body,
        find_sender={speaker.id: speaker}.get,
        refuse_recipient=lambda to: None if to == me else "not-recipient",
        now=vector.integer("now"),
    )
    assert status.nonce == vector.octets("nonce")
    assert (status.answers.hex() if status.answers else "none") == vector.lines["answers"]
    ranges = lacking(status.received_in(1), vector.integer("used"))
    assert (" ".join(f"{first}-{last}" for first, last in ranges) or "none") == vector.lines["lacking"]
    return "success"


def _accesses(vector: Vector) -> str:
    ledger = CardKey(
        kid="0" * 32,
        use=KeyUse.LEDGER,
        alg="ed1",
        public=vector.octets("ledger-key"),
        not_before=0,
        not_after=1 << 52,
    )
    epoch, index = map(int, vector.lines["asked"].split("/"))
    report = verify_access_report(
        vector.body,
        holder=_authority(vector, vector.lines["sender"], _sign_key(vector), ledger),
        here=vector.lines["me"],
        case_id=vector.octets("case"),
        first=LedgerPlace(epoch=epoch, index=index),
        now=vector.integer("now"),
    )
    following = report.following
    assert (" ".join(str(each.leaf) for each in report.accesses) or "none") == vector.lines["leaves"]
    assert (f"{following.epoch}/{following.index}" if following else "none") == vector.lines["next"]
    return "success"


def _root(vector: Vector) -> str:
    root = documents.decode_root(vector.body)
    if "fingerprint" in vector.lines:
        assert export.fingerprint(vector.body, root.authority) == vector.lines["fingerprint"]
    return "success"


def _card(vector: Vector) -> str:
    documents.decode_card(vector.body)
    return "success"


def _profile(vector: Vector) -> str:
    documents.decode_profile(vector.body)
    return "success"


def _status(vector: Vector) -> str:
    standing.decode_status(vector.body)
    return "success"


def _revocation(vector: Vector) -> str:
    standing.decode_revocation(vector.body)
    if "sha256" in vector.lines:
        assert documents.document_hash(vector.body) == vector.octets("sha256")
    return "success"


def _export(vector: Vector) -> str:
    pin = RootPin(version=vector.integer("pin-version"), sha256=vector.octets("pin-sha256"))
    now = vector.integer("now")
    authority = succeed(None, trust_documents(export.decode_export(vector.body), pin), now)
    check_current(authority, now)
    return "success"


def _checkpoint(vector: Vector) -> str:
    checkpoint_form.verify(vector.body, vector.lines["origin"], vector.octets("public-key"))
    return "success"


def _hashes(data: bytes) -> list[bytes]:
    return [data[start : start + 32] for start in range(0, len(data), 32)]


def _inclusion(vector: Vector) -> str:
    good = verify_inclusion(
        leaf_hash(vector.octets("entry")),
        vector.integer("index"),
        vector.integer("size"),
        _hashes(vector.body),
        vector.octets("root"),
    )
    return "success" if good else "proof-mismatch"


def _consistency(vector: Vector) -> str:
    good = verify_consistency(
        vector.integer("first"),
        vector.integer("second"),
        _hashes(vector.body),
        vector.octets("first-root"),
        vector.octets("second-root"),
    )
    return "success" if good else "proof-mismatch"


def _call(vector: Vector) -> str:
    call, fields = pieces(vector)
    sender = _authority(vector, vector.lines["sender"], _sign_key(vector))
    verify_call(
        call.method,
        call.path,
        call.query,
        fields,
        call.body,
        here=vector.lines["me"],
        find_sender={sender.id: sender}.get,
        now=vector.integer("now"),
        seen_nonce=fresh,
    )
    if "base-sha256" in vector.lines:
        whole = replace(call, sender=fields["emla-from"][0], recipient=fields["emla-to"][0])
        signature, _ = http_signature.decode_fields(fields, whole)
        base = http_signature.call_base(whole, signature)
        assert hashlib.sha256(base).digest() == vector.octets("base-sha256")
    return "success"


def _backup(vector: Vector) -> str:
    key = h1.SealingKey(vector.octets("seed"), vector.lines["kid"])
    files: list[str] = []

    def take(member: Member, pieces: Iterator[bytes]) -> None:
        files.append(member.name)
        assert sum(map(len, pieces)) == member.size

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "backup"
        path.write_bytes(vector.body)
        with open_backup(path) as opened:
            check_whole(opened)
            read_archive(opened, key, take)
    assert len(files) == vector.integer("files")
    return "success"


_JUDGES: dict[str, Callable[[Vector], str]] = {
    "strict-json": _strict_json,
    "base64url": _base64url,
    "dsse": _dsse,
    "cc1": _cc1,
    "manifest": _manifest,
    "header": _header,
    "package": _package,
    "acknowledgement": _acknowledgement,
    "call": _call,
    "channel": _channel,
    "accesses": _accesses,
    "root": _root,
    "card": _card,
    "profile": _profile,
    "status": _status,
    "revocation": _revocation,
    "export": _export,
    "checkpoint": _checkpoint,
    "inclusion": _inclusion,
    "consistency": _consistency,
    "backup": _backup,
}
FORMS = frozenset(_JUDGES)
"""Every format a vector may have."""
