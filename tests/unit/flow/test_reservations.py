"""Reservations: what is promised counts until it is there, and one peer's promises are its own."""

from contextlib import suppress
from pathlib import Path

import pytest

from emla.flow.reservations import CALLER, Reservations
from emla.model.errors import StoreError, TransportError
from emla.model.settings import LimitSettings
from tests.support.received import AT, DE, desk, valid_package

LIMITS = LimitSettings(uploads_per_peer=2, reserved_bytes_per_peer=100)


def test_a_peer_has_so_many_payloads_on_their_way_and_no_more() -> None:
    held = Reservations(LIMITS)
    with held.hold(AT.id, 10), held.hold(AT.id, 10):
        with pytest.raises(TransportError) as caught, held.hold(AT.id, 10):
            pass
        assert caught.value.code == "quota"
        with held.hold(DE.id, 10):
            assert held.count == 3
    assert (held.count, held.promised_bytes) == (0, 0)
    with held.hold(AT.id, 10):
        assert held.count == 1
    assert held.refused == {AT.id: 1}


def test_a_peer_has_so_many_bytes_on_their_way_or_one_payload_of_any_size() -> None:
    held = Reservations(LIMITS)
    with held.hold(AT.id, 1000), pytest.raises(TransportError), held.hold(AT.id, 1):
        pass
    with held.hold(AT.id, 99), held.hold(AT.id, 1):
        assert held.promised_bytes == 100


def test_what_has_arrived_is_not_promised_any_more_and_an_error_gives_everything_back() -> None:
    held = Reservations(LIMITS)
    with suppress(ConnectionError), held.hold(AT.id, 90) as place:
        place.arrived(60)
        assert held.promised_bytes == 30
        raise ConnectionError
    assert held.promised_bytes == 0
    with held.hold(AT.id, 100):
        assert held.count == 1


def test_another_address_is_another_account() -> None:
    held = Reservations(LIMITS)
    with held.hold(AT.id, 50), held.hold(AT.id, 50):
        token = CALLER.set("192.0.2.9")
        with held.hold(AT.id, 50):
            assert held.count == 3
        CALLER.reset(token)


async def test_the_disk_is_not_promised_twice(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        gateway = here.home.gateway
        free = gateway.blobs.free_bytes()
        gateway.require_space(free // 2)
        with gateway.reservations.hold(AT.id, free - free // 4):
            with pytest.raises(StoreError) as caught:
                gateway.require_space(free // 2)
            assert caught.value.code == "disk-full"
        gateway.require_space(free // 2)


async def test_a_payload_that_is_refused_for_quota_leaves_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        limits = here.home.gateway.reservations.limits
        before = here.home.contents()
        with here.home.gateway.reservations.hold(AT.id, limits.reserved_bytes_per_peer):
            package = valid_package(size=400_000)
            source = here.source(package.payload)
            with pytest.raises(TransportError) as caught:
                await here.accept(package.pid, package.signed, source)
            assert (caught.value.code, source.read_bytes) == ("quota", 0)
            assert here.home.contents() == before
            assert (await here.take(valid_package(2))).accepted, "what is small needs no reservation"
        assert (await here.take(package)).accepted
