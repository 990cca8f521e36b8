"""Row 62: a hub deletes before the recipient acknowledged -> the sender offers again, out of its own outbox."""

from pathlib import Path

from emla.model.acknowledgement import Event
from emla.model.leg import LegState
from emla.model.mailbox import ItemKind
from tests.support.hub_stations import RECIPIENT, SENDER, hub_world


async def test_what_a_hub_deleted_is_offered_again_and_delivered_once(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        world.hub.forget(ItemKind.PACKAGE)
        leg = world.sender.store.read.due_legs(RECIPIENT, float("inf"), 9)[0]
        assert leg.state is LegState.HUB_HELD
        assert 0 < leg.next_at - world.clock.now() <= 1.2 * 3600
        # Not before its time, and by itself when it has come.
        assert world.sender.store.read.due_legs(RECIPIENT, world.clock.now(), 9) == []
        world.later(2 * 3600)
        assert [each.id for each in world.sender.store.read.due_legs(RECIPIENT, world.clock.now(), 9)] == [
            leg.id
        ]
        await world.sender.deliver(RECIPIENT)
        assert world.hub.count(RECIPIENT, ItemKind.PACKAGE) == 1
        await world.collect(world.recipient)
        await world.recipient.deliver(SENDER)
        assert world.state(pid) is LegState.ACCEPTED
        assert world.recipient.accepted == [pid]
        assert world.sender.store.read.bundle(pid, Event.HUB_ACCEPTANCE) == world.hub.answers[pid]
        await world.whole()
