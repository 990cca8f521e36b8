"""Row 11. Stanza moved from another package.

Expected: hbind mismatch, ContentConsignmentFailure.
"""

import pytest

from emla.formats.strict_json import Json
from tests.support.authorities import DAY, NOW, Tampering, build, party
from tests.support.receiving import receive

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")


def test_untouched_the_stanza_opens() -> None:
    assert not isinstance(receive(build(AT, DE), DE, AT), str)


def test_a_stanza_of_another_package_to_the_same_key_does_not_open() -> None:
    other = build(AT, DE, number=2).header.stanza
    lie = Tampering(stanza=lambda _: other)
    assert receive(build(AT, DE, tampering=lie), DE, AT) == "stanza-mismatch"


def test_a_stanza_of_another_sender_with_the_same_content_key_does_not_open() -> None:
    other = build(HK, DE, tampering=Tampering(wrapped_cek=lambda _: build(AT, DE).cek)).header.stanza
    lie = Tampering(stanza=lambda _: other)
    assert receive(build(AT, DE, tampering=lie), DE, AT) == "stanza-mismatch"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("msg", "A" * 22),
        ("created", NOW - 1),
        ("expires", NOW + 59 * DAY),
        ("payload.id", "A" * 22),
        ("payload.commit", "A" * 43),
    ],
)
def test_a_stanza_fits_one_header_only(member: str, value: Json) -> None:
    lie = Tampering(header={member: value})
    assert receive(build(AT, DE, tampering=lie), DE, AT) == "stanza-mismatch"


def test_a_stanza_is_bound_to_the_payloads_hash() -> None:
    package = build(AT, DE)
    moved = build(AT, DE, tampering=Tampering(payload=lambda data: data[:-1] + bytes([data[-1] ^ 1]),
                                              stanza=lambda _: package.header.stanza))  # fmt: skip
    assert receive(moved, DE, AT) == "stanza-mismatch"
