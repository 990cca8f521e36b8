"""A case lives from the request to its closure by the words of two officers, through two real servers."""

import asyncio
import base64
import json
import secrets
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from emla.bootstrap.own import DATABASE
from emla.cli.sending import submit
from emla.writing.build import build
from tests.support.cli import Outcome, emla, short_folder
from tests.support.patience import PATIENCE_SECONDS
from tests.support.servers import Server, running
from tests.support.written import HEADER, INDEX, SHAPE, interview, written

CASE = HEADER["MessageHeader/CaseId"]
SIGNED = ("--signed-by", "An Officer", "--post", "Adviser", "--at", "The Hague")
PHONES = ("MessageHeader/Sender/Contact[1]/Phone", "MessageHeader/Recipient/Contact[1]/Phone")
SAID = (
    *SIGNED, "--confidentiality", "RESTRICTED", "--set", "Handling/ConfidentialityRequested=no",
    *(word for place in PHONES for word in ("--set", f"{place}=+31 70 555 0100")),
)  # fmt: skip
"""What every act says here: the profiles of these authorities name no telephone, and nobody has opened a message."""
LOG = b"2026-03-01T00:00:00Z GET /\n"


def say(server: Server, *words: str | Path) -> Outcome:
    outcome = emla("case", "act", CASE[:8], *words, *SAID, "--yes", "--data", server.data, "--json")
    assert outcome.code == 0, outcome.out + outcome.err
    return outcome


async def dictated(server: Server, preview: bool, key: str = "", **body: object) -> tuple[int, Any]:  # noqa: FBT001 - which of two calls
    """The same without XML and without a command: as a case system says it, for the case as it looked at it."""
    said = dict(body.pop("said", {}) or {}) | {"confidentiality": "RESTRICTED"}  # type: ignore[call-overload]
    answers = {"Handling/ConfidentialityRequested": "no"} | dict.fromkeys(PHONES, "+31 70 555 0100")
    signer = {"name": "An Officer", "post": "Adviser", "place": "The Hague"}
    whole = {"said": said, "answers": answers, "signer": signer, **body}
    async with server.client() as client:
        path = f"/v1/cases/{CASE[:8]}"
        tag = (await client.get(path)).headers["ETag"]
        way = "acts/preview" if preview else "acts"
        key = key or secrets.token_hex(16)
        async with client.post(
            f"{path}/{way}", json=whole, headers={"If-Match": tag, "Idempotency-Key": key}
        ) as answer:
            return answer.status, await answer.json(content_type=None)


def ask_by_json(server: Server) -> None:
    """Looked at first, then sent; and sent once, although it is said twice."""
    question: dict[str, Any] = {"act": "ask", "said": {"question": ["Which years?"], "ground": "UNCLEAR"}}
    before = shown(server)
    status, seen = asyncio.run(dictated(server, preview=True, **question))
    assert status == 200, (seen, [x for x in server.log.read_text().splitlines() if "scribe" in x])
    assert (status, seen["sendable"], seen["message"]) == (200, True, "SupplementaryInformationRequest"), seen
    assert "Which years?" in seen["document"]
    assert ("request", "AWAITING_SUPPLEMENT") in {(each["machine"], each["after"]) for each in seen["moves"]}
    assert shown(server) == before
    for wrong, code in (
        ({"act": "asks"}, "bad-request"),
        ({"act": "ask", "said": {"measure": "M1"}}, "bad-request"),
        ({"act": "ask", "request": "00"}, "not-found"),
        ({"act": "ask"}, "invalid-message"),
        ({"act": "withdraw"}, "invalid-message"),
        ({"act": "ask", "said": {"question": "Which \x01?"}}, "bad-request"),
    ):
        status, refused = asyncio.run(dictated(server, preview=False, **wrong))
        assert refused["code"] == code, refused
    assert shown(server) == before
    key = secrets.token_hex(16)
    status, done = asyncio.run(dictated(server, preview=False, key=key, **question))
    assert (status, done["state"]) == (201, "SENT"), done
    # As if the power had gone before the answer was kept: the call comes again, and it is the same act.
    with closing(sqlite3.connect(server.data / DATABASE, timeout=30)) as database, database:
        assert database.execute("DELETE FROM kept_answer").rowcount == 1
    assert asyncio.run(dictated(server, preview=False, key=key, **question)) == (201, done)
    assert len(shown(server)["acts"]) == len(before["acts"]) + 1


def results_by_json(server: Server) -> None:
    """With a file and its custody; hash and manifest are written from what comes."""
    status, done = asyncio.run(
        dictated(
            server,
            preview=False,
            act="results",
            said={
                "measure": "M1=EXECUTED_FULL",
                "final": True,
                "item": "DATA=A log",
                "holder": "The registry",
            },
            files=[
                {
                    "name": "access.log",
                    "media": "text/plain",
                    "content": base64.b64encode(LOG).decode(),
                    "belongs_to": "I1",
                }
            ],
            custody=["Registry; Ministry; 2026-08-10 09:15Z; Dispatch"],
        )
    )
    assert (status, done["state"]) == (201, "SENT"), done


def shown(server: Server) -> Any:
    outcome = emla("case", "show", CASE, "--data", server.data, "--json")
    return outcome.document if outcome.code == 0 else {"acts": (), "standings": ()}


def both_have(acts: int, state: str, *servers: Server) -> None:
    """Wait until so many acts are on every side; then the case stands there on each."""
    end = time.monotonic() + PATIENCE_SECONDS
    for server in servers:
        while len((found := shown(server))["acts"]) < acts:
            assert time.monotonic() < end, (server.id, acts)
            time.sleep(0.02)
        assert [each["request"] for each in found["standings"]] == [state], server.id


def a_second_officer_is_told(server: Server, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Two officers write at once: the first act is taken, the second officer is told, and keeps what was written."""
    monkeypatch.setenv("EMLA_DRAFTS", str(folder / "state" / "drafts"))

    def first_another(*given: Any, **named: Any) -> Any:
        monkeypatch.undo()
        say(server, "report", "--text", "It has begun.")
        return submit(*given, **named)

    monkeypatch.setattr("emla.cli.act_finish.submit", first_another)
    second = emla(
        "case", "act", CASE, "delay", "--ground", "VOLUME", *SAID, "--yes", "--data", server.data, "--json"
    )
    assert second.document["error"]["code"] == "case-changed", second.out  # type: ignore[index]  # JSON
    (kept,) = (folder / "state" / "acts").iterdir()
    assert f"emla message send {kept}/message.xml" in second.err


def open_results(server: Server, folder: Path, name: str) -> Outcome:
    pid = next(each["pid"] for each in shown(server)["acts"] if each["message_type"] == "ResultTransmission")
    return emla("message", "open", pid, "--part", "1", "--to", folder / name, "--data", server.data, "--json")


def what_is_recalled_is_out_of_reach(jp: Server, nl: Server, folder: Path, acts: int) -> None:
    """It was opened; its owner recalls it; it is not opened again; the holder says what became of it."""
    assert open_results(jp, folder, "first").code == 0
    assert (folder / "first" / "access.log").read_bytes() == LOG
    say(nl, "recall", "--ground", "INCORRECT", "--action", "QUARANTINE", "--item", "A1")
    both_have(acts + 1, "RESULTS_RECEIVED", jp, nl)
    refused = open_results(jp, folder, "second")
    assert refused.document["error"]["code"] == "recalled", refused.out  # type: ignore[index]  # JSON
    assert not list((folder / "second").iterdir())
    assert open_results(nl, folder, "own").code == 0
    screen = emla("case", "show", CASE, "--data", jp.data)
    assert "RECALLED by nl.moj" in " ".join(screen.out.split())
    say(jp, "confirm-recall", "--item", "A1", "--outcome", "QUARANTINED")
    both_have(acts + 2, "RESULTS_RECEIVED", jp, nl)
    things = next(
        each["things"] for each in shown(nl)["holdings"] if each["message_type"] == "ResultTransmission"
    )
    assert [each["recalled"]["result"] for each in things if each["recalled"]] == ["QUARANTINED"]


BY_JSON = {"ask": ask_by_json, "results": results_by_json}


def test_a_case_lives_by_the_words_of_two_officers(monkeypatch: pytest.MonkeyPatch) -> None:
    with short_folder() as folder, running(folder, "jp.moj", "nl.moj") as (jp, nl):
        request = folder / "request.xml"
        answers = written("GOV_PUBLIC_RECORDS", "JUDICIAL_RECORDS", gates=False)
        request.write_bytes(build(interview(), answers, INDEX, SHAPE, HEADER))
        sent = emla("message", "send", request, "--data", jp.data, "--json")
        assert sent.code == 0, sent.err
        (folder / "access.log").write_bytes(LOG)
        (folder / "decision.p7s").write_bytes(b"a national signature")
        both_have(1, "SUBMITTED", jp, nl)

        refused = emla("case", "act", CASE, "withdraw", "--yes", "--data", nl.data, "--json")
        assert refused.code == 3
        assert json.loads(refused.out)["error"]["findings"][0]["rule"] == "BR-054"

        course: tuple[tuple[Server, str, tuple[str | Path, ...]], ...] = (
            (nl, "RECEIVED", ("confirm-receipt", "--reference", "NL-1",
                              "--set", "ReceivedByAuthority/Contact[1]/Phone=+31 70 555 0100")),
            (nl, "AWAITING_SUPPLEMENT", ("ask",)),  # said by a case system
            (jp, "UNDER_REVIEW", ("answer", "--question", "Q1=2024 and 2025.")),
            (nl, "IN_EXECUTION", ("decide", "--measure", "M1=ACCEPTED", "--measure", "M2=REFUSED:DE_MINIMIS",
                                  "--reason", "M2=It is too little.", "--no-consultation", "It was announced.",
                                  "--signature", folder / "decision.p7s")),
            (nl, "RESULTS_SENT", ("results",)),  # the same
            (jp, "RESULTS_RECEIVED", ("confirm-results", "--verified", "yes")),
            (jp, "RESULTS_RECEIVED", ("close",)),
            (nl, "CLOSED", ("agree-to-close",)),
        )  # fmt: skip
        acts = 1
        for server, state, words in course:
            if words[0] == "results":
                a_second_officer_is_told(nl, monkeypatch, folder)
                acts += 1
            if words[0] == "close":
                what_is_recalled_is_out_of_reach(jp, nl, folder, acts)
                acts += 2
            by_json = BY_JSON.get(str(words[0]))
            by_json(server) if by_json else say(server, *words)
            acts += 1
            both_have(acts, state, jp, nl)
        assert shown(jp)["standings"][0]["measures"] == shown(nl)["standings"][0]["measures"]
        assert shown(jp)["etag"] == shown(nl)["etag"]
        # The national signature is there for people to see.
        decision = next(each for each in shown(jp)["acts"] if each["message_type"] == "Decision")
        parts = emla("message", "show", decision["pid"], "--data", jp.data, "--json").document["parts"]
        assert [each["role"] for each in parts] == ["main", "signature"]  # type: ignore[attr-defined]  # JSON

        closed = emla("case", "act", CASE, "consult", "--yes", "--data", jp.data)
        assert closed.code == 3
        assert "CA-006" in closed.err
        the_old_one_is_found_below_newer_ones(jp, request)


def the_old_one_is_found_below_newer_ones(server: Server, request: Path) -> None:
    """Who asks for cases that stand in some way is not told of the newest alone."""
    text = request.read_text(encoding="utf-8")
    for known in (CASE, HEADER["MessageHeader/MessageId"]):
        assert known in text
        text = text.replace(known, secrets.token_hex(16))
    request.write_text(text, encoding="utf-8")
    second = int(time.time())
    while int(time.time()) == second:  # what comes in one second is not told apart by when it came
        time.sleep(0.02)
    sent = emla("message", "send", request, "--data", server.data, "--json")
    assert sent.code == 0, sent.out
    newest: Any = emla("case", "list", "--limit", "1", "--data", server.data, "--json").document
    assert [each["case_id"] for each in newest["items"]] != [CASE]
    assert (len(newest["items"]), newest["more"]) == (1, True)
    found: Any = emla(
        "case", "list", "--limit", "1", "--state", "CLOSED", "--data", server.data, "--json"
    ).document
    assert ([each["case_id"] for each in found["items"]], found["more"]) == ([CASE], False)
