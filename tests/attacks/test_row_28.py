"""Row 28: a hub forges RelayAcceptance -> bad-signature, the leg is unchanged."""

from pathlib import Path

import pytest

from emla.flow.gateway import subject_of
from emla.formats.acknowledgement import encode_bundle
from emla.model.acknowledgement import Event
from emla.model.errors import InvalidAcknowledgementError
from emla.model.leg import LegKind, LegState
from emla.model.mailbox import ItemKind
from emla.ports.transport import Refusal
from emla.steps.acknowledge import acknowledge
from tests.support.acknowledging import record
from tests.support.gateways import acknowledgement_id_of
from tests.support.hub_stations import HUB, RECIPIENT, SENDER, hub_world, until
from tests.support.memory_hub import MemoryHub


def forged(signed: bytes, at: int) -> bytes:
    """What only the recipient may say, in its name, signed by the hub with a place in the hub's ledger."""
    issued = acknowledge(
        Event.RELAY_ACCEPTANCE, subject_of(signed), by=RECIPIENT, card=HUB.card, at=at, signer=HUB.sign
    )
    return encode_bundle(record(HUB, issued.signed))


class Forger(MemoryHub):
    """Answers a package with an acceptance that is not its to give."""

    def answer(self, signed: bytes) -> bytes | Refusal:
        return forged(signed, self.now)


async def test_as_the_answer_to_a_package(tmp_path: Path) -> None:
    async with hub_world(tmp_path, Forger(HUB)) as world:
        pid = await world.submit()
        before = world.sender.store.read.acknowledgements(pid)
        refusals = await world.sender.deliver(RECIPIENT)
        assert [each.code for each in refusals] == ["bad-signature"]
        assert world.state(pid) is LegState.READY
        assert world.sender.store.read.acknowledgements(pid) == before


class Swapper(MemoryHub):
    """Answers a package with what its recipient signed about another one."""

    def answer(self, signed: bytes) -> bytes | Refusal:
        return next(iter(self.proofs.values()), b"") or super().answer(signed)


async def test_with_the_recipients_word_about_another_package(tmp_path: Path) -> None:
    async with hub_world(tmp_path, Swapper(HUB)) as world:
        await world.submit()
        await world.sender.deliver(RECIPIENT)
        await world.collect(world.recipient)
        pid = await world.submit(2)
        leg = world.sender.store.read.leg_of(LegKind.PACKAGE, pid)
        assert leg is not None
        refusal = await world.sender._deliver(leg)
        assert isinstance(refusal, Refusal)
        assert refusal.code == "acknowledgement-mismatch"
        assert world.state(pid) is LegState.READY
        assert world.sender.store.read.bundle(pid, Event.RELAY_ACCEPTANCE) is None


async def test_as_an_acknowledgement_in_the_mailbox(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        assert world.state(pid) is LegState.HUB_HELD
        signed = world.sender.store.read.sent_signed(pid)
        assert signed is not None
        bundle = forged(signed, world.hub.now)
        with pytest.raises(InvalidAcknowledgementError) as caught:
            await world.sender.receive(None, bundle)
        assert caught.value.code == "bad-signature"
        world.hub.hold(SENDER, ItemKind.ACKNOWLEDGEMENT, acknowledgement_id_of(bundle), bundle)
        async with world.collecting(world.sender):
            await until(lambda: world.sender.figures.refused == 1)
        assert world.state(pid) is LegState.HUB_HELD
        assert world.sender.store.read.bundle(pid, Event.RELAY_ACCEPTANCE) is None


async def test_a_hubs_own_word_pushed_unasked_is_not_believed_either(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        signed = world.sender.store.read.sent_signed(pid)
        assert signed is not None
        held = world.hub.answer(signed)
        assert isinstance(held, bytes)
        with pytest.raises(InvalidAcknowledgementError):
            await world.sender.receive(None, held)
        assert world.state(pid) is LegState.READY
