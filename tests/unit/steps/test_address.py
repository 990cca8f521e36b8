"""Addressing: a place in the channel changes the package id and nothing the stanza is bound to."""

from emla.formats import header
from emla.steps.address import address
from emla.steps.unseal import open_stanza
from tests.support.authorities import build, party

AT, DE = party("at.moj"), party("de.bfj")


def test_the_place_is_signed_and_the_stanza_still_opens() -> None:
    package = build(AT, DE)
    second = address(package.header, seq=2, prev=package.pid, signer=AT.sign)
    assert (second.header.seq, second.header.prev) == (2, package.pid)
    assert second.pid != package.pid
    assert second.pid == header.package_id(header.decode_signed(second.signed).payload)
    assert header.decode(header.decode_signed(second.signed).payload) == second.header
    assert open_stanza(second.header, DE.find_key) == package.cek
