"""Verifying packages: the order of the rungs. Each rung alone: tests/vectors/header."""

import pytest

from emla.formats.strict_json import Json
from emla.model.errors import InvalidPackageError
from emla.model.limits import WIRE
from emla.model.package import VerifiedPackage
from emla.steps.verify_package import Addressee, RefusedPackage, verify_package
from tests.support.authorities import DAY, NOW, Changes, Tampering, build, find, party

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")


def verdict(signed: bytes, *, now: int = NOW, largest: int = 1 << 30) -> str:
    addressee = Addressee(authority=DE.id, sealing_kids=frozenset({DE.seal.kid}), payload_bytes_max=largest)
    try:
        found = verify_package(signed, addressee=addressee, find_sender=find(AT), now=now, limits=WIRE)
    except InvalidPackageError as error:
        return error.code
    return found.code if isinstance(found, RefusedPackage) else "success"


def test_a_verified_package_holds_the_bytes_and_names_them() -> None:
    package = build(AT, DE)
    found = verify_package(package.signed, addressee=DE.addressee, find_sender=find(AT), now=NOW, limits=WIRE)
    assert isinstance(found, VerifiedPackage)
    assert (found.pid, found.signed, found.header) == (package.pid, package.signed, package.header)
    assert found.signature_sha256 == package.subject.signature_sha256


BAD_SUITES: Json = ["h1"]
TROUBLE: tuple[tuple[str, Changes, dict[str, int]], ...] = (
    ("malformed", {"x": 1}, {}),
    ("not-recipient", {"to": "hk.doj"}, {}),
    ("clock-skew", {"created": NOW + 301}, {}),
    ("expired", {}, {"now": NOW + 60 * DAY}),
    ("bad-suite", {"suites": BAD_SUITES}, {}),
    ("unknown-kid", {"kid": "0" * 32}, {}),
    ("too-large", {}, {"largest": 10}),
)


@pytest.mark.parametrize("rung", range(len(TROUBLE)))
def test_the_first_rung_that_fails_gives_the_answer_whatever_fails_after_it(rung: int) -> None:
    changes: dict[str, Json | None] = {}
    more: dict[str, int] = {}
    for code, header, arguments in TROUBLE[rung:]:
        # A package cannot come from the future and have expired too.
        if not (code == "expired" and "created" in changes):
            changes, more = {**changes, **header}, {**more, **arguments}
    signed = build(AT, DE, tampering=Tampering(header=changes)).signed
    assert verdict(signed, **more) == TROUBLE[rung][0]
    forged = build(AT, DE, tampering=Tampering(header=changes), signer=HK.sign).signed
    assert verdict(forged, **more) == "bad-signature"


def test_nothing_but_the_senders_name_is_believed_before_the_signature() -> None:
    stranger = build(HK, DE, tampering=Tampering(header={"x": 1, "created": NOW + 999}))
    assert verdict(stranger.signed) == "unknown-sender"
