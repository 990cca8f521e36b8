"""Drafts: nothing goes without a second person who saw exactly these bytes; one thing becomes of each draft."""

import asyncio
import errno
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from emla.flow.happenings.sight import shown
from emla.flow.line.submission import Submitted
from emla.flow.people.sight import Sight
from emla.formats.happening import encode_happening
from emla.model.draft import DraftState
from emla.model.package import Priority
from emla.model.person import Caller, PersonRole, PersonState
from emla.ports.store import Reader, Transaction
from emla.store.sqlite.store import SqliteStore
from tests.support.authorities import DAY
from tests.support.gateways import MemorySource, SetForward
from tests.support.messages import ATTACHMENT_NAME, Template
from tests.support.office import (
    LARGE,
    SHORT,
    SMALL,
    Office,
    caller,
    office_on,
    person,
    refused,
)
from tests.support.told import all_of, feed_at, types

T = TypeVar("T")


class Between:
    """A store in which something else is committed a moment before whatever is written."""

    def __init__(self, store: SqliteStore, before: Callable[[Transaction], object]) -> None:
        self._store = store
        self._before = before

    @property
    def read(self) -> Reader:
        """Reads by key."""
        return self._store.read

    async def write(self, operation: Callable[[Transaction], T], *, patience_seconds: float = 0.0) -> T:
        """The other one, then the operation."""
        await self._store.write(self._before)
        return await self._store.write(operation)

    async def empty_wal(self) -> bool:
        """As the real one."""
        return await self._store.empty_wal()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with office_on(tmp_path) as one:
        yield one


# --- a second person ---


@pytest.mark.parametrize("template", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("who", ["paul", "cara", "poc", "walt"])
async def test_nobody_on_record_sends_alone_where_there_are_approvers(
    office: Office, who: str, template: Template
) -> None:
    submission = office.submission(who, template)
    assert await refused(office.submit(submission)) == "needs-approval"
    assert office.home.contents() == {"person": 5}


async def test_where_nobody_is_on_record_nothing_changes(office: Office) -> None:
    assert not (await office.submit(office.submission("alone"))).repeated
    assert await refused(office.drafts.hand_in(office.submission("alone", number=2))) == "not-allowed"


@pytest.mark.parametrize("template", [SMALL, LARGE], ids=["small", "large"])
async def test_what_was_approved_is_sent_whole_and_the_ledger_says_by_whom(
    office: Office, template: Template
) -> None:
    row = await office.hand_in("paul", template, priority=Priority.URGENT)
    assert office.sent() == 0
    wanted = office.hash(row)
    done = await office.approve("vera", row)
    assert done.state is DraftState.SENT
    assert (done.decided_by, done.sealed, done.payload_sha256) == ("vera", None, None)
    sent = office.home.store.read.sent_by_message(row.message_id)
    assert sent is not None
    assert sent.urgent
    assert office.told("draft.approved") == [
        {
            "draft": row.id.hex(),
            "hash": wanted.hex(),
            "by": "vera",
            "drafter": "paul",
            "message": row.message_id.hex(),
        }
    ]
    # It is the drafter's case, and of the draft neither row nor file has content any more.
    assert office.home.store.read.is_named(row.case_id, "paul")
    assert office.home.contents()["payload"] == 1
    assert len(office.home.leftovers()) == (1 if template is LARGE else 0)


async def test_a_drafter_does_not_approve_his_own_not_even_with_another_token(office: Office) -> None:
    row = await office.hand_in("walt")
    assert await refused(office.approve("walt", row)) == "own-draft"
    other_token = replace(caller("walt"), roles=frozenset({PersonRole.APPROVER}))
    assert await refused(office.drafts.approve(other_token, row, office.hash(row))) == "own-draft"
    assert await refused(office.drafts.give_back(caller("walt"), row, office.hash(row), "no")) == "own-draft"
    assert (await office.approve("vera", row)).state is DraftState.SENT


async def test_a_drafter_does_not_return_his_own_as_an_approver(office: Office) -> None:
    row = await office.hand_in("walt")
    assert await refused(office.drafts.give_back(caller("walt"), row, office.hash(row), "no")) == "own-draft"
    assert office.state(row) is DraftState.WAITING


async def test_an_approver_put_on_record_in_the_middle_counts(office: Office) -> None:
    for name in ("vera", "walt"):
        await office.put(replace(person(name), roles=frozenset({PersonRole.CENTRAL_OFFICER})))
    office.home.gateway.store = Between(
        office.home.store, lambda transaction: transaction.update_person(person("vera"))
    )
    assert await refused(office.submit(office.submission("paul"))) == "needs-approval"
    assert office.home.store.read.any_approver()
    assert office.sent() == 0


@pytest.mark.parametrize("change", ["shut out", "another role"])
async def test_who_is_no_approver_any_more_does_not_approve(office: Office, change: str) -> None:
    row = await office.hand_in("paul")
    vera = person("vera")
    await office.put(
        replace(vera, state=PersonState.DISABLED)
        if change == "shut out"
        else replace(vera, roles=frozenset({PersonRole.CENTRAL_OFFICER}))
    )
    # The call came a moment before: the caller still looks like an approver, and the batch knows better.
    assert await refused(office.approve("vera", row)) == "not-allowed"
    assert (office.sent(), office.state(row)) == (0, DraftState.WAITING)


async def test_the_draft_of_somebody_who_is_shut_out_is_not_sent(office: Office) -> None:
    row = await office.hand_in("paul")
    await office.put(person("paul", state=PersonState.DISABLED))
    assert await refused(office.approve("vera", row)) == "not-allowed"
    assert office.sent() == 0


async def test_two_approvers_at_once_send_it_once(office: Office) -> None:
    row = await office.hand_in("paul", LARGE)
    done = await asyncio.gather(
        office.approve("vera", row), office.approve("walt", row), return_exceptions=True
    )
    assert office.sent() == 1
    assert len(office.told("draft.approved")) == 1
    assert office.state(row) is DraftState.SENT
    for each in done:
        assert not isinstance(each, BaseException) or getattr(each, "code", "") == "draft-decided"
    assert any(not isinstance(each, BaseException) for each in done)


async def test_approved_again_it_is_as_it_was(office: Office) -> None:
    row = await office.hand_in("paul")
    first = await office.approve("vera", row)
    assert await office.drafts.approve(caller("walt"), first, bytes(32)) == first
    assert office.sent() == 1


# --- exactly these bytes ---


async def test_the_hash_of_something_else_approves_nothing(office: Office) -> None:
    row = await office.hand_in("paul")
    assert await refused(office.approve("vera", row, bytes(32))) == "draft-changed"
    assert office.sent() == 0


async def test_everything_that_is_sent_is_in_the_hash(office: Office) -> None:
    row = await office.hand_in("paul")
    content = office.drafts.content(row)
    changed = [
        replace(content, recipient="fr.doj"),
        replace(content, priority=Priority.URGENT),
        replace(content, expires_in_days=3),
        replace(content, seen="0" * 32),
        replace(content, parts=content.parts[:1]),
        replace(content, parts=(content.parts[0], replace(content.parts[1], name="other.bin"))),
        replace(content, parts=(content.parts[0], replace(content.parts[1], sha256=bytes(32)))),
        replace(content, salt=bytes(32)),
    ]
    hashes = {office.drafts.hash_of(row, each) for each in (content, *changed)}
    assert len(hashes) == len(changed) + 1


@pytest.mark.parametrize("template", [SMALL, LARGE], ids=["row", "file"])
async def test_damaged_bytes_are_refused_and_nothing_goes(office: Office, template: Template) -> None:
    row = await office.hand_in("paul", template)
    wanted = office.hash(row)
    assert row.payload_sha256 is not None
    if template is LARGE:
        path = office.home.blobs.path(row.payload_sha256)
        data = bytearray(path.read_bytes())
        data[-100] ^= 1
        path.write_bytes(data)
    else:
        body = bytearray(office.home.store.read.payload(row.payload_sha256) or b"")
        body[-1] ^= 1
        with closing(sqlite3.connect(office.home.data / "emla.db")) as connection, connection:
            connection.execute("UPDATE payload SET body = ?", (bytes(body),))
    assert await refused(office.drafts.approve(caller("vera"), row, wanted)) == "payload-damaged"
    assert (office.sent(), office.state(row)) == (0, DraftState.WAITING)
    # The way out that is told: its drafter takes it back, and hands it in again.
    await office.drafts.withdraw(caller("paul"), row)
    again = await office.hand_in("paul", template)
    assert (await office.approve("vera", again)).state is DraftState.SENT


async def test_nothing_of_a_draft_lies_in_the_clear(office: Office) -> None:
    row = await office.hand_in("paul", LARGE, overrides=())
    words = (b"MLARequest", ATTACHMENT_NAME.encode(), LARGE.attachment[:300])
    files = [path for path in office.home.data.rglob("*") if path.is_file()]
    assert files
    for path in files:
        data = path.read_bytes()
        assert not [each for each in words if each in data], path
    content = office.drafts.content(row)
    stream = await office.drafts.part(row, content, 1)
    start = content.parts[0].size
    assert await stream.slice(start, start + content.parts[1].size) == LARGE.attachment


# --- handed in, returned, withdrawn, lapsed ---


async def test_what_could_not_be_sent_is_not_kept(office: Office) -> None:
    submission = office.submission("paul", LARGE)
    assert await refused(office.drafts.hand_in(replace(submission, recipient="fr.doj"))) != ""
    wrong = replace(office.submission("paul", LARGE), source=MemorySource(b"<a/>" * 200000, short=SHORT))
    assert await refused(office.drafts.hand_in(wrong)) != ""
    other = replace(LARGE, attachment=LARGE.attachment[:-1] + b"x")
    assert await refused(office.drafts.hand_in(office.submission("paul", other))) == "attachment-changed"
    assert office.home.contents() == {"person": 5}


async def test_handed_in_twice_it_waits_once_and_another_one_of_its_id_is_refused(office: Office) -> None:
    rows = await asyncio.gather(office.hand_in("paul", LARGE), office.hand_in("paul", LARGE))
    again = await office.hand_in("paul", LARGE)
    assert rows[0].id == rows[1].id == again.id
    assert len(office.home.leftovers()) == 1
    other = office.submission("paul", LARGE, priority=Priority.URGENT)
    assert await refused(office.drafts.hand_in(other)) == "message-id-reused"
    assert await refused(office.drafts.hand_in(office.submission("cara", LARGE))) == "message-id-reused"
    await office.approve("vera", again)
    assert isinstance(await office.drafts.hand_in(office.submission("paul", LARGE)), Submitted)


async def test_what_was_returned_says_why_and_the_mended_one_takes_its_place(office: Office) -> None:
    row = await office.hand_in("paul", LARGE)
    reason = "The account number is missing."
    returned = await office.drafts.give_back(caller("vera"), row, office.hash(row), reason)
    assert returned.state is DraftState.RETURNED
    assert office.drafts.content(returned).returned_because == reason
    assert reason.encode() not in (office.home.data / "emla.db").read_bytes()
    assert await refused(office.approve("walt", returned)) == "draft-decided"
    again = await office.hand_in("paul", LARGE)
    assert office.state(row) is DraftState.WITHDRAWN
    assert len(office.home.leftovers()) == 1
    assert (await office.approve("vera", again)).state is DraftState.SENT


async def test_a_draft_is_withdrawn_by_its_drafter_alone(office: Office) -> None:
    row = await office.hand_in("paul", LARGE)
    assert await refused(office.drafts.withdraw(caller("cara"), row)) == "not-allowed"
    assert (await office.drafts.withdraw(caller("paul"), row)).state is DraftState.WITHDRAWN
    assert office.home.leftovers() == []
    assert await refused(office.drafts.withdraw(caller("paul"), row)) == "draft-decided"
    assert await refused(office.approve("vera", row)) == "draft-decided"


async def test_a_file_that_cannot_be_removed_is_said_and_undoes_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    row = await office.hand_in("paul", LARGE)

    def unlink(path: Path, *, missing_ok: bool = False) -> None:
        raise OSError(errno.EIO, "Input/output error", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", unlink)
        assert (await office.drafts.withdraw(caller("paul"), row)).state is DraftState.WITHDRAWN
    (said,) = [each for each in caplog.records if each.name == "emla.stored"]
    assert (said.message, vars(said)["code"]) == ("file not removed", "store-failed")


async def test_withdrawn_in_the_middle_of_its_approval_it_is_one_of_both(office: Office) -> None:
    row = await office.hand_in("paul", LARGE)
    done = await asyncio.gather(
        office.approve("vera", row),
        office.drafts.withdraw(caller("paul"), row),
        return_exceptions=True,
    )
    state = office.state(row)
    assert (state is DraftState.SENT) == (office.sent() == 1)
    assert state in (DraftState.SENT, DraftState.WITHDRAWN)
    assert {getattr(each, "code", "draft-decided") for each in done} == {"draft-decided"}


async def test_withdrawn_a_moment_before_the_batch_it_is_not_sent(office: Office) -> None:
    row = await office.hand_in("paul")
    office.home.gateway.store = Between(
        office.home.store,
        lambda transaction: transaction.end_draft(
            row.id, DraftState.WITHDRAWN, "paul", row.at, of=(DraftState.WAITING,)
        ),
    )
    assert await refused(office.approve("vera", row)) == "draft-decided"
    assert (office.sent(), office.state(row)) == (0, DraftState.WITHDRAWN)


async def test_a_draft_that_nobody_decides_about_lapses_and_its_content_goes(office: Office) -> None:
    row = await office.hand_in("paul", LARGE)
    office.home.clock.at += 13 * DAY
    await office.drafts.round()
    assert office.state(row) is DraftState.WAITING
    office.home.clock.at += DAY
    assert await refused(office.approve("vera", row)) == "draft-decided"
    await office.drafts.round()
    assert office.state(row) is DraftState.LAPSED
    assert office.home.leftovers() == []
    assert "payload" not in office.home.contents()


async def test_a_clock_that_is_set_forward_ends_no_draft(tmp_path: Path) -> None:
    clock = SetForward()
    async with office_on(tmp_path, clock=clock) as office:
        row = await office.hand_in("paul", LARGE)
        begun = clock.at
        clock.at += 15 * DAY
        await office.drafts.round()
        clock.at = begun
        assert office.state(row) is DraftState.WAITING
        await office.approve("vera", row)
        assert office.sent() == 1


async def test_what_becomes_of_drafts_is_told_to_their_drafter_and_to_who_sees_all_cases(
    office: Office,
) -> None:
    first = await office.hand_in("paul")
    await office.drafts.give_back(caller("vera"), first, office.hash(first), "The account is missing.")
    second = await office.hand_in("paul")
    await office.drafts.withdraw(caller("paul"), second)
    await office.approve("vera", await office.hand_in("paul", number=2))
    lapsing = await office.hand_in("paul", number=3)
    office.home.clock.at += 14 * DAY + 1
    await office.drafts.round()
    async with feed_at(office.home.data, office.home.store) as feed:
        found = [each for each in await all_of(feed) if each.type.family == "draft"]
    sight = Sight(office.home.gateway)

    def told(who: Caller) -> list[str]:
        return types([each for one in found if (each := shown(one, who, sight))])

    everything = [f"draft.{word}" for word in _TOLD]
    assert told(caller("paul")) == told(caller("cara")) == told(caller("vera")) == everything
    assert told(replace(caller("paul"), id="petra")) == []
    assert told(Caller(id="otto", roles=frozenset({PersonRole.OPERATOR}))) == []
    assert [each.facts["draft"] for each in (found[0], found[1], found[-1])] == [
        first.id.hex(),
        first.id.hex(),
        lapsing.id.hex(),
    ]
    assert not any("account" in str(encode_happening(each)) for each in found)


_TOLD = ("waiting", "returned", "waiting", "withdrawn", "waiting", "approved", "waiting", "lapsed")
