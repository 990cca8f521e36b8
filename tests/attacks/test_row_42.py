"""Row 42. Version skipped, equal version with other hash, lower version.

Expected: refused, alarm (exit code 6 of its code).
"""

from dataclasses import replace

import pytest

from emla.formats import documents as form
from emla.formats import dsse
from emla.model.codes import CODES
from emla.model.documents import Authority, Documents
from emla.model.errors import InvalidDocumentError
from emla.model.signed import PayloadType
from emla.steps.succeed import succeed
from emla.steps.trust import RootPin, trust_documents
from tests.support.authorities import NOW, party
from tests.support.standing import rotated

AT = party("at.moj")
KNOWN = AT.authority
SECOND, _ = rotated(AT)
PIN = RootPin(version=1, sha256=KNOWN.root_sha256)


def card(version: int, *, shorter: int = 0) -> Documents:
    data = form.encode_card(replace(KNOWN.card, version=version, expires=KNOWN.card.expires - shorter))
    return replace(KNOWN.documents, card=dsse.sign(PayloadType.CARD, data, *AT.roots[:2]))


def profile(version: int, hours: str) -> Documents:
    data = form.encode_profile(replace(KNOWN.profile, version=version, office_hours=hours))
    return replace(KNOWN.documents, profile=dsse.sign(PayloadType.PROFILE, data, AT.sign))


def verdict(known: Authority, offered: Documents, pin: RootPin = PIN) -> str:
    try:
        succeed(known, trust_documents(offered, pin, known=known.documents), NOW)
    except InvalidDocumentError as error:
        return error.code
    return "success"


@pytest.mark.parametrize("roots", [SECOND.roots[1:], SECOND.roots[::-1], (SECOND.roots[0],) * 2])
def test_no_root_is_skipped_moved_or_repeated(roots: tuple[bytes, ...]) -> None:
    assert verdict(KNOWN, SECOND) == "success"
    assert verdict(KNOWN, replace(SECOND, roots=roots)) == "invalid-document"


def test_no_version_goes_back() -> None:
    for newer, older in (
        (card(2), KNOWN.documents),
        (profile(2, "never"), KNOWN.documents),
        (SECOND, KNOWN.documents),
    ):
        known = trust_documents(newer, PIN)
        assert verdict(KNOWN, newer) == "success"
        assert verdict(known, older) == "document-rollback"


def test_no_version_changes() -> None:
    assert verdict(KNOWN, card(1, shorter=1)) == "document-rollback"
    assert verdict(KNOWN, profile(1, "never")) == "document-rollback"
    other = replace(KNOWN.root, expires=KNOWN.root.expires - 1)
    root = dsse.sign(PayloadType.ROOT, form.encode_root(other), *AT.roots[:2])
    assert verdict(KNOWN, replace(KNOWN.documents, roots=(root,))) == "peer-conflict"


def test_a_chain_shorter_than_the_pin_is_a_rollback() -> None:
    second = trust_documents(SECOND)
    pin = RootPin(version=2, sha256=second.root_sha256)
    assert verdict(second, KNOWN.documents, pin) == "document-rollback"


def test_each_of_them_is_an_alarm_for_both_sides() -> None:
    for code in ("document-rollback", "peer-conflict"):
        assert CODES[code].exit_code == 6
