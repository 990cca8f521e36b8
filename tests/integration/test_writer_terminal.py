"""A request is written at a real terminal, through a power cut, and goes to another gateway."""

import json
import stat
from pathlib import Path

import pexpect

from emla.formats.schema import Schemas
from emla.formats.xml import parse_xml
from emla.model.limits import XmlLimits
from tests.support.cli import emla, short_folder
from tests.support.officer import Officer
from tests.support.servers import running
from tests.support.terminals import interrupt

C = "{urn:emla:common:1}"
SCHEMAS = Schemas(Path(__file__).parents[2] / "schemas")

HEARING = {
    "What is asked for": "HEARING_VIDEO",
    "Your own reference": "MOJ-2026-0501",
    "Person role": "WITNESS",
    "Measure 1: Coercive": "no",
    "Why not in person": "The witness is too ill to travel.",
    "Measure 1, conducting authority: Name": "Tokyo District Court",
    "Person ref": "P1",
    "time window 1: Begin": "2027-02-01 08:00 +09:00",
    "time window 1: End": "2027-02-01 11:00 +09:00",
}
BANK = {
    "Path of the file": "law.pdf",
    "Document type": "TEXT_OF_LAW",
    "Attachment 1: Language": "ja",
    "File with the text of the law": "A1",
    "What is asked for": "BANK_RECORDS",
    "Your own reference": "MOJ-2026-0502",
    "Institution": "Gracht Bank N.V.",
    "account 1: which of these": "Iban",
    "IBAN": "NL91 ABNA 0417 1643 00",
    "period: From": "2026-01-01",
    "period: To": "2026-06-01",
}


def service(summons: Path) -> dict[str, str]:
    return {
        "What is asked for": "SERVICE_DOCUMENTS",
        "Your own reference": "MOJ-2026-0503",
        "Path of the file": str(summons),
        "Document type": "SUMMONS",
        "Attachment 1: Language": "ja",
        "Person ref": "P1",
        "Document attachment": "A1",
        "Service mode": "SIMPLE",
        "Hearing date": "2027-03-01",
        "Penalty notice": "no",
    }


def measures(request: Path) -> list[str]:
    tree = parse_xml(request.read_bytes(), XmlLimits())
    assert SCHEMAS.validate(tree) == ()
    return [each.findtext(f"{C}MeasureType") or "" for each in tree.root.iterchildren(f"{C}Measure")]


def test_three_requests_are_written_one_through_a_power_cut_and_one_is_sent() -> None:
    with short_folder() as folder, running(folder, "jp.moj", "nl.moj") as (jp, _):
        desk = folder / "desk"
        desk.mkdir()
        (desk / "law.pdf").write_bytes(b"%PDF-1.7 Penal Code, Article 246-2")
        officer = Officer(data=jp.data, folder=desk)

        # The first is killed in the middle: what was answered is there, privately, and goes on where it was.
        assert officer.write(officer.begin("--to", "hearing"), HEARING, kill_at="Family name") < 0
        (draft,) = (desk / "state" / "emla" / "drafts").glob("*.draft.json")
        assert stat.S_IMODE(draft.stat().st_mode) == 0o600
        assert "Tokyo District Public Prosecutors Office" in draft.read_text(encoding="utf-8")
        before = len(officer.asked)
        assert officer.write(officer.begin("--to", "hearing", "--resume", "last"), HEARING) == 0, (
            officer.screen
        )
        assert "Family name" in officer.asked[before]
        assert measures(desk / "hearing" / "request.xml") == ["HEARING_VIDEO"]

        assert officer.write(officer.begin("--to", "bank"), BANK) == 0, officer.screen[-3000:]
        assert measures(desk / "bank" / "request.xml") == ["BANK_RECORDS"]
        assert (desk / "bank" / "request.pdf").read_bytes().startswith(b"%PDF-")

        summons = folder / "summons.pdf"
        summons.write_bytes(b"%PDF-1.7 a summons")
        assert officer.write(officer.begin("--to", "service"), service(summons)) == 0, officer.screen[-3000:]
        assert measures(desk / "service" / "request.xml") == ["SERVICE_DOCUMENTS"]

        # The command it ends with sends it, with the file.
        assert "To send it: emla message send service/request.xml --wait 60" in officer.screen
        request = desk / "service" / "request.xml"
        sent = emla("message", "send", str(request), "--wait", "60", "--data", str(jp.data), "--json")
        assert sent.code == 0, sent.err
        told = json.dumps(sent.document)
        assert "RelayAcceptance" in told


def test_explaining_going_back_leaving_for_later_jumping_and_stopping() -> None:
    with short_folder() as folder:
        officer = Officer(data=folder / "none", folder=folder)
        child = officer.begin()
        steps = (
            ("Sender: Authority id", "?"),  # explains, with its source, and asks again
            ("BR-002.*Sender: Authority id", "jp"),
            ("lower case with dots.*Sender: Authority id", "jp.moj"),
            ("Sender: Name", "Ministry"),
            ("Person name", "<"),
            (
                r"Sender: Name \[Ministry\]",
                "Ministry of Justice",
            ),  # what was typed is offered, and may be changed
            ("Person name", ">"),
            ("Post or office", "=8"),
            ("8/13 Persons.*Add person", "yes"),
            ("Person role", "4"),
            ("which of these", "="),
            (r"=13.*Signature.*which of these", "!"),
        )
        for question, typed in steps:
            child.expect(rf"(?s){question}[^>]*\r\n> ")
            child.sendline(typed)
        child.expect("Everything is saved. To go on: emla message new --resume ([0-9a-f]{12})")
        resumed = child.match[1]
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 130

        draft = (folder / "state/emla/drafts" / f"{resumed}.draft.json").read_text(encoding="utf-8")
        answers = json.loads(draft)["answers"]
        assert answers["MessageHeader/Sender/Name"] == "Ministry of Justice"
        assert answers["Person[1]/PersonRole"] == "VICTIM"

        again = officer.begin("--resume", resumed)
        again.expect(r"Person name \[leave out\]\r\n> ")
        interrupt(again, "Everything is saved")
        again.expect(pexpect.EOF)


def test_a_line_can_be_edited_is_as_long_as_it_is_and_a_paste_is_one_answer() -> None:
    with short_folder() as folder:
        child = Officer(data=folder / "none", folder=folder).begin("--to", "x", terminal="xterm")
        long = "A facts summary of more letters than a terminal hands on by itself. " * 90
        steps = (
            ("Sender: Authority id", "p.moj\x01j"),  # Ctrl-A goes to the beginning of the line
            ("Sender: Name", "\x1b[200~Ministry\nHead of unit\x1b[201~"),
            ("2 lines came at once.*Sender: Name", "=10"),
            ("Purpose", long),
        )
        for question, typed in steps:
            child.expect(rf"(?s){question}.*> ")
            child.sendline(typed)
        child.expect(r"(?s)Urgency level.*> ")
        interrupt(child, "Everything is saved")
        child.expect(pexpect.EOF)
        child.close()
        (draft,) = (folder / "state/emla/drafts").glob("*.draft.json")
        answers = json.loads(draft.read_text(encoding="utf-8"))["answers"]
        assert answers["MessageHeader/Sender/AuthorityId"] == "jp.moj"
        assert "MessageHeader/Sender/Name" not in answers
        assert answers["Purpose"] == long.strip()
