"""Who gets a place, who makes room, and who is counted with whom."""

import pytest

from emla.model.settings import LimitSettings
from emla.web.connections import Connections, Place, address_group

AT, DE = "at.moj", "de.bfj"


def table(*, total: int = 6, per_peer: int = 2, per_address: int = 2, per_minute: int = 1000) -> Connections:
    return Connections(
        LimitSettings(
            connections=total,
            connections_per_peer=per_peer,
            connections_per_address=per_address,
            connections_per_minute=per_minute,
        )
    )


def admitted(connections: Connections, address: str, now: float = 0.0) -> Place:
    place = connections.admit(address, now)
    assert place is not None
    return place


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a socket", "a socket"),
    ],
)
def test_an_address_is_what_one_customer_has(address: str, group: str) -> None:
    assert address_group(address) == group


def test_one_address_has_so_many_places_and_others_keep_theirs() -> None:
    connections = table()
    admitted(connections, "a")
    admitted(connections, "a")
    assert connections.admit("a", 0.5) is None
    assert connections.refused == {"address": 1}
    admitted(connections, "b")


def test_a_stranger_who_shows_nothing_makes_room_for_one_of_the_same_address() -> None:
    connections, ended = table(), []
    first = admitted(connections, "a")
    first.end = lambda: ended.append("first")
    admitted(connections, "a", 0.5)
    admitted(connections, "a", 1.5)
    assert ended == ["first"]
    assert first.gone
    assert connections.closed == {"displaced": 1}
    assert connections.strangers == 2


def test_when_all_is_full_the_stranger_of_longest_ago_goes_and_no_peer() -> None:
    connections, ended = table(total=4), []
    peer = admitted(connections, "p")
    connections.mark(peer, AT, 0.0)
    for name in "abc":
        admitted(connections, name).end = lambda name=name: ended.append(name)  # type: ignore[misc]  # the default binds it
    admitted(connections, "d")
    admitted(connections, "e")
    assert ended == ["a", "b"]
    assert not peer.gone


def test_when_peers_hold_everything_whoever_holds_most_gives_up_what_is_idle() -> None:
    connections = table(total=4, per_peer=1, per_address=9)
    places = [admitted(connections, f"x{number}") for number in range(4)]
    for place in places[:3]:
        connections.mark(place, AT, 0.0)  # of three addresses: one each
    connections.mark(places[3], DE, 0.0)
    assert connections.admit("y", 0.0) is None, "nothing is idle"
    assert connections.refused == {"total": 1}
    places[1].is_idle = lambda: True
    places[3].is_idle = lambda: True
    admitted(connections, "y")
    assert [place.gone for place in places] == [False, True, False, False]


def test_what_is_a_peer_s_is_no_stranger_s_any_more() -> None:
    connections = table()
    for _ in range(4):
        connections.mark(admitted(connections, "a"), AT, 0.0)
    assert (connections.strangers, connections.of_peers) == (0, 4)
    admitted(connections, "a")
    admitted(connections, "a")
    assert connections.admit("a", 0.0) is None


def test_a_peer_keeps_so_many_of_one_address_and_those_above_are_closed_after_their_answer() -> None:
    connections = table(per_address=9)
    places = [admitted(connections, "a") for _ in range(3)] + [admitted(connections, "b")]
    for place in places:
        connections.mark(place, AT, 0.0)
    assert [place.last for place in places] == [False, False, True, False]
    connections.leave(places[0])
    next_one = admitted(connections, "a")
    connections.mark(next_one, AT, 0.0)
    assert next_one.last
    connections.leave(places[2])
    connections.leave(next_one)
    another = admitted(connections, "a")
    connections.mark(another, AT, 0.0)
    assert not another.last


def test_whose_a_connection_is_is_said_once() -> None:
    connections = table()
    place = admitted(connections, "a")
    connections.mark(place, AT, 0.0)
    connections.mark(place, DE, 0.0)
    assert place.peer == AT
    connections.leave(place)
    connections.leave(place)
    connections.mark(place, DE, 0.0)
    assert (connections.strangers, connections.of_peers) == (0, 0)


def test_a_stranger_that_is_gone_becomes_nobody_s() -> None:
    connections = table()
    place = admitted(connections, "a")
    connections.leave(place)
    connections.mark(place, AT, 0.0)
    assert (place.peer, connections.of_peers) == (None, 0)


def test_new_connections_have_a_rate() -> None:
    connections = table(per_minute=3)
    for _ in range(3):
        connections.leave(admitted(connections, "a"))
    assert connections.admit("a", 0.0) is None
    assert connections.refused == {"rate": 1}
    assert connections.admit("a", 30.0) is not None


def test_an_address_is_known_while_a_peer_s_signature_came_from_it() -> None:
    connections = table()
    place = admitted(connections, "a")
    assert not connections.knows("a", 0.0, 10.0)
    connections.mark(place, AT, 5.0)
    assert connections.knows("a", 14.0, 10.0)
    assert not connections.knows("a", 15.0, 10.0)
    assert not connections.knows("b", 5.0, 10.0)


def test_what_is_remembered_and_told_has_an_end() -> None:
    connections = table()
    for number in range(10_000):
        connections.turn_away(str(number), "rate")
        place = admitted(connections, str(number))
        connections.mark(place, AT, 0.0)
        connections.leave(place)
    assert len(connections.turned_away) <= 257
    assert connections.turned_away["others", "rate"] == 10_000 - 256
    assert len(connections._known) == 4096


def test_who_wastes_tls_is_shut_out_unless_a_peer_has_spoken_from_there() -> None:
    connections = table()
    connections.shut_out(admitted(connections, "a"), "records", 0.0)
    assert connections.admit("a", 59.0) is None
    assert connections.strangers == 0
    assert connections.closed["records"] == 1
    peer = admitted(connections, "b")
    connections.mark(peer, AT, 0.0)
    connections.shut_out(admitted(connections, "b"), "records", 1.0)
    assert connections.admit("b", 1.0) is not None
    assert not peer.gone
