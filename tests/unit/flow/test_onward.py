"""A file that came in is known again when it is sent on: only where its owner lets it, and only with its label."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.flow.line.ahead import CaseMovedError, look
from emla.formats.event import decode
from emla.model.access import AccessKind
from emla.model.errors import InvalidMessageError
from tests.support.access_line import reports
from tests.support.case_world import World
from tests.support.gateways import rows
from tests.support.held_messages import HOLDER, OWNER, item, message_id, recall, said
from tests.support.sample_acts import act_of
from tests.support.sample_cases import FOLDER
from tests.support.sample_line import hand_in
from tests.unit.flow.test_holdings import package

THIRD = "kr.moj"
STEP = FOLDER / "S10" / "03-spontaneous-information.sg.xml"
LABEL = re.compile("<Handling>.*</Handling>", re.DOTALL)
PLAIN = (
    "<Handling><ConfidentialityLevel>CONFIDENTIAL</ConfidentialityLevel>"
    "<ConfidentialityRequested>true</ConfidentialityRequested>{more}</Handling>"
)
CARRIED = (
    "<OwnerAuthority>sg.agc</OwnerAuthority>"
    "<UseRestriction><RestrictionId>R1</RestrictionId><UseLimit>INTELLIGENCE_ONLY</UseLimit></UseRestriction>"
    "<UseRestriction><RestrictionId>R2</RestrictionId><UseLimit>NO_ONWARD_TRANSFER</UseLimit></UseRestriction>"
    "<OnwardTransfer>NONE</OnwardTransfer>"
)


@pytest.fixture
async def given(tmp_path: Path) -> AsyncIterator[World]:
    """Singapore has sent a file to Australia, and lets nobody else have it; Korea is pinned there as well."""
    async with World(tmp_path, {OWNER, HOLDER, THIRD}) as world:
        for name in ("01-spontaneous-information.sg.xml", "02-condition-response.au.xml", STEP.name):
            await world.say(FOLDER / "S10" / name)
        yield world


def passed_on(folder: Path, more: str = CARRIED, *, to: str = THIRD) -> Path:
    """Australia sends the file on, under another name, with a label."""
    text = STEP.read_text(encoding="utf-8")
    header, end, rest = text.partition("</MessageHeader>")
    for old, new in (
        (OWNER, "xx.sender"), (HOLDER, to), ("xx.sender", HOLDER),
        ("<CountryCode>AU", "<CountryCode>KR"), ("<CountryCode>SG", "<CountryCode>AU"),
    ):  # fmt: skip
        header = header.replace(old, new)
    for name, value in (("MessageId", message_id(to + more)), ("CaseId", message_id("case" + to))):
        header = re.sub(f"<{name}>.*</{name}>", f"<{name}>{value}</{name}>", header)
    header = re.sub(r"\s*<InReplyTo>.*</InReplyTo>", "", header)
    rest = LABEL.sub(PLAIN.format(more=more), rest).replace("flow.csv", "annex.csv")
    (folder / "annex.csv").write_bytes((STEP.parent / "flow.csv").read_bytes())
    path = folder / "onward.xml"
    path.write_text(header + end + rest, encoding="utf-8")
    return path


async def refused(world: World, path: Path) -> set[str]:
    """The rules by which it is refused."""
    with pytest.raises(InvalidMessageError) as caught:
        await hand_in(world.stations[HOLDER], path, world.folder / "capture")
    return {each.rule for each in caught.value.findings if each.blocks}


async def consent(world: World, folder: Path) -> None:
    asked = (
        f"{item('A-FLOW')}<u:NewPurpose>A case of their own.</u:NewPurpose>"
        "<u:ProceedingsConcerned>2026-K-1</u:ProceedingsConcerned>"
        f"<u:IntendedRecipient>{THIRD}</u:IntendedRecipient><u:ExculpatoryOnly>false</u:ExculpatoryOnly>"
    )
    await world.say(said(folder, "ask", "UseConsentRequest", asked, by=HOLDER))
    decided = "<u:ConsentDecision>GRANTED</u:ConsentDecision>"
    at = "2026-06-10T02:00:00Z"
    await world.say(said(folder, "decide", "UseConsentDecision", decided, answers="ask", at=at))


async def test_what_may_not_be_passed_on_is_refused_and_nothing_is_kept(given: World, tmp_path: Path) -> None:
    before = rows(given.stations[HOLDER].data)
    assert await refused(given, passed_on(tmp_path)) == {"BR-064c"}
    assert rows(given.stations[HOLDER].data) == before
    # Its owner and who sent it may have it back.
    await hand_in(given.stations[HOLDER], passed_on(tmp_path, to=OWNER), tmp_path)


async def test_with_consent_it_goes_and_takes_its_label_along(given: World, tmp_path: Path) -> None:
    await consent(given, tmp_path)
    assert await refused(given, passed_on(tmp_path, "")) == {"BR-064e"}
    assert await hand_in(given.stations[HOLDER], passed_on(tmp_path), tmp_path)
    await hand_in(
        given.stations[HOLDER], passed_on(tmp_path, to=OWNER), tmp_path
    )  # its owner may have it back
    async with reports(given.stations) as found:
        (said,) = await found.ask[OWNER](act_of(STEP).case_id)
    (access,) = said.kept[0].report.accesses
    assert (access.kind, access.pid, access.part, access.to) == (
        AccessKind.PASSED,
        package(given.stations[HOLDER]),
        1,
        THIRD,
    )


async def test_where_the_owner_said_nothing_an_officer_gives_a_reason(given: World, tmp_path: Path) -> None:
    silent = PLAIN.format(more="").replace("Handling>", "u:NewHandling>")
    body = f"{item('A-FLOW')}{silent}<u:EffectiveFrom>2020-01-01T00:00:00Z</u:EffectiveFrom>"
    await given.say(said(tmp_path, "silent", "RestrictionChange", body))
    assert await hand_in(given.stations[HOLDER], passed_on(tmp_path), tmp_path)
    overridden = {
        decode(each.body).facts["rule"]
        for each in given.stations[HOLDER].store.read.events("rule.overridden", 10)
    }
    assert "BR-064d" in overridden


async def test_a_recall_that_comes_between_check_and_commit_counts(given: World, tmp_path: Path) -> None:
    await consent(given, tmp_path)
    holder = given.stations[HOLDER]
    seen = await look(holder.gateway, holder.dockets, act_of(passed_on(tmp_path)), None)
    assert seen.onward == ()
    await given.say(said(tmp_path, "recall", "RecallNotice", recall("A-FLOW"), at="2026-06-11T02:00:00Z"))
    with pytest.raises(CaseMovedError):
        await holder.store.write(seen.require_unmoved)
    assert await refused(given, passed_on(tmp_path)) == {"BR-064c"}
