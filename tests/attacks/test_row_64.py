"""Row 64. Hub disk compromised: search for plaintext, case names, personal data.

Expected: none; only ids, sizes, times. After a real exchange through a real hub process, small and large, every file of its
folder is searched, while everything is still held and again when it is gone.
"""

import asyncio
import base64
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.own import own_authority
from emla.model.acknowledgement import Event
from emla.model.mailbox import ItemKind, Release
from tests.support.calls import eventually, fresh, post
from tests.support.gateways import acknowledgement_id_of, select
from tests.support.hub_books import hub_violations
from tests.support.hub_members import Member, member_of, said
from tests.support.hub_world import AT, DE, HUB, package_of, three
from tests.support.messages import ATTACHMENT_NAME, make_template
from tests.support.plaintext import found_in, needles_of
from tests.support.servers import Server, submission

SMALL = make_template(sender=AT, recipient=DE, attachment=b"The account of Ferdinand Muster. " * 40)
LARGE = make_template(sender=AT, recipient=DE, attachment=b"The ledger of Muster & Partner. " * 20_000)

pytestmark = pytest.mark.xdist_group("processes")


async def handed_in(at: Server) -> tuple[list[bytes], list[bytes]]:
    """Submit a small and a large message; their package ids and what must not be found of them."""
    pids: list[bytes] = []
    needles: list[bytes] = []
    for template in (SMALL, LARGE):
        main = fresh(template)
        status, answer = await post(at, submission(main, [(ATTACHMENT_NAME, template.attachment)]))
        assert status == 201, answer
        pids.append(bytes.fromhex(str(answer["pid"])))
        needles += needles_of(
            main,
            ATTACHMENT_NAME,
            "request.xml",
            template.attachment[:64],
            public=(AT, DE, "Ministry of Justice"),
        )
    return pids, needles


async def through(hub: Server, at: Server, de: Server, pids: list[bytes]) -> None:
    """Carry packages to the recipient's gateway as its collector would, and the verdicts back to the sender."""
    async with member_of(hub, de) as recipient:
        items = await recipient.items()
        assert {each.ref for each in items} == set(pids)
        for item in items:
            body = await recipient.collect(item.item)
            answer = await recipient.hand_on(de, item.ref, body)
            assert said(answer).event is Event.RELAY_ACCEPTANCE
            assert await recipient.release(Release(item=item.item, proof=answer)) == ("ok",)
            aid = acknowledgement_id_of(answer)
            assert await recipient.transport.send_acknowledgement(recipient.hub, aid, answer) is None
        assert await recipient.items() == ()
    async with member_of(hub, at) as sender:
        items = await sender.items()
        assert [each.kind for each in items] == [ItemKind.ACKNOWLEDGEMENT] * len(pids)
        for item in items:
            bundle = await sender.collect(item.item)
            refusal = await sender.transport.send_acknowledgement(own_authority(at.data), item.ref, bundle)
            assert refusal is None
        assert await sender.release(*(Release(item=each.item) for each in items)) == ("ok",) * len(items)


async def deposit(member: Member, at: Server, pids: list[bytes]) -> None:
    for pid in pids:
        bundle = await member.deposit(pid, *package_of(at, pid))
        assert said(bundle).event is Event.HUB_ACCEPTANCE
        assert said(bundle).by == HUB


def test_nothing_that_was_said_is_found_on_the_hubs_disk(tmp_path: Path) -> None:
    with three(tmp_path) as (at, de, hub):
        pids, needles = asyncio.run(_exchange_first_half(at, hub))
        assert len(needles) > 100
        assert hub_violations(hub.data) == []
        assert found_in(hub.data, needles) == []
        hub.kill()  # the write-ahead log stays as it is
        assert (hub.data / "emla.db-wal").stat().st_size > 0
        assert found_in(hub.data, needles) == []
        de.start()
        de.wait_ready()
        hub.start()
        hub.wait_ready()
        asyncio.run(through(hub, at, de, pids))
        asyncio.run(eventually(lambda: _states(at) <= {"ACCEPTED", "CONSIGNED", "HANDED"}))
        assert found_in(hub.data, needles) == []
        hub.kill()
        assert found_in(hub.data, needles) == []
        assert not [path for path in (hub.data / "blobs").rglob("*") if path.is_file()]
        audit = verify_ledger(hub.data)
        assert audit.whole, audit.problems
        # Two HubAcceptances, and the recipient's word for both.
        assert audit.acknowledgements == 4
        assert hub_violations(hub.data) == []


async def _exchange_first_half(at: Server, hub: Server) -> tuple[list[bytes], list[bytes]]:
    pids, needles = await handed_in(at)
    async with member_of(hub, at) as sender:
        await deposit(sender, at, pids)
    return pids, needles


def _states(server: Server) -> set[object]:
    return {row[0] for row in select(server.data, "SELECT state FROM leg WHERE kind = 'package'")}


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    needles = needles_of(fresh(SMALL), ATTACHMENT_NAME, public=(AT, DE))
    assert found_in(tmp_path, needles) == []
    (tmp_path / "plain").write_bytes(bytes(100) + needles[3] + bytes(100))
    (tmp_path / "encoded").write_bytes(base64.b64encode(b"x" + max(needles, key=len) + b"y"))
    assert len(found_in(tmp_path, needles)) >= 2
