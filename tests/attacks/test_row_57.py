"""Row 57. Request replayed to a second gateway or through hub.

Expected: emla-to mismatch, 401.
"""

from pathlib import Path

from tests.support.authorities import build, party
from tests.support.hubs import hub_at

AT, DE, ONE, TWO = party("at.moj"), party("de.bfj"), party("eu.hub"), party("eu.hub-two")
TARGET = "/emla/1/mailbox?after=0&wait=0"


async def test_a_call_that_one_hub_was_shown_opens_no_mailbox_at_another(tmp_path: Path) -> None:
    async with (
        hub_at(tmp_path / "one", ONE, AT, DE) as one,
        hub_at(tmp_path / "two", TWO, AT, DE, ONE) as two,
    ):
        for each in (one, two):
            assert (await each.put_package(build(AT, DE))).status == 200
        shown = one.signed(DE, "GET", TARGET)
        assert (await one.send("GET", TARGET, headers=shown)).status == 200
        replayed = await two.send("GET", TARGET, headers=shown)
        assert (replayed.status, replayed.code) == (401, "misdirected-call")
        # and with the other hub's name written over it
        renamed = await two.send("GET", TARGET, headers=shown | {"Emla-To": two.id})
        assert (renamed.status, renamed.code) == (401, "bad-call-signature")


async def test_a_hub_that_is_a_member_of_another_cannot_call_in_its_members_name(tmp_path: Path) -> None:
    async with hub_at(tmp_path / "two", TWO, AT, DE, ONE) as two:
        assert (await two.put_package(build(AT, DE))).status == 200
        forged = two.signed(DE, "GET", TARGET, signer=ONE.sign)
        answer = await two.send("GET", TARGET, headers=forged)
        assert (answer.status, answer.code) == (401, "bad-call-signature")
        own = await two.send("GET", TARGET, headers=two.signed(ONE, "GET", TARGET))
        assert (own.status, own.body) == (200, b'{"items":[],"v":1}')
