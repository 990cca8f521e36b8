"""Row 9. B builds own header over A's ciphertext for C.

Expected: opener: manifest from != header from, ContentConsignmentFailure, alarm.
"""

from emla.formats import cc1, header
from tests.support.authorities import Package, Secrets, Tampering, build, derived, party, secrets_of
from tests.support.receiving import receive

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")


# What AT sealed for HK lists DE as well, so that nothing is wrong with it but who sends it.
BOTH = Tampering(manifest={"to": [HK.id, DE.id]})


def stolen(tampering: Tampering) -> Package:
    """HK, who received a package of AT and so knows its content key, sends it on to DE as its own."""
    known = secrets_of(AT.id, HK.id, 1)
    kept = Secrets(
        cek=known.cek, salt=known.salt, msg=derived("new msg", length=16), payload_id=known.payload_id
    )
    return build(HK, DE, secrets=kept, tampering=tampering)


def test_the_ciphertext_as_it_is_does_not_open_for_another_sender() -> None:
    ours = build(AT, HK, tampering=BOTH)
    lie = Tampering(payload=lambda _: ours.payload, manifest_bytes=lambda _: ours.manifest)
    assert receive(stolen(lie), DE, AT, HK) == "chunk-damaged"


def test_committed_to_under_the_senders_name_it_is_not_the_key_committed_to() -> None:
    ours = build(AT, HK, tampering=BOTH)
    pbind = header.payload_binding(cc1.NAME, AT.id, ours.header.payload.id)
    lie = Tampering(
        payload=lambda _: ours.payload,
        manifest_bytes=lambda _: ours.manifest,
        commit=lambda _: header.key_commitment(ours.cek, pbind),
    )
    assert receive(stolen(lie), DE, AT, HK) == "commit-mismatch"


def test_sealed_anew_the_manifest_still_names_the_one_who_wrote_it() -> None:
    ours = build(AT, HK, tampering=BOTH)
    lie = Tampering(stream=lambda _: ours.stream, manifest_bytes=lambda _: ours.manifest)
    assert receive(stolen(lie), DE, AT, HK) == "manifest-mismatch"
