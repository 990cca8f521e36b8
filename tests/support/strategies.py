"""Hypothesis strategies for the nouns of the wire, and byte mutations of what encodes them."""

from hypothesis import strategies as st

from emla.formats import strict_json
from emla.formats.strict_json import INSTANT_MAX, INTEGER_MAX, Json
from emla.model.acknowledgement import NEGATIVE, Acknowledgement, Bundle, Event
from emla.model.findings import Finding, Severity
from emla.model.message import SigningOfficer
from emla.model.package import (
    CardReference,
    Header,
    Manifest,
    Part,
    PartRole,
    PayloadReference,
    Priority,
)
from emla.model.ping import Ping
from emla.model.record import Record

octets16 = st.binary(min_size=16, max_size=16)
octets32 = st.binary(min_size=32, max_size=32)
_LETTERS, _DIGITS = "abcdefghijklmnopqrstuvwxyz", "0123456789"
_labels = st.text(_LETTERS + _DIGITS + "-", min_size=1, max_size=10).map(lambda each: each.strip("-") or "0")
authorities = st.builds(
    lambda country, labels: ".".join([country, *labels]),
    st.text(_LETTERS, min_size=2, max_size=2),
    st.lists(_labels, min_size=1, max_size=4),
)
# Put together, not drawn from a regular expression: that takes twice as long, and they are in nearly everything.
_suites = st.builds(str.__add__, st.sampled_from(_LETTERS), st.text(_LETTERS + _DIGITS + "-", max_size=15))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
lines = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), max_size=40)
instants = st.integers(0, INSTANT_MAX)
integers = st.integers(-INTEGER_MAX, INTEGER_MAX)


def _nested(depth: int) -> st.SearchStrategy[Json]:
    plain: st.SearchStrategy[Json] = texts | integers | st.booleans()
    if depth == 0:
        return plain
    inner = _nested(depth - 1)
    return plain | st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)


objects: st.SearchStrategy[dict[str, Json]] = st.dictionaries(texts, _nested(3), max_size=5)
"""Strict JSON objects."""
cards = st.builds(CardReference, version=st.integers(1, INTEGER_MAX), sha256=octets32)


@st.composite
def headers(draw: st.DrawFn) -> Header:
    """A header that may stand on the wire."""
    seq = draw(st.integers(1, INTEGER_MAX))
    created = draw(st.integers(0, INSTANT_MAX - 90 * 86400))
    return Header(
        msg=draw(octets16),
        sender=draw(authorities),
        recipient=draw(authorities),
        epoch=draw(st.integers(1, 2**31)),
        seq=seq,
        prev=None if seq == 1 else draw(octets32),
        kid=draw(octets16).hex(),
        stanza=draw(st.binary(min_size=1168, max_size=1168)),
        created=created,
        expires=created + draw(st.integers(3600, 90 * 86400)),
        prio=draw(st.sampled_from(Priority)),
        payload=PayloadReference(
            id=draw(octets16),
            size=draw(st.integers(1, INTEGER_MAX)),
            sha256=draw(octets32),
            commit=draw(octets32),
        ),
        content=draw(octets32),
        sender_card=draw(cards),
        recipient_card=draw(cards),
        suites=tuple(draw(st.lists(_suites, max_size=8))),
        replaces=draw(st.none() | octets32),
    )


def _parts(role: st.SearchStrategy[PartRole]) -> st.SearchStrategy[Part]:
    return st.builds(
        Part,
        role=role,
        media=st.sampled_from(["application/pdf", "text/plain", "a/b+c"]),
        name=texts,
        size=st.integers(0, INTEGER_MAX),
        sha256=octets32,
    )


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    """A manifest that a recipient reads."""
    annexes = st.lists(_parts(st.sampled_from([PartRole.ANNEX, PartRole.TRANSLATION])), max_size=3)
    return Manifest(
        salt=draw(octets32),
        sender=draw(authorities),
        recipients=tuple(draw(st.lists(authorities, min_size=1, max_size=3, unique=True))),
        payload_id=draw(octets16),
        conversation=draw(octets16),
        message=draw(st.sampled_from(["MLARequest", "Decision"])),
        in_reply_to=draw(st.none() | octets16),
        officer=SigningOfficer(name=draw(lines), post=draw(lines)),
        created=draw(instants),
        parts=(draw(_parts(st.just(PartRole.MAIN))), *draw(annexes)),
    )


@st.composite
def acknowledgements(draw: st.DrawFn) -> Acknowledgement:
    """An acknowledgement of any event."""
    event = draw(st.sampled_from(Event))
    return Acknowledgement(
        event=event,
        pid=draw(octets32),
        payload_id=draw(octets16),
        payload_sha256=draw(octets32),
        sender=draw(authorities),
        recipient=draw(authorities),
        by=draw(authorities),
        msg=draw(octets16),
        epoch=draw(st.integers(1, 2**31)),
        seq=draw(st.integers(1, INTEGER_MAX)),
        at=draw(instants),
        card_version=draw(st.integers(1, INTEGER_MAX)),
        card_sha256=draw(octets32),
        header_signature_sha256=draw(octets32),
        reason=draw(st.sampled_from(["expired", "bad-suite"])) if event in NEGATIVE else None,
    )


bundles = st.builds(
    Bundle,
    signed=st.binary(max_size=60),
    index=st.integers(0, INTEGER_MAX),
    proof=st.lists(octets32, max_size=63).map(tuple),
    checkpoint=texts.map(str.encode),
)
pings = st.builds(
    Ping,
    sender=authorities,
    recipient=authorities,
    at=instants,
    nonce=octets16,
    software=lines,
    card_version=st.integers(1, INTEGER_MAX),
)
records = st.builds(
    Record,
    manifest=st.binary(max_size=100),
    cek=octets32,
    findings=st.lists(
        st.builds(
            Finding,
            rule=texts,
            severity=st.sampled_from(Severity),
            message=texts,
            line=st.none() | st.integers(0, INTEGER_MAX),
            path=texts,
            source=texts,
        ),
        max_size=3,
    ).map(tuple),
)


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """These bytes with up to three changes: a byte written over, cut out, put in, a piece doubled or
    moved.
    """
    out = bytearray(data)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(out)))
        end = draw(st.integers(at, min(len(out), at + 20)))
        way = draw(st.sampled_from(["write", "cut", "put", "double"]))
        if way == "write":
            out[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
        elif way == "cut":
            del out[at:end]
        elif way == "put":
            out[at:at] = draw(
                st.sampled_from([b'"', b"\\", b"{", b"[", b",", b"null", b"0", b"-", b"\xff", b"e9", b" "])
            )
        else:
            out[at:at] = out[at:end]
    return bytes(out)


def spelled(value: dict[str, Json]) -> bytes:
    """Another spelling of the same object: names the other way round, with white space and escapes."""
    import json

    turned = dict(reversed(value.items()))
    assert strict_json.decode(json.dumps(turned, indent=1).encode(), 1 << 20) == value
    return json.dumps(turned, indent=1).encode()
