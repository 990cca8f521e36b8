"""Row 8. Recipient B re-wraps CEK to C and forwards header unchanged.

Expected: not addressed to C: not-recipient.
"""

from dataclasses import replace

from emla.formats import h1, header
from tests.support.authorities import Tampering, build, party
from tests.support.receiving import receive

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")


def test_a_forwarded_package_is_not_addressed_to_the_third() -> None:
    assert receive(build(AT, DE), HK, AT, DE) == "not-recipient"


def test_a_stanza_for_the_third_does_not_fit_under_the_senders_signature() -> None:
    package = build(AT, DE)
    stanza = h1.wrap(HK.seal.public, package.cek, header.header_binding(package.header))
    forged = header.encode(replace(package.header, stanza=stanza, recipient=HK.id, kid=HK.seal.kid))
    as_sender = Tampering(header_bytes=lambda _: forged)
    assert receive(build(AT, DE, tampering=as_sender, signer=DE.sign), HK, AT, DE) == "bad-signature"
