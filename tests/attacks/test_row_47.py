"""Row 47. Imported card swapped in transit; wrong fingerprint groups typed.

Expected: import refused, attempt recorded.
"""

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.flow.documents.peers import root_fingerprint
from emla.formats.event import decode
from emla.formats.export import encode_export
from tests.support import authorities
from tests.support.authorities import party
from tests.support.calls import get
from tests.support.cli import emla
from tests.support.gateways import select
from tests.support.servers import Server, running

pytestmark = pytest.mark.xdist_group("row-47")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with running(tmp_path, "de.bfj") as (one,):
        monkeypatch.setattr(authorities, "NOW", one.made.authority.card.created)
        yield one


async def test_a_swapped_card_and_wrong_groups_are_refused_and_each_attempt_is_in_the_ledger(
    server: Server,
) -> None:
    honest, swapped = party("at.moj").authority, party("hk.doj").authority
    digits = root_fingerprint(honest)
    attempts = [
        # The file on the way was exchanged: the digits read over the telephone are not those of what arrived.
        (encode_export(swapped.documents), digits),
        (encode_export(honest.documents), digits[:-1] + ("0" if digits[-1] != "0" else "1")),
        (encode_export(honest.documents), ""),
    ]
    for number, (exported, typed) in enumerate(attempts, start=1):
        async with server.client() as client:
            answer = await client.post("/v1/peers", params={"fingerprint": typed}, data=exported)
            problem = await answer.json(content_type=None)
        assert (answer.status, problem["code"]) == (403, "fingerprint-mismatch")
        rows = select(server.data, "SELECT kind, body FROM event ORDER BY at")
        assert len(rows) == number
        recorded = [decode(body).facts["sha256"] for _, body in rows if isinstance(body, bytes)]
        assert hashlib.sha256(exported).hexdigest() in recorded
        assert {kind for kind, _ in rows} == {"import.refused"}
    assert (await get(server, "/v1/peers"))[1]["items"] == []
    leaves = select(server.data, "SELECT count(*) FROM leaf WHERE kind = 6")
    assert leaves == [(len(attempts),)]
    assert verify_ledger(server.data).problems == ()


def test_the_command_refuses_wrong_groups_and_the_attempt_is_in_the_ledger(
    server: Server, tmp_path: Path
) -> None:
    exported = encode_export(party("hk.doj").authority.documents)
    file = tmp_path / "their-card.json"
    file.write_bytes(exported)
    digits = root_fingerprint(party("at.moj").authority)
    outcome = emla("peer", "import", file, "--fingerprint", digits, "--data", server.data)
    assert outcome.code == 3
    assert "fingerprint-mismatch" in outcome.err
    ((kind, body),) = select(server.data, "SELECT kind, body FROM event")
    assert kind == "import.refused"
    assert isinstance(body, bytes)
    assert decode(body).facts["sha256"] == hashlib.sha256(exported).hexdigest()
    assert asyncio.run(get(server, "/v1/peers"))[1]["items"] == []
