"""A changed profile: ours when the call returns, the peers' with the next visit, and asked of their officers from then on."""

import asyncio
import json
from pathlib import Path

import pytest

from emla.bootstrap.own import own_authority
from emla.flow.channel.ledger_watch import BEHIND
from emla.flow.documents.profile import ChangeProfile
from emla.formats.profile_members import members_of
from emla.formats.strict_json import Json
from emla.model.errors import ConfigurationError, EmlaError, InvalidMessageError
from tests.support.key_house import House, Ministry, key_house

WANTED: Json = {"documents": [{"measure": "ESD_ACCESS", "documents": ["AFFIDAVIT"]}]}


def change_of(ministry: Ministry) -> ChangeProfile:
    station = ministry.station
    return ChangeProfile(station.gateway, station.own, station.keys)


def said(ministry: Ministry, **changes: Json) -> dict[str, Json]:
    """What the profile says today, with some members replaced."""
    return members_of(ministry.authority.profile) | changes


async def refusal(house: House, members: dict[str, Json], seen: int = 1) -> EmlaError:
    """Why a change is not taken; that it changed nothing."""
    before = house.recipient.authority.documents
    with pytest.raises(EmlaError) as caught:
        await change_of(house.recipient)(members, seen)
    assert house.recipient.authority.documents == before
    return caught.value


async def test_what_is_wanted_reaches_a_peer_and_its_officers_are_asked_for_it(tmp_path: Path) -> None:
    async with key_house(tmp_path) as house:
        await house.hand_in()
        profile = await change_of(house.recipient)(said(house.recipient, requirements=WANTED), 1)
        assert (profile.version, profile.requirements.documents) == (2, (("ESD_ACCESS", ("AFFIDAVIT",)),))
        assert own_authority(house.recipient.station.data).profile == profile, "as the next start reads it"
        assert await house.refresh()
        with pytest.raises(InvalidMessageError) as caught:
            await house.hand_in()
        assert [each.rule for each in caught.value.findings if each.blocks] == ["PR-002"]
        # What its recipient wants does not stop what is under way already, and binds nobody there.
        assert await house.deliver() == []
        house.audits_are_whole()


async def test_what_is_said_already_is_not_published_a_second_time(tmp_path: Path) -> None:
    async with key_house(tmp_path) as house:
        change = change_of(house.recipient)
        members = said(house.recipient, requirements=WANTED)
        await change(members, 1)
        before = house.recipient.authority.documents
        assert (await change(members, 1)).version == 2, "the same call again, whose answer was lost"
        assert house.recipient.authority.documents == before


async def test_of_two_who_change_what_they_saw_only_one_is_heard(tmp_path: Path) -> None:
    async with key_house(tmp_path) as house:
        change = change_of(house.recipient)
        words = [said(house.recipient, office_hours=f"from {hour}") for hour in (8, 9)]
        both = await asyncio.gather(*(change(each, 1) for each in words), return_exceptions=True)
        refused = [each for each in both if isinstance(each, InvalidMessageError)]
        assert [each.code for each in refused] == ["profile-changed"]
        assert house.recipient.authority.profile.version == 2
        # And one who comes later, with what has been replaced meanwhile.
        late = await refusal(house, said(house.recipient, office_hours="never"), 1)
        assert late.code == "profile-changed"


async def test_what_no_peer_could_read_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    wrong: dict[str, dict[str, Json]] = {
        "nothing wanted": {"requirements": {}},
        "too much notice": {"requirements": {"service_days": 51}},
        "a fraction": {"requirements": {"reply_days": json.loads("1.5")}},
        "null": {"requirements": {"reply_days": json.loads("null")}},
        "two lines": {"office_hours": "9\n17"},
        "half a character": {"office_hours": json.loads('"\\ud800"')},
        "a version": {"version": 7},
        "an extension": {"ext": {"later": 1}},
        "a member too few": {"languages": []},
        "too large": {"requirements": too_much(32)},
    }
    async with key_house(tmp_path) as house:
        for name, changes in wrong.items():
            members = said(house.recipient, **changes)
            if name == "a member too few":
                del members["languages"]
            assert (await refusal(house, members)).code == "bad-request", name
        signed = await refusal(house, said(house.recipient, requirements=too_much(13)))
        assert signed.code == "bad-request"
        assert "No peer would take it" in signed.detail, (
            "small enough by itself, and too large when it is signed"
        )


def too_much(documents: int) -> dict[str, Json]:
    """Requirements that are too large for a document, by themselves (32) or only as a signed object (13)."""
    codes: list[Json] = [f"X{number:02}{'Y' * 61}" for number in range(documents)]
    return {"documents": [{"measure": f"M{number}", "documents": codes} for number in range(60)]}


async def test_no_profile_is_published_over_a_ledger_that_is_closed(tmp_path: Path) -> None:
    """Peers may hold a later one that was lost here: another of its version would be a rollback to all of them."""
    async with key_house(tmp_path) as house:
        await house.recipient.station.watch.close(BEHIND)
        error = await refusal(house, said(house.recipient, office_hours="never"))
        assert isinstance(error, ConfigurationError)
        assert error.code == BEHIND
