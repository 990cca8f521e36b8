"""Ways to a peer: directly first, through a hub when that fails, and a line that is down is not waited for again and again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from emla.flow.line.ways import Ways, blamed_on
from emla.model.documents import Authority, Endpoint
from emla.model.errors import TransportError
from emla.ports.transport import Refusal
from tests.support.authorities import derived, party
from tests.support.gateways import Home, opened

AT, DE, HUB, SECOND = party("at.moj"), party("de.bfj"), party("eu.hub"), party("un.hub")


@dataclass
class Line:
    """What each end does when it is tried; and what was tried."""

    ways: Ways
    home: Home
    down: set[str] = field(default_factory=set)
    refusing: set[str] = field(default_factory=set)
    codes: dict[str, str] = field(default_factory=dict)
    """What those say that refuse something else than that they are busy."""
    tried: list[str] = field(default_factory=list)

    def peer(self, *hubs: str, endpoint: bool = True) -> Authority:
        known = self.home.gateway.directory.peers[DE.id]
        endpoints = (Endpoint(url="https://de.example", spki_sha256=derived("tls")),) if endpoint else ()
        known.authority = replace(
            DE.authority, card=replace(DE.authority.card, hubs=hubs, endpoints=endpoints)
        )
        return known.authority

    async def call(self, to: str) -> str | Refusal:
        self.tried.append(to)
        if to in self.down:
            raise TransportError("timeout")
        if to in self.codes:
            return Refusal(code=self.codes[to])
        return Refusal(code="busy") if to in self.refusing else "done"

    async def bring(self, peer: Authority, turn: int | None = 0) -> tuple[str | Refusal, str | None]:
        went = await self.ways(peer, lambda: self.call(peer.id), lambda hub: self.call(hub.id), turn)
        return went.answer, went.hub.id if went.hub else None

    async def told(self, peer: Authority) -> str | None:
        """What a leg is told that a hub refused."""
        went = await self.ways(peer, lambda: self.call(peer.id), lambda hub: self.call(hub.id), 0)
        return blamed_on(went, peer, went.answer).code if isinstance(went.answer, Refusal) else None


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    async with opened(tmp_path, AT, DE, HUB, SECOND) as home:
        yield Line(Ways(home.gateway), home)


async def test_directly_first(line: Line) -> None:
    assert await line.bring(line.peer(HUB.id)) == ("done", None)
    assert line.tried == [DE.id]


async def test_when_the_direct_line_fails_the_hubs_are_asked_in_the_cards_order(line: Line) -> None:
    line.down = {DE.id, SECOND.id}
    assert await line.bring(line.peer(SECOND.id, HUB.id)) == ("done", HUB.id)
    assert line.tried == [DE.id, SECOND.id, HUB.id]


async def test_a_line_that_is_down_is_not_waited_for_by_each_leg(line: Line) -> None:
    line.down = {DE.id}
    peer = line.peer(HUB.id)
    for _ in range(5):
        assert (await line.bring(peer))[1] == HUB.id
    assert line.tried.count(DE.id) == 1
    line.home.clock.at += 31
    for _ in range(5):
        await line.bring(peer)
    assert line.tried.count(DE.id) == 2
    # The pause grows with each failure in a row, and has an end.
    line.home.clock.at += 31
    await line.bring(peer)
    assert line.tried.count(DE.id) == 2
    line.home.clock.at += 900
    line.down.clear()
    assert await line.bring(peer) == ("done", None)
    assert await line.bring(peer) == ("done", None)


async def test_contact_from_the_peer_ends_the_pause(line: Line) -> None:
    line.down = {DE.id}
    peer = line.peer(HUB.id)
    await line.bring(peer)
    line.down.clear()
    line.ways.contact(DE.id)
    assert await line.bring(peer) == ("done", None)


async def test_a_peers_own_refusal_is_an_answer_and_no_hub_is_asked_to_do_better(line: Line) -> None:
    line.refusing = {DE.id}
    assert await line.bring(line.peer(HUB.id)) == (Refusal(code="busy"), None)
    assert line.tried == [DE.id]


async def test_a_hub_that_refuses_leaves_it_to_the_next_one(line: Line) -> None:
    line.refusing = {HUB.id}
    assert await line.bring(line.peer(HUB.id, SECOND.id, endpoint=False)) == ("done", SECOND.id)
    line.refusing = {HUB.id, SECOND.id}
    assert await line.bring(line.peer(HUB.id, SECOND.id, endpoint=False)) == (Refusal(code="busy"), HUB.id)


async def test_each_time_another_hub_is_asked_first(line: Line) -> None:
    peer = line.peer(HUB.id, SECOND.id, endpoint=False)
    assert [(await line.bring(peer, turn))[1] for turn in range(4)] == [HUB.id, SECOND.id] * 2
    by_hour = []
    for _ in range(4):
        by_hour.append((await line.bring(peer, None))[1])
        line.home.clock.at += 3600
    assert by_hour in ([HUB.id, SECOND.id] * 2, [SECOND.id, HUB.id] * 2)


async def test_what_time_mends_is_told_before_what_it_does_not(line: Line) -> None:
    peer = line.peer(HUB.id, SECOND.id, endpoint=False)
    line.codes = {HUB.id: "too-large", SECOND.id: "malformed"}
    assert await line.told(peer) == "malformed"
    for busy, other in ((HUB.id, SECOND.id), (SECOND.id, HUB.id)):
        line.codes = {busy: "busy", other: "too-large"}
        assert await line.told(peer) == "busy"


async def test_no_hub_has_put_aside_what_another_one_may_take_that_is_not_reached(line: Line) -> None:
    peer = line.peer(HUB.id, SECOND.id, endpoint=False)
    line.codes, line.down = {HUB.id: "too-large"}, {SECOND.id}
    for _ in range(2):  # the second time its pause is on, and it is not even tried
        assert await line.told(peer) == "timeout"
    assert line.tried == [HUB.id, SECOND.id, HUB.id]
    line.down.clear()
    line.home.clock.at += 31
    assert await line.bring(peer) == ("done", SECOND.id)


async def test_what_a_person_wants_tried_waits_for_no_pause(line: Line) -> None:
    line.down = {DE.id, HUB.id}
    peer = line.peer(HUB.id, SECOND.id)
    await line.bring(peer)
    line.tried.clear()
    line.ways.ask(7, DE.id)
    await line.bring(peer)
    assert line.tried == [DE.id, HUB.id, SECOND.id]
    assert [line.ways.was_asked(7) for _ in range(2)] == [True, False]


async def test_without_a_hub_the_direct_line_is_always_tried(line: Line) -> None:
    line.down = {DE.id}
    peer = line.peer()
    for _ in range(3):
        with pytest.raises(TransportError, match="did not answer"):
            await line.bring(peer)
    assert line.tried == [DE.id] * 3


async def test_when_every_way_failed_the_last_failure_is_told(line: Line) -> None:
    line.down = {DE.id, HUB.id}
    with pytest.raises(TransportError):
        await line.bring(line.peer(HUB.id))


async def test_a_hub_that_is_down_is_tried_all_the_same_when_there_is_no_other_way(line: Line) -> None:
    line.down = {HUB.id}
    peer = line.peer(HUB.id, endpoint=False)
    for _ in range(2):
        with pytest.raises(TransportError):
            await line.bring(peer)
    assert line.tried == [HUB.id] * 2


async def test_a_hub_that_is_not_pinned_or_is_held_is_no_way(line: Line) -> None:
    peer = line.peer("no.hub", endpoint=False)
    assert line.ways.no_way(peer)
    assert not line.ways.no_way(line.peer("no.hub"))
    peer = line.peer(HUB.id, endpoint=False)
    assert not line.ways.no_way(peer)
    pinned = line.home.gateway.directory.peers[HUB.id]
    pinned.row = replace(pinned.row, held="peer-conflict")
    assert line.ways.no_way(peer)
    assert line.ways.hubs(peer) == []
