"""Webhooks: each target is told everything that is for its person, in order, again until it answers; and nothing else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature

from emla.flow.events import LEDGER_RECOVERED, event
from emla.flow.happenings.tell import Tell
from emla.flow.happenings.webhooks import Webhooks
from emla.flow.people.people import People
from emla.flow.people.sight import Sight
from emla.formats.webhook import public_pem, webhook_key
from emla.model.errors import ConfigurationError, NotFoundError, TransportError
from emla.model.person import ALONE, Caller, PersonRole
from emla.model.settings import WebhookSettings
from emla.model.webhook import Pause
from emla.ports.channel import ClosedRow
from emla.transport.webhooks import HttpTargets
from tests.support.gateways import CONTENT_KEY, until
from tests.support.told import all_of
from tests.support.webhook_desk import CASE, Desk, webhook_desk
from tests.support.webhook_receiver import Receiver, make_authority, receiving, verified


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with webhook_desk(tmp_path) as one:
        yield one


async def test_what_happens_is_posted_as_the_feed_tells_it_and_its_signature_is_verified_by_another_library(
    desk: Desk, tmp_path: Path
) -> None:
    ca, context = make_authority(tmp_path / "authority")
    async with receiving(context) as receiver:
        settings = WebhookSettings(allowed_hosts=receiver.host, allow_loopback=True, ca_file=str(ca))
        targets = HttpTargets(settings)
        tell = Tell(desk.gateway, desk.feed, Sight(desk.gateway), targets)
        webhook = await Webhooks(desk.gateway, desk.feed, tell).add(ALONE, receiver.url, (), None)
        key = webhook_key(CONTENT_KEY, webhook.id)
        try:
            async with desk.posting(tell):
                for days in range(3):
                    await desk.remind(days)
                await receiver.calls(3)
                await until(lambda: desk.row(webhook).told_at is not None)
            assert receiver.bodies == await desk.told(3)
            nonces = set()
            for headers, body in zip(receiver.headers, receiver.bodies, strict=True):
                created, expires, nonce = verified(receiver.url, headers, body, public_pem(key.public))
                assert (created, expires) == (desk.gateway.now(), desk.gateway.now() + 300)
                assert headers["Emla-Webhook"] == webhook.id
                nonces.add(nonce)
            assert len(nonces) == 3
            await _assert_covered(receiver, public_pem(key.public))
            assert await tell.ping(webhook) == 200
            assert receiver.events[-1] | {"at": ""} == {
                "id": None,
                "type": "webhook.ping",
                "at": "",
                "pid": None,
                "case": None,
            }
        finally:
            await targets.close()


async def _assert_covered(receiver: Receiver, pem: str) -> None:
    """Nothing of a call can be changed, left out or sent elsewhere."""
    headers, body = receiver.headers[0], receiver.bodies[0]
    changed = [
        (receiver.url.replace("events", "other"), dict(headers), body),
        (receiver.url + "&more=1", dict(headers), body),
        (receiver.url, dict(headers) | {"Emla-Webhook": "f" * 16}, body),
    ]
    for url, fields, octets in changed:
        with pytest.raises(InvalidSignature):
            verified(url, fields, octets, pem)
    with pytest.raises(AssertionError):
        verified(receiver.url, headers, body + b" ", pem)
    other = public_pem(webhook_key(CONTENT_KEY, "0" * 16).public)
    with pytest.raises(InvalidSignature):
        verified(receiver.url, headers, body, other)


async def test_what_a_target_does_not_take_is_posted_again_before_anything_else(desk: Desk) -> None:
    webhook = await desk.add("a")
    desk.targets.script["a"] = [200, 500, 302, 200]
    async with desk.posting():
        for days in range(3):
            await desk.remind(days)
        await until(lambda: len(desk.targets.posted) == 5)
        await until(lambda: desk.row(webhook).told_at is not None and desk.row(webhook).failures == 0)
    one, two, three = await desk.told(3)
    assert desk.targets.bodies("a") == [one, two, two, two, three]
    row = desk.row(webhook)
    assert (row.failures, row.failed_code, row.failed_detail) == (0, "http-302", "It answered 302.")
    assert desk.tell.results == {"taken": 3, "refused": 2}


async def test_a_place_moves_only_after_the_answer_so_a_crash_between_them_posts_the_same_again(
    desk: Desk,
) -> None:
    webhook = await desk.add("a")
    desk.targets.hangs.add("a")
    async with desk.posting():
        await desk.remind(1)
        await until(lambda: len(desk.targets.posted) == 1)
    # The process died after the target had it, and before it answered.
    assert desk.row(webhook).place is None
    desk.targets.hangs.clear()
    tell = Tell(desk.gateway, desk.feed, Sight(desk.gateway), desk.targets)
    async with desk.posting(tell):
        await until(lambda: desk.row(webhook).place is not None)
    assert desk.targets.bodies("a") == [*await desk.told(1), *await desk.told(1)]


async def test_a_target_that_hangs_or_fails_holds_up_no_other(desk: Desk) -> None:
    await desk.add("hangs")
    await desk.add("fails")
    good = await desk.add("good")
    desk.targets.hangs.add("hangs")
    desk.targets.script["fails"] = [500] * 1000
    async with desk.posting():
        await desk.remind(0)
        await until(lambda: all(desk.targets.bodies(each) for each in ("hangs", "fails")))
        for days in range(1, 5):
            await desk.remind(days)
        await until(lambda: len(desk.targets.bodies("good")) == 5)
        await until(lambda: desk.row(good).told_at is not None)
    assert desk.targets.bodies("good") == await desk.told(5)
    assert len(desk.targets.bodies("hangs")) == 1


async def test_what_was_told_before_is_not_told_again_after_a_start(desk: Desk) -> None:
    webhook = await desk.add("a")
    async with desk.posting():
        await desk.remind(1)
        await until(lambda: desk.row(webhook).told_at is not None)
    await desk.remind(2)
    async with desk.posting(Tell(desk.gateway, desk.feed, Sight(desk.gateway), desk.targets)):
        await until(lambda: len(desk.targets.posted) == 2)
    assert desk.targets.bodies("a") == await desk.told(2)


async def test_a_target_that_is_gone_pauses_and_goes_on_where_it_stood(desk: Desk) -> None:
    webhook = await desk.add("a")
    desk.targets.script["a"] = [410]
    async with desk.posting():
        await desk.remind(1)
        assert await desk.paused(webhook) is Pause.GONE
        await desk.remind(2)
        backlog = await desk.webhooks.backlog(desk.row(webhook))
        assert backlog is not None
        assert (backlog.count, backlog.more) == (2, False)
        await desk.webhooks.resume(ALONE, desk.row(webhook), desk.row(webhook).place)
        await until(lambda: len(desk.targets.posted) == 3)
    one, two = await desk.told(2)
    assert desk.targets.bodies("a") == [one, one, two]


async def test_a_person_pauses_skips_and_ends_a_webhook_and_the_ledger_tells(desk: Desk) -> None:
    webhook = await desk.add("a")
    async with desk.posting():
        await desk.webhooks.pause(ALONE, webhook)
        await desk.remind(1)
        await desk.webhooks.resume(ALONE, webhook, await desk.feed.now())
        await desk.remind(2)
        await until(lambda: len(desk.targets.posted) == 1)
        await desk.webhooks.remove(ALONE, webhook)
        await desk.remind(3)
        await desk.add("b")
        await until(lambda: len(desk.targets.bodies("b")) == 3)
    _, two, _ = await desk.told(3)
    assert desk.targets.bodies("a") == [two]
    kinds = [kind for (kind,) in desk.home.store.read._execute("SELECT kind FROM event")]
    assert [each for each in kinds if each.startswith("webhook")] == [
        "webhook.added",
        "webhook.paused",
        "webhook.resumed",
        "webhook.removed",
        "webhook.added",
    ]


async def test_a_late_word_that_a_place_was_answered_for_does_not_undo_where_a_person_put_it(
    desk: Desk,
) -> None:
    webhook = await desk.add("a")
    await desk.remind(1)
    now = await desk.feed.now()
    await desk.webhooks.pause(ALONE, webhook)
    await desk.webhooks.resume(ALONE, webhook, now)
    write = desk.home.store.write
    assert not await write(lambda transaction: transaction.move_webhook(webhook.id, None, None, 5))
    assert desk.row(webhook).place == now


async def test_a_webhook_is_told_what_its_person_may_be_told_now_and_is_paused_where_that_is_nothing(
    desk: Desk,
) -> None:
    people, central = People(desk.gateway), frozenset({PersonRole.CENTRAL_OFFICER})
    custodian = frozenset({PersonRole.KEY_CUSTODIAN})
    before = await desk.add("before")
    kay, _ = await people.add(ALONE, name="kay", full_name="Kay", roles=custodian)
    prosecutor = frozenset({PersonRole.PROSECUTOR})
    paul, _ = await people.add(ALONE_NO_MORE, name="paul", full_name="Paul", roles=prosecutor)
    cara, _ = await people.add(ALONE_NO_MORE, name="cara", full_name="Cara", roles=central)
    of_paul = await desk.add("paul", Caller(id=paul.id, roles=prosecutor), ("case",))
    of_cara = await desk.add("cara", Caller(id=cara.id, roles=central), ("case.reminder",))
    by = Caller(id=kay.id, roles=custodian)
    # All of it before anything is posted: what is Paul's when it is told, he is told.
    await desk.remind(1)
    await people.name_for_case(by, paul, bytes.fromhex(CASE))
    await desk.remind(2, case="f" * 32)
    async with desk.posting():
        assert await desk.paused(before) is Pause.OWNER  # whoever opens the socket is nobody any more
        await until(lambda: len(desk.targets.bodies("cara")) == 2)
        await until(lambda: len(desk.targets.bodies("paul")) == 2)
        await people.disable(by, cara)
        await desk.remind(3, case="f" * 32)
        assert await desk.paused(of_cara, most=2) is Pause.OWNER
        await people.change_roles(by, paul, frozenset({PersonRole.AUDITOR}))
        await desk.remind(4)
        assert await desk.paused(of_paul, most=2) is Pause.OWNER
    # Paul hears of his case, also of what was before he was named for it, and that he is; Cara of all, and of nothing after.
    assert [b'"case.named"' in each for each in desk.targets.bodies("paul")] == [False, True]
    assert all(CASE.encode() in each for each in desk.targets.bodies("paul"))
    assert len(desk.targets.bodies("cara")) == 2
    assert not desk.targets.bodies("before")


ALONE_NO_MORE = Caller(id="somebody", roles=frozenset(PersonRole))


async def test_nobody_sees_or_changes_the_webhook_of_another_but_an_operator(desk: Desk) -> None:
    owner = Caller(id="one", roles=frozenset({PersonRole.CENTRAL_OFFICER}))
    webhook = await desk.add("a", owner)
    operator = Caller(id="two", roles=frozenset({PersonRole.OPERATOR}))
    other = Caller(id="two", roles=frozenset({PersonRole.CENTRAL_OFFICER, PersonRole.APPROVER}))
    assert [desk.webhooks.of(each) for each in (owner, operator, other)] == [[webhook], [webhook], []]
    assert desk.webhooks.one(operator, webhook.id) == webhook
    with pytest.raises(NotFoundError):
        desk.webhooks.one(other, webhook.id)


async def test_after_a_restore_nothing_is_posted_before_a_person_says_from_where_on(desk: Desk) -> None:
    webhook = await desk.add("a")
    row = ClosedRow(code="ledger-restored", since=desk.gateway.now(), peer=None, proof=None)
    await desk.remind(1)
    await desk.home.store.write(lambda transaction: transaction.close_ledger(row))
    async with desk.posting():
        assert await desk.paused(webhook, most=0) is Pause.RESTORED
        with pytest.raises(ConfigurationError) as caught:
            await desk.webhooks.resume(ALONE, desk.row(webhook), None)
        assert caught.value.code == "ledger-restored"
    assert not desk.targets.posted


async def test_when_the_ledger_begins_anew_the_target_hears_it_and_then_nothing_before_a_person_acts(
    desk: Desk,
) -> None:
    old = await desk.add("a")
    await desk.home.store.write(event(desk.gateway, LEDGER_RECOVERED, {"epoch": 2}))
    await desk.remind(1)
    async with desk.posting():
        assert await desk.paused(old) is Pause.RESTORED
        recovered, reminder = await desk.told(2)
        assert desk.targets.bodies("a") == [recovered]
        await desk.webhooks.resume(ALONE, desk.row(old), desk.row(old).place)
        await until(lambda: len(desk.targets.posted) == 2)
        # One that is made later, and begins with the first leaf, knows what it reads.
        desk.home.clock.at += 60
        await desk.add("b")
        await until(lambda: len(desk.targets.bodies("b")) == 2)
    assert desk.targets.bodies("a") == desk.targets.bodies("b") == [recovered, reminder]


async def test_a_place_that_is_none_pauses(desk: Desk) -> None:
    await desk.remind(1)
    webhook = await desk.add("a")
    now = await desk.feed.now()
    assert now is not None
    wrong = replace(now, mark=bytes(4))
    await desk.home.store.write(lambda t: t.move_webhook(webhook.id, None, wrong, None))
    async with desk.posting():
        assert await desk.paused(webhook) is Pause.PLACE
        assert await desk.webhooks.backlog(desk.row(webhook)) is None
        with pytest.raises(NotFoundError):
            await desk.webhooks.resume(ALONE, desk.row(webhook), wrong)
        await desk.webhooks.resume(ALONE, desk.row(webhook), now)
        await desk.remind(2)
        await until(lambda: len(desk.targets.posted) == 1)
    assert desk.targets.bodies("a") == (await desk.told(2))[1:]


async def test_a_host_that_is_allowed_no_longer_pauses_and_another_is_never_taken(desk: Desk) -> None:
    webhook = await desk.add("a")
    desk.targets.refuses.add("a")
    with pytest.raises(TransportError):
        await desk.add("a")
    async with desk.posting():
        await desk.remind(1)
        assert await desk.paused(webhook) is Pause.REFUSED
    assert not desk.targets.posted


async def test_its_private_key_stands_nowhere_and_is_another_ones_for_each(desk: Desk) -> None:
    one, two = await desk.add("a"), await desk.add("b")
    keys = [webhook_key(CONTENT_KEY, each.id) for each in (one, two)]
    assert keys[0].public != keys[1].public
    stored = b"".join(path.read_bytes() for path in desk.home.data.glob("emla.db*"))
    assert one.url.encode() in stored
    for key in keys:
        assert key._secret[:32] not in stored
        assert CONTENT_KEY not in stored


async def test_a_failure_in_the_middle_of_many_keeps_what_was_answered_for(desk: Desk) -> None:
    webhook = await desk.add("a")
    for days in range(3):
        await desk.remind(days)
    desk.targets.script["a"] = [200, 200] + [503] * 100
    async with desk.posting():
        places = [each.place for each in await all_of(desk.feed)]
        await until(lambda: desk.row(webhook).place == places[1])
        await until(lambda: desk.row(webhook).failures > 0)
