"""What goes without a second person, and what a crash leaves of a draft."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from emla.flow.dockets import Held
from emla.flow.drafts.alone import SentAlone
from emla.flow.line.ahead import Look
from emla.flow.line.four_eyes import urgency_alone
from emla.formats.message import read_message
from emla.formats.xml import parse_xml
from emla.model.draft import DraftState
from emla.model.errors import StoreError
from emla.model.limits import XmlLimits
from emla.model.person import PersonRole, PersonState
from emla.model.settings import MessageSettings
from emla.ports.drafts import DraftRow
from emla.store.sqlite.store import SqliteStore
from tests.support.authorities import DAY
from tests.support.faulty_store import Fate, FaultyStore
from tests.support.legal_acts import ASKED, CASE, Story
from tests.support.office import LARGE, SMALL, Office, caller, office_on, person, refused


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with office_on(tmp_path) as one:
        yield one


# --- an emergency ---


@pytest.mark.parametrize(
    ("who", "urgency", "code"),
    [
        ("paul", "EMERGENCY", ""),
        ("cara", "EMERGENCY", ""),
        ("poc", "URGENT", ""),
        ("cara", "URGENT", "no-emergency"),
        ("paul", "URGENT", "no-emergency"),
        ("poc", "PRIORITY", "no-emergency"),
    ],
)
async def test_without_a_second_person_goes_what_the_message_itself_calls_an_emergency(
    office: Office, who: str, urgency: str, code: str
) -> None:
    reason = "A child is missing."
    submission = office.submission(who, urgency=urgency, emergency=reason)
    alone = SentAlone(office.home.gateway)
    if code:
        assert await refused(office.submit(submission)) == code
        assert office.told("message.sent-alone") == []
        return
    await office.submit(submission)
    (fact,) = office.told("message.sent-alone")
    assert (fact["person"], fact["urgency"], fact["reason"]) == (who, urgency, reason)
    message_id = bytes.fromhex(str(fact["message"]))
    assert office.home.store.read.draft_counts() == (0, 1)
    assert await refused(alone.review(caller(who), message_id, agrees=True, words="")) in (
        "own-draft",
        "not-allowed",
    )
    row = await alone.review(caller("vera"), message_id, agrees=False, words="It could have waited.")
    assert (row.agrees, row.reviewed_by) == (False, "vera")
    assert await refused(alone.review(caller("walt"), message_id, agrees=True, words="")) == "draft-decided"
    assert office.home.store.read.draft_counts() == (0, 0)


async def test_a_draft_whose_message_went_in_an_emergency_waits_no_more(office: Office) -> None:
    row = await office.hand_in("paul", urgency="EMERGENCY")
    await office.submit(office.submission("paul", urgency="EMERGENCY", emergency="A child is missing."))
    assert (await office.approve("vera", row)).state is DraftState.SENT
    assert office.told("draft.approved") == []
    other = await office.hand_in("paul", number=2, urgency="EMERGENCY")
    await office.submit(
        office.submission("paul", number=2, urgency="EMERGENCY", emergency="A child is missing.")
    )
    await office.drafts.round()
    assert office.state(other) is DraftState.SENT
    assert office.sent() == 2


@pytest.mark.parametrize(
    ("asked", "urgency", "code"),
    [
        ("EmergencyDisclosureRequest", "", "EMERGENCY"),  # its type says so
        ("MLARequest", "EMERGENCY", "EMERGENCY"),
        ("MLARequest", "", None),
        ("MLARequest", "URGENT", None),
    ],
)
async def test_an_answer_is_as_urgent_as_the_request_it_belongs_to(
    office: Office, asked: str, urgency: str, code: str | None
) -> None:
    story = Story()
    request = story.request(message_type=asked, urgency=urgency)
    docket = story.docket()
    answer = Story(story.acts[:]).say("ResultTransmission", ASKED, request)
    held = Held(
        case_id=CASE,
        cases=(CASE,),
        version=(1, 1),
        acts=tuple(story.acts),
        packages={},
        docket=docket,
        whole=True,
    )
    seen = Look(act=answer, held=held, facts=None, answers=None)
    # What it says of itself is routine: the request alone decides.
    message = read_message(parse_xml(SMALL.data.replace(b">PRIORITY<", b">ROUTINE<"), XmlLimits()))
    assert urgency_alone(office.submission("cara"), message, seen) == code


@pytest.mark.parametrize(
    ("setting", "approvers", "code"),
    [
        ("never", "some", ""),
        ("always", "none", "needs-approval"),
        ("auto", "none", ""),
        ("auto", "some", "needs-approval"),
    ],
)
async def test_the_setting_says_when_a_second_person_is_needed(
    office: Office, setting: str, approvers: str, code: str
) -> None:
    home = office.home
    home.gateway.settings = replace(home.gateway.settings, message=MessageSettings(four_eyes=setting))
    if approvers == "none":
        for name in ("vera", "walt"):
            await office.put(replace(person(name), roles=frozenset({PersonRole.CENTRAL_OFFICER})))
    if code:
        assert await refused(office.submit(office.submission("cara"))) == code
    else:
        assert not (await office.submit(office.submission("cara"))).repeated


async def test_shutting_the_approvers_out_does_not_end_four_eyes(office: Office) -> None:
    for name in ("vera", "walt"):
        await office.put(person(name, state=PersonState.DISABLED))
    assert await refused(office.submit(office.submission("cara"))) == "needs-approval"


# --- what a crash leaves ---

STEPS = {"hand in": 1, "approve": 1, "return": 1, "withdraw": 1, "lapse": 1}
"""How many commits each step is."""


async def take(office: Office, step: str, row: DraftRow | None) -> DraftRow:
    """Take one step; the first one is handing in."""
    if row is None or step == "hand in":
        return await office.hand_in("paul", LARGE)
    if step == "approve":
        return await office.approve("vera", row)
    if step == "return":
        return await office.drafts.give_back(caller("vera"), row, office.hash(row), "Mend it.")
    if step == "withdraw":
        return await office.drafts.withdraw(caller("paul"), row)
    office.home.clock.at += 14 * DAY
    await office.drafts.round()
    return row


@pytest.mark.parametrize("fate", Fate)
@pytest.mark.parametrize("step", STEPS)
async def test_every_commit_of_a_draft_fails_once_before_and_once_after_it(
    tmp_path: Path, step: str, fate: Fate
) -> None:
    row: DraftRow | None = None
    async with office_on(tmp_path) as office:
        if step != "hand in":
            row = await office.hand_in("paul", LARGE)
        commits: list[Fate] = [fate]
        real = office.home.gateway.store
        assert isinstance(real, SqliteStore)
        office.home.gateway.store = FaultyStore(real, lambda: commits.pop() if commits else None)
        with contextlib.suppress(StoreError):
            await take(office, step, row)
        assert commits == []
    async with office_on(tmp_path, hired=True) as office:
        before = office.home.store.read.drafts(state=None, drafter=None, limit=10)
        is_done = {
            "hand in": bool(before),
            "approve": office.sent() == 1,
        }.get(step, bool(before) and before[0].state is not DraftState.WAITING)
        assert is_done is (fate is Fate.KEPT)
        # The same again leads to the same, whatever was stored.
        if step in ("hand in", "approve") or fate is Fate.LOST:
            after = await take(office, step, row)
            assert [
                each.id for each in office.home.store.read.drafts(state=None, drafter=None, limit=10)
            ] == [after.id]
        assert office.sent() == (1 if step == "approve" else 0)
        # Files are those of what is kept; a crash leaves at most one without a row, for the sweep of a later start.
        known = {
            each
            for each in office.home.leftovers()
            if office.home.store.read.knows_payload(bytes.fromhex(each.name))
        }
        kept = sum(
            1 for each in office.home.store.read.drafts(state=None, drafter=None, limit=10) if each.sealed
        )
        assert len(known) == kept + office.sent()
        assert len(office.home.leftovers()) <= len(known) + 1


async def test_after_a_restart_a_draft_waits_as_before(tmp_path: Path) -> None:
    async with office_on(tmp_path) as office:
        row = await office.hand_in("paul", LARGE)
        wanted = office.hash(row)
    async with office_on(tmp_path, hired=True) as office:
        assert office.home.store.read.draft(row.id) == row
        assert office.hash(row) == wanted
        assert (await office.approve("vera", row)).state is DraftState.SENT
