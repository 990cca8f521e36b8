"""Makes the documents of keys/demo: two invented authorities, with keys that are thrown away as soon as they have signed.

Run it from the folder of the repository: `python keys/generate.py`. Every run makes new keys, so it is run only when the form
of the documents changes. Nothing here, and no file it writes, holds a private key.
"""

import secrets
from pathlib import Path

from emla.formats import documents as form
from emla.formats import dsse, ed1, export, standing
from emla.formats.binding import key_id
from emla.keyring.files import FileUse, make_key, public_of
from emla.model.documents import Card, CardKey, Documents, Endpoint, KeyUse, Profile, Root, RootKey, Status
from emla.model.package import SUITES
from emla.model.signed import PayloadType
from emla.steps.trust import trust_documents

FOLDER = Path(__file__).parent / "demo"
AT = 1_795_680_000
"""The day on which the demo was made: 2026-11-26."""
DAY = 86400
# XA and XU are codes that no country has.
INVENTED = (
    ("xa.moj", "XA", "Ministry of Justice of Arcadia", "mla.arcadia.example"),
    ("xu.moj", "XU", "Ministry of Justice of Utopia", "mla.utopia.example"),
)


def fresh_key() -> ed1.SigningKey:
    """A signing key that lives as long as this run."""
    seed = secrets.token_bytes(32)
    return ed1.SigningKey(seed, key_id(ed1.NAME, ed1.SigningKey(seed, "").public))


def listed(use: KeyUse, kid: str, alg: str, public: bytes) -> CardKey:
    """A key as the card lists it."""
    return CardKey(kid=kid, use=use, alg=alg, public=public, not_before=AT - 300, not_after=AT + 395 * DAY)


def make(authority: str, country: str, name: str, host: str) -> Documents:
    """Root (two of three), card, profile and the first status of one authority."""
    roots = tuple(fresh_key() for _ in range(3))
    sign, ledger = fresh_key(), fresh_key()
    seal = make_key(FileUse.SEAL, seed=secrets.token_bytes(32), created=AT)
    root = form.encode_root(
        Root(
            authority=authority,
            version=1,
            keys=tuple(RootKey(kid=each.kid, public=each.public) for each in roots),
            threshold=2,
            created=AT,
            expires=AT + 730 * DAY,
            prev=None,
        )
    )
    card = form.encode_card(
        Card(
            authority=authority,
            version=1,
            root_version=1,
            keys=(
                listed(KeyUse.SIGN, sign.kid, ed1.NAME, sign.public),
                listed(KeyUse.LEDGER, ledger.kid, ed1.NAME, ledger.public),
                listed(KeyUse.SEAL, seal.kid, seal.alg, public_of(seal)),
            ),
            endpoints=(Endpoint(url=f"https://{host}:8443", spki_sha256=secrets.token_bytes(32)),),
            hubs=(),
            suites=SUITES,
            ledger_origin=f"{authority}/emla/1/1",
            epoch=1,
            payload_bytes_max=100 * 1024**3,
            created=AT,
            expires=AT + 399 * DAY,
        )
    )
    profile = form.encode_profile(
        Profile(
            authority=authority,
            version=1,
            country=country,
            names=(("en", name),),
            contacts=(("telephone", "+999 55 501 00"), ("email", f"desk@{host}")),
            languages=("en",),
            electronic_acceptance="all",
            time_zone="UTC",
            office_hours="Mon-Fri 9-17",
            created=AT,
        )
    )
    status = standing.encode_status(
        Status(
            authority=authority,
            at=AT,
            expires=AT + 7 * DAY,
            root_version=1,
            root_sha256=form.document_hash(root),
            card_version=1,
            card_sha256=form.document_hash(card),
            profile_version=1,
            profile_sha256=form.document_hash(profile),
            revocations=(),
            checkpoint=b"",
        )
    )
    return Documents(
        roots=(dsse.sign(PayloadType.ROOT, root, *roots[:2]),),
        card=dsse.sign(PayloadType.CARD, card, *roots[1:]),
        profile=dsse.sign(PayloadType.PROFILE, profile, sign),
        status=dsse.sign(PayloadType.STATUS, status, sign),
    )


def files_of(documents: Documents) -> dict[str, bytes]:
    """The files of one authority: each document by itself, and all of them as an export."""
    assert documents.status is not None
    return {
        "root.json": documents.roots[0],
        "card.json": documents.card,
        "profile.json": documents.profile,
        "status.json": documents.status,
        "documents.json": export.encode_export(documents),
    }


def main() -> None:
    """Write the files and say what they are."""
    for authority, country, name, host in INVENTED:
        documents = make(authority, country, name, host)
        root = form.decode_signed(trust_documents(documents).documents.roots[-1], PayloadType.ROOT)
        folder = FOLDER / authority
        folder.mkdir(parents=True, exist_ok=True)
        for file, data in files_of(documents).items():
            (folder / file).write_bytes(data)
        print(f"{folder}: {export.fingerprint(root.payload, authority)}")


if __name__ == "__main__":
    main()
