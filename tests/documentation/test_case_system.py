"""The page for who connects a case system: its receiver is run and called, its calls are there."""

import asyncio
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from pathlib import Path

import pytest

from emla.formats.webhook import Posted, public_pem, signed_fields, webhook_key
from emla.model.settings import WebhookSettings
from emla.transport.webhooks import HttpTargets
from emla.web.rights import OPERATIONS

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "connect-a-case-system.md").read_text(
    encoding="utf-8"
)
WEBHOOK, URL = "5d2c0f1e9a8b7c6d", "https://cases.example.org/emla"
KEY = webhook_key(bytes(range(32)), WEBHOOK)
NOW = 1_800_000_000


@contextmanager
def receiver(code: str) -> Iterator[int]:
    """The receiver of the page, listening; its port. The clock that it reads stands."""
    names: dict[str, object] = {"__name__": "receiver"}
    exec(compile(code, "connect-a-case-system.md", "exec"), names)
    handler = type("Quiet", (names["Receiver"],), {"log_message": lambda *_: None})  # type: ignore[arg-type]  # its class
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
            names["TAKEN"].close()  # type: ignore[attr-defined]  # a file


async def post(port: int, body: bytes, *, created: int = NOW, key: str = WEBHOOK, url: str = URL) -> int:
    """Post as the gateway does; the status."""
    signing = webhook_key(bytes(range(32)), key)
    posted = Posted(webhook=WEBHOOK, url=url, body=body, created=created, nonce=os.urandom(16))
    here = f"127.0.0.1:{port}"
    targets = HttpTargets(WebhookSettings(allowed_hosts=here, allow_loopback=True))
    try:
        fields = signed_fields(posted, signing)
        return (await targets.post(f"http://{here}/emla", fields, body)).status
    finally:
        await targets.close()


def test_the_receiver_of_the_page_takes_what_is_ours_once_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.time", lambda: NOW + 5.0)
    (tmp_path / "emla-webhook.pem").write_text(public_pem(KEY.public))
    one, two, ping = (json.dumps({"id": each}).encode() for each in ("1.5.9f3a2b1c", "1.6.0c77d1aa", None))

    async def call(port: int) -> list[int]:
        return [
            await post(port, one),
            await post(port, one),
            await post(port, two),
            await post(port, ping),
            await post(port, two, key="0" * 16),
            await post(port, two, url=URL + "/other"),
            await post(port, two, created=NOW - 400),
        ]

    taken = tmp_path / "taken.jsonl"
    with receiver(code) as port:
        assert asyncio.run(call(port)) == [200, 200, 200, 200, 401, 401, 401]
    assert taken.read_text().splitlines() == [one.decode(), two.decode()]
    # After a restart it still knows what it has.
    with receiver(code) as port:
        assert asyncio.run(post(port, one)) == 200
    assert len(taken.read_text().splitlines()) == 2


def test_each_call_of_the_page_is_one_that_is_served() -> None:
    found = re.findall(r"(GET|POST|PUT|DELETE) (/v1/[\w/{}.]+)", PAGE)
    assert len(found) >= 8
    assert [call for call in found if call not in OPERATIONS] == []
