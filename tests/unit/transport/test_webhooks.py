"""The line to targets of webhooks: it goes where the operator said, to an address that was looked at, and nowhere else."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver

from emla.model.errors import ConfigurationError, EmlaError, TransportError
from emla.model.settings import WebhookSettings
from emla.model.webhook import URL_CHARACTERS_MAX
from emla.transport.webhooks import HttpTargets
from tests.support.ports import free_port
from tests.support.webhook_receiver import Receiver, make_authority, receiving

BODY = b"{}"
NAMED = WebhookSettings(allowed_hosts="cases.example.org, hooks.example.org:8443")


@asynccontextmanager
async def targets(**settings: object) -> AsyncIterator[HttpTargets]:
    made = HttpTargets(WebhookSettings(**settings))  # type: ignore[arg-type]  # members by name
    try:
        yield made
    finally:
        await made.close()


def near(receiver: Receiver, **settings: object) -> dict[str, object]:
    return {"allowed_hosts": receiver.host, "allow_loopback": True} | settings


async def failure(target: HttpTargets, url: str) -> EmlaError:
    with pytest.raises(TransportError) as caught:
        await target.post(url, {}, BODY)
    return caught.value


def is_refused(target: HttpTargets, url: str) -> bool:
    with pytest.raises(TransportError) as caught:
        target.check(url)
    return caught.value.code == "refused-target"


@pytest.mark.parametrize(
    ("url", "called"),
    [
        ("https://cases.example.org/emla", "https://cases.example.org/emla"),
        ("https://CASES.example.org:443/a?b=c", "https://cases.example.org/a?b=c"),
        ("https://cases.example.org", "https://cases.example.org/"),
        ("https://hooks.example.org:8443/a/../b", "https://hooks.example.org:8443/b"),
    ],
)
def test_an_address_of_a_host_that_is_named_is_called(url: str, called: str) -> None:
    assert HttpTargets(NAMED).check(url) == called


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cases.example.org/emla",
        "ftp://cases.example.org/",
        "http://cases.example.org/",
        "https:///emla",
        "https://other.example.org/",
        "https://cases.example.org.evil.example/",
        "https://evil.example/cases.example.org",
        "https://cases.example.org:8443/",
        "https://hooks.example.org/",
        "https://user@cases.example.org/",
        "https://cases.example.org@evil.example/",
        "https://evil.example#@cases.example.org/",
        "https://cases.example.org/#part",
        "https://cases.example.org/a b",
        "https://cases.example.org/\nHost: x",
        "https://cäses.example.org/",
        "https://cases.example.org:99999/",
        "https://[::1/",
        "https://cases.example.org/" + "a" * URL_CHARACTERS_MAX,
    ],
)
def test_any_other_address_is_refused_before_it_is_resolved(url: str) -> None:
    assert is_refused(HttpTargets(NAMED), url)


def test_without_a_host_that_is_named_nothing_is_called() -> None:
    for url in ("https://cases.example.org/", "https://:443/", "https:///"):
        assert is_refused(HttpTargets(WebhookSettings()), url)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.0.0.7", "169.254.169.254", "[fd00::1]"])
def test_a_number_is_this_machine_and_only_where_a_setting_says_so(host: str) -> None:
    url = f"https://{host}/"
    for private in (False, True):
        settings = WebhookSettings(allowed_hosts=host, allow_private_addresses=private)
        assert is_refused(HttpTargets(settings), url)
    allowing = HttpTargets(WebhookSettings(allowed_hosts=host, allow_loopback=True))
    if host in ("127.0.0.1", "[::1]"):
        assert allowing.check(url) == url
        assert allowing.check(f"http://{host}/") == f"http://{host}/"
    else:
        assert is_refused(allowing, url)


def test_a_name_without_tls_is_refused_also_where_this_machine_may_be_called() -> None:
    near = HttpTargets(WebhookSettings(allowed_hosts="localhost", allow_loopback=True))
    assert is_refused(near, "http://localhost/")


@pytest.mark.parametrize(
    ("address", "private", "reached"),
    [
        ("10.0.0.7", False, False),
        ("10.0.0.7", True, True),
        ("fd00::1", True, True),
        ("127.0.0.1", True, False),
        ("169.254.169.254", True, False),
        ("::1", True, False),
        ("0.0.0.0", True, False),
        ("::ffff:127.0.0.1", True, False),
        ("::ffff:169.254.169.254", True, False),
        ("::ffff:10.0.0.7", True, True),
        ("64:ff9b::7f00:1", True, False),
        ("64:ff9b::a9fe:a9fe", True, False),
        ("64:ff9b::5db8:d70e", False, True),
        ("64:ff9b:1::a9fe:a9fe", True, False),
        ("2002:7f00:1::", True, False),
        ("2001:0:7f00:1:0:0:80ff:fffe", True, False),
        ("::127.0.0.1", True, False),
        ("fec0::1", True, False),
        ("240.0.0.1", True, False),
        ("255.255.255.255", True, False),
        ("224.0.0.1", True, False),
        ("192.0.0.192", True, False),
        ("fd00:ec2::254", True, False),
        ("93.184.215.14", False, True),
    ],
)
async def test_a_name_that_leads_where_it_must_not_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, address: str, *, private: bool, reached: bool
) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    async def resolve(*_: object) -> list[ResolveResult]:
        found = ResolveResult(
            hostname="cases.example.org", host=address, port=443, family=family, proto=0, flags=0
        )
        return [found]

    connected: list[str] = []

    async def connect(_: asyncio.AbstractEventLoop, sock: socket.socket, where: tuple[str, int]) -> None:
        connected.append(where[0])
        raise ConnectionRefusedError(111, "refused by the test")

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)
    monkeypatch.setattr(type(asyncio.get_running_loop()), "sock_connect", connect)
    async with targets(allowed_hosts="cases.example.org", allow_private_addresses=private) as target:
        error = await failure(target, "https://cases.example.org/")
    assert error.code == "target-unreachable"
    assert connected == ([address] if reached else [])


async def test_a_redirect_is_an_answer_and_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with receiving() as receiver, targets(**near(receiver)) as target:
        for status in (301, 302, 307, 308):
            receiver.answers.append(web.Response(status=status, headers={"Location": receiver.url}))
        statuses = [(await target.post(receiver.url, {}, BODY)).status for _ in range(4)]
        assert statuses == [301, 302, 307, 308]
        assert len(receiver.bodies) == 4


async def test_a_certificate_by_the_house_is_good_where_the_operator_says_so_and_nowhere_else(
    tmp_path: Path,
) -> None:
    ca, context = make_authority(tmp_path / "a")
    other, _ = make_authority(tmp_path / "b")
    async with receiving(context) as receiver:
        async with targets(**near(receiver, ca_file=str(ca))) as target:
            assert (await target.post(receiver.url, {"Emla-Webhook": "x"}, BODY)).status == 200
            assert receiver.headers[0]["Emla-Webhook"] == "x"
        for settings in ({"ca_file": str(other)}, {}):
            async with targets(**near(receiver, **settings)) as target:
                error = await failure(target, receiver.url)
                assert error.code == "target-unreachable"
                assert "certificate" in error.detail
        assert len(receiver.bodies) == 1


async def test_a_long_answer_is_not_read_and_patience_is_asked_for_in_seconds() -> None:
    async with receiving() as receiver, targets(**near(receiver)) as target:
        receiver.answers.append(web.Response(body=bytes(5_000_000)))
        assert (await target.post(receiver.url, {}, BODY)).status == 200
        for words, seconds in (("7", 7.0), ("soon", 0.0), ("99999999", 3600.0), ("9" * 40, 0.0)):
            receiver.answers.append(web.Response(status=503, headers={"Retry-After": words}))
            assert (await target.post(receiver.url, {}, BODY)).retry_after_seconds == seconds


async def test_a_target_that_hangs_or_is_not_there_or_speaks_otherwise_is_unreachable() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\x01 what?\r\n\r\n")
        await writer.drain()
        writer.close()

    async with receiving() as receiver:
        receiver.hold = asyncio.Event()
        async with targets(**near(receiver, timeout_seconds=0.05)) as target:
            error = await failure(target, receiver.url)
        assert (error.code, error.detail) == ("target-unreachable", "It did not answer in time.")
        receiver.hold.set()
    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, targets(allowed_hosts=f"127.0.0.1:{port}", allow_loopback=True) as target:
        assert (await failure(target, f"http://127.0.0.1:{port}/")).code == "target-unreachable"
    nobody = f"127.0.0.1:{free_port()}"
    async with targets(allowed_hosts=nobody, allow_loopback=True) as target:
        assert (await failure(target, f"http://{nobody}/")).code == "target-unreachable"


def test_certificates_that_cannot_be_read_end_the_start(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for path in (tmp_path / "missing.pem", tmp_path / "empty.pem"):
        settings = WebhookSettings(allowed_hosts="cases.example.org", ca_file=str(path))
        with pytest.raises(ConfigurationError, match=path.name):
            HttpTargets(settings)
