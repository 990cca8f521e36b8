# ruff: noqa: E501  # a table of cases is read by the row
"""Vectors of authority documents and exports."""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from emla.formats import documents as form
from emla.formats import dsse, ed1, export, h1, strict_json
from emla.formats.binding import key_id
from emla.formats.strict_json import Json
from emla.model.documents import Card, Documents, Root
from emla.model.signed import PayloadType
from tests.support.authorities import (
    DAY,
    NOW,
    Changes,
    DocumentKeys,
    card_of,
    changed,
    documents_of,
    party,
    profile_of,
    root_of,
    signing_key,
)
from tests.support.vector_files import Vector

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")
_ROOT, _CARD, _PROFILE = (
    root_of(AT.id, AT.roots),
    card_of(AT.id, AT.sign, AT.ledger, AT.seal),
    profile_of(AT.id),
)
_KEYS = DocumentKeys(roots=AT.roots, sign=AT.sign)


def documents_vectors() -> list[Vector]:
    """Payload bytes of documents, and whole exports judged with a pin."""
    return [*_root_payloads(), *_card_payloads(), *_profile_payloads(), *_exports()]


def _root_payloads() -> Iterable[Vector]:
    good = form.encode_root(_ROOT)
    small = bytes(32)
    yield Vector(
        folder="documents",
        name="root-good",
        form="root",
        expect="success",
        comment="2 of 3 keys",
        body=good,
        lines={"fingerprint": export.fingerprint(good, AT.id)},
    )
    same = changed(
        good, {"keys.1.kid": AT.roots[0].kid, "keys.1.public": strict_json.encode_octets(AT.roots[0].public)}
    )
    cases: tuple[tuple[str, bytes, str, int | None], ...] = (
        ("root-key-twice", same, "one key twice", 41),
        ("root-threshold-0", changed(good, {"threshold": 0}), "no signature needed", 41),
        ("root-threshold-4", changed(good, {"threshold": 4}), "more signatures than keys", None),
        ("root-kid-of-other", changed(good, {"keys.0.kid": DE.roots[0].kid}), "a key under another key's id", None),
        ("root-alg-none", changed(good, {"keys.0.alg": "none"}), "an algorithm that is none", 4),
        ("root-prev-at-1", changed(good, {"prev": "A" * 43}), "a first root with a predecessor", None),
        ("root-2-without-prev", changed(good, {"version": 2}), "a second root without a predecessor", None),
        ("root-three-years", changed(good, {"expires": _ROOT.created + 3 * 366 * DAY}), "lives longer than two years", None),
        ("root-ends-first", changed(good, {"expires": _ROOT.created}), "ends when it begins", None),
        ("root-unknown-member", changed(good, {"x": 1}), "an unknown member", 18),
        ("root-lacks-keys", changed(good, {"keys": None}), "no keys", None),
        *(
            (f"root-key-{name}", _with_key(good, public), comment, 5)
            for name, public, comment in (
                ("zero", small, "y = 0, a point of order 4"),
                ("identity", b"\1" + bytes(31), "the identity"),
                ("order-8", bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "a point of order 8"),
                ("non-canonical", b"\xee" + b"\xff" * 30 + b"\x7f", "y + p, another spelling of the identity"),
                ("mixed-order", _mixed(), "a point outside the prime-order group"),
                ("off-curve", b"\2" + bytes(31), "no point at all"),
                ("short", AT.roots[0].public[:31], "31 bytes"),
            )
        ),
    )  # fmt: skip
    for name, body, comment, row in cases:
        yield Vector(
            folder="documents",
            name=name,
            form="root",
            expect="malformed",
            comment=comment,
            body=body,
            row=row,
        )


def _mixed() -> bytes:
    """A good key's point plus the point of order 2: (x, y) + (0, -1) = (-x, -y)."""
    prime = 2**255 - 19
    whole = int.from_bytes(AT.roots[0].public, "little")
    y, sign = whole % 2**255, whole >> 255
    return ((prime - y) | (1 - sign) << 255).to_bytes(32, "little")


def _with_key(root: bytes, public: bytes) -> bytes:
    return changed(
        root, {"keys.0.public": strict_json.encode_octets(public), "keys.0.kid": key_id(ed1.NAME, public)}
    )


def _card_payloads() -> Iterable[Vector]:
    good = form.encode_card(_CARD)
    yield Vector(
        folder="documents",
        name="card-good",
        form="card",
        expect="success",
        comment="one key of each use",
        body=good,
    )
    for name, url in (
        ("ipv6", "https://[::1]:8443/"),
        ("path", "https://emla.example/a/b"),
        ("port", "https://emla.example:1"),
    ):
        yield Vector(
            folder="documents",
            name=f"card-good-url-{name}",
            form="card",
            expect="success",
            comment="an endpoint",
            body=changed(good, {"endpoints.0.url": url}),
        )
    seal = AT.seal.public

    def sealing(public: bytes) -> bytes:
        return changed(
            good, {"keys.2.public": strict_json.encode_octets(public), "keys.2.kid": key_id(h1.NAME, public)}
        )

    key: Json = {
        "kid": AT.sign.kid,
        "use": "ledger",
        "alg": "ed1",
        "public": strict_json.encode_octets(AT.sign.public),
        "not_before": 1,
        "not_after": 2,
    }
    cases: tuple[tuple[str, bytes, str, int | None], ...] = (
        ("key-twice", changed(good, {"keys.1": key}), "one key for two uses", None),
        ("kid-of-other", changed(good, {"keys.0.kid": DE.sign.kid}), "a key under another key's id", None),
        ("use-unknown", changed(good, {"keys.0.use": "all"}), "an unknown use", None),
        ("suite-of-other-use", changed(good, {"keys.0.use": "seal"}), "a signing key for sealing", None),
        ("window-empty", changed(good, {"keys.0.not_after": _CARD.keys[0].not_before}), "a window of no length", None),
        ("origin-of-other", changed(good, {"ledger.origin": "de.bfj/emla/1/1"}), "another authority's ledger", None),
        ("origin-other-epoch", changed(good, {"ledger.epoch": 2}), "origin and epoch differ", None),
        ("life-401-days", changed(good, {"expires": _CARD.created + 401 * DAY}), "lives longer than 400 days", None),
        ("url-http", changed(good, {"endpoints.0.url": "http://emla.example/"}), "an address without TLS", 50),
        ("url-user", changed(good, {"endpoints.0.url": "https://u@emla.example/"}), "an address with a user", 50),
        ("url-port-99999", changed(good, {"endpoints.0.url": "https://emla.example:99999/"}), "a port that is none", 50),
        ("url-query", changed(good, {"endpoints.0.url": "https://emla.example/?a"}), "an address with a query", 50),
        ("url-dots", changed(good, {"endpoints.0.url": "https://emla.example/../x"}), "a path that goes up", 50),
        ("url-brackets", changed(good, {"endpoints.0.url": "https://[::1::2]/"}), "an address that is none", 50),
        ("suite-with-plus", changed(good, {"suites": ["h1+cc1"]}), "a suite's name with a plus", None),
        ("seal-key-short", sealing(seal[:-1]), "a sealing key of 1,215 bytes", None),
        ("seal-key-low-order", sealing(seal[:1184] + bytes(32)), "a sealing key whose X25519 point is zero", 7),
        ("seal-key-not-canonical", sealing(seal[:1184] + b"\xf6" + b"\xff" * 30 + b"\x7f"),
         "a sealing key whose X25519 point is another spelling of 9", None),
        ("seal-key-not-reduced", sealing(b"\xff" * 1184 + seal[1184:]), "a sealing key whose coefficients are not reduced", None),
        ("root-0", changed(good, {"root": 0}), "versions count from 1", None),
        ("unknown-member", changed(good, {"x": 1}), "an unknown member", 18),
    )  # fmt: skip
    for name, body, comment, row in cases:
        yield Vector(
            folder="documents",
            name=f"card-{name}",
            form="card",
            expect="malformed",
            comment=comment,
            body=body,
            row=row,
        )


def _profile_payloads() -> Iterable[Vector]:
    good = form.encode_profile(_PROFILE)
    yield Vector(
        folder="documents",
        name="profile-good",
        form="profile",
        expect="success",
        comment="a profile",
        body=good,
    )
    cases: tuple[tuple[str, Changes, str], ...] = (
        ("country-lower-case", {"country": "at"}, "a country in lower case"),
        ("name-control", {"names.0.name": "A\x1b[31mB"}, "a terminal's control sequence in a name"),
        ("contact-newline", {"contacts.0.value": "1\n2"}, "a newline in a contact"),
        ("language-unknown-form", {"languages": ["english!"]}, "a language that is no tag"),
        ("unknown-member", {"x": 1}, "an unknown member"),
    )
    for name, changes, comment in cases:
        yield Vector(
            folder="documents",
            name=f"profile-{name}",
            form="profile",
            expect="malformed",
            comment=comment,
            body=changed(good, changes),
        )


def _next_root(prev: Root, keys: tuple[ed1.SigningKey, ...]) -> Root:
    hashed = sha256(form.encode_root(prev)).digest()
    return replace(root_of(AT.id, keys), version=prev.version + 1, prev=hashed)


def _signed_root(root: Root, *keys: ed1.SigningKey) -> bytes:
    return dsse.sign(PayloadType.ROOT, form.encode_root(root), *keys)


def _export(
    name: str, expect: str, comment: str, documents: Documents, *, row: int | None = None, **extra: str
) -> Vector:
    lines = {
        "now": str(NOW),
        "pin-version": "1",
        "pin-sha256": sha256(form.encode_root(_ROOT)).hexdigest(),
    } | {key.replace("_", "-"): value for key, value in extra.items()}
    return Vector(
        folder="documents",
        name=f"export-{name}",
        form="export",
        expect=expect,
        comment=comment,
        body=export.encode_export(documents),
        row=row,
        lines=lines,
    )


def _exports() -> Iterable[Vector]:
    good = documents_of(_ROOT, _CARD, _PROFILE, _KEYS)
    fresh = tuple(signing_key(AT.id, "second root", number) for number in range(3))
    second = _next_root(_ROOT, fresh)
    both = (*AT.roots[:2], *fresh[:2])
    card2 = replace(_CARD, root_version=2)
    rotated = replace(
        documents_of(_ROOT, card2, _PROFILE, DocumentKeys(roots=fresh, sign=AT.sign)),
        roots=(good.roots[0], _signed_root(second, *both)),
    )

    def with_card(card: Card, *keys: ed1.SigningKey) -> Documents:
        return replace(
            good, card=dsse.sign(PayloadType.CARD, form.encode_card(card), *(keys or AT.roots[:2]))
        )

    def with_second(*keys: ed1.SigningKey) -> Documents:
        return replace(rotated, roots=(good.roots[0], _signed_root(second, *keys)))

    old_key = replace(_PROFILE, created=_CARD.keys[0].not_after)
    yield _export("good", "success", "a first export", good)
    yield _export("good-rotated", "success", "a second root, signed by both thresholds", rotated)
    yield _export(
        "root-not-pinned",
        "peer-conflict",
        "the root is not the one compared",
        good,
        row=45,
        pin_sha256="00" * 32,
    )
    yield _export(
        "pin-not-in-chain",
        "document-rollback",
        "the pinned version is not there",
        good,
        row=42,
        pin_version="2",
    )
    yield _export(
        "root-signed-by-one",
        "invalid-document",
        "one signature of two",
        replace(good, roots=(_signed_root(_ROOT, AT.roots[0]),)),
    )
    yield _export(
        "root-2-by-old-only",
        "invalid-document",
        "the new root is signed by the old threshold alone",
        with_second(*AT.roots[:2]),
        row=41,
    )
    yield _export(
        "root-2-by-new-only",
        "invalid-document",
        "the new root is signed by its own threshold alone",
        with_second(*fresh[:2]),
        row=41,
    )
    yield _export(
        "root-2-by-one-old",
        "invalid-document",
        "one old signature of two",
        with_second(AT.roots[0], *fresh[:2]),
        row=41,
    )
    yield _export(
        "root-version-skipped",
        "invalid-document",
        "version 3 follows version 1",
        replace(rotated, roots=(good.roots[0], _signed_root(replace(second, version=3), *both))),
        row=42,
    )
    yield _export(
        "root-prev-other",
        "invalid-document",
        "the second root names another predecessor",
        replace(rotated, roots=(good.roots[0], _signed_root(replace(second, prev=bytes(32)), *both))),
        row=42,
    )
    yield _export(
        "root-other-authority",
        "invalid-document",
        "the second root is another authority's",
        replace(rotated, roots=(good.roots[0], _signed_root(replace(second, authority="hk.doj"), *both))),
    )
    yield _export(
        "card-signed-by-one", "invalid-document", "one signature of two", with_card(_CARD, AT.roots[0])
    )
    yield _export(
        "card-signed-by-sign-key",
        "invalid-document",
        "signed by the operational key",
        with_card(_CARD, AT.sign),
    )
    yield _export(
        "card-other-authority",
        "invalid-document",
        "the card of another authority",
        with_card(card_of("hk.doj", AT.sign, AT.ledger, AT.seal)),
    )
    yield _export(
        "card-old-root",
        "invalid-document",
        "the card names root 1, the newest is 2",
        replace(rotated, card=good.card),
    )
    yield _export(
        "card-type",
        "invalid-document",
        "a profile in the place of the card",
        replace(good, card=good.profile),
        row=2,
    )
    yield _export(
        "profile-signed-by-root",
        "invalid-document",
        "not signed by a key of the card",
        replace(good, profile=dsse.sign(PayloadType.PROFILE, form.encode_profile(_PROFILE), AT.roots[0])),
    )
    yield _export(
        "profile-outside-window",
        "invalid-document",
        "made after the key's window",
        replace(good, profile=dsse.sign(PayloadType.PROFILE, form.encode_profile(old_key), AT.sign)),
    )
    yield _export(
        "profile-other-authority",
        "invalid-document",
        "another authority's profile",
        replace(
            good, profile=dsse.sign(PayloadType.PROFILE, form.encode_profile(profile_of("hk.doj")), AT.sign)
        ),
    )
    yield _export("expired-card", "document-expired", "the card expires now", good, now=str(_CARD.expires))
    yield _export("no-roots", "malformed", "no roots", replace(good, roots=()))
