"""Row 56. RFC 9421 signature missing coverage, reused nonce, other emla-to, expired, other tag.

Expected: 401. Against a running hub: each call here would empty a mailbox, and the mailbox stays as it was.
"""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from emla.formats import http_signature as form
from emla.formats import mailbox as mailbox_form
from emla.model.call import Call, CallSignature
from emla.model.mailbox import Release
from tests.support.authorities import build, party
from tests.support.hubs import Hub, acceptance, hub_at

AT, DE, HUB = party("at.moj"), party("de.bfj"), party("eu.hub")
PACKAGE = build(AT, DE)
TARGET = "/emla/1/mailbox/release"
Fields = dict[str, str]


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with hub_at(tmp_path / "hub", HUB, AT, DE) as found:
        assert (await found.put_package(PACKAGE)).status == 200
        yield found


async def emptying(hub: Hub) -> bytes:
    """The body of a call that lets everything go."""
    (item,) = await hub.list_of(DE)
    return mailbox_form.encode_releases([Release(item=item.item, proof=acceptance(DE, PACKAGE))])


def respelled(old: str, new: str) -> Callable[[Fields], Fields]:
    def change(fields: Fields) -> Fields:
        assert old in fields["Signature-Input"]
        return fields | {"Signature-Input": fields["Signature-Input"].replace(old, new)}

    return change


def without(name: str) -> Callable[[Fields], Fields]:
    return lambda fields: {key: value for key, value in fields.items() if key != name}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(without("Signature"), "unsigned-call", id="no signature"),
        pytest.param(without("Signature-Input"), "unsigned-call", id="no input"),
        pytest.param(without("Emla-From"), "unsigned-call", id="nobody calls"),
        pytest.param(without("Content-Digest"), "bad-call-signature", id="no digest"),
        pytest.param(respelled('"content-digest" ', ""), "unsigned-call", id="the body is not covered"),
        pytest.param(respelled('"@path" ', ""), "unsigned-call", id="the path is not covered"),
        pytest.param(respelled(' "emla-to"', ""), "unsigned-call", id="the recipient is not covered"),
        pytest.param(respelled("emla-http/1", "emla-http/2"), "unsigned-call", id="another tag"),
        pytest.param(respelled("ed25519", "rsa-v1_5-sha256"), "unsigned-call", id="another algorithm"),
    ],
)
async def test_a_call_that_is_not_signed_whole_empties_nothing(
    hub: Hub, change: Callable[[Fields], Fields], code: str
) -> None:
    body = await emptying(hub)
    answer = await hub.send("POST", TARGET, body, change(hub.signed(DE, "POST", TARGET, body)))
    assert (answer.status, answer.code) == (401, code)
    assert len(await hub.list_of(DE)) == 1


def _signed_at(hub: Hub, body: bytes, created: int, expires: int) -> Fields:
    call = Call(method="POST", path=TARGET, query="", sender=DE.id, recipient=hub.id, body=body)
    signature = CallSignature(created=created, expires=expires, nonce=os.urandom(16), kid=DE.sign.kid)
    return form.encode_fields(call, signature, DE.sign.sign(form.call_base(call, signature)))


@pytest.mark.parametrize(("created", "expires"), [(-300, 0), (301, 400), (0, 301)])
async def test_a_call_outside_its_time_empties_nothing(hub: Hub, created: int, expires: int) -> None:
    body, now = await emptying(hub), int(hub.home.clock.now())
    answer = await hub.send("POST", TARGET, body, _signed_at(hub, body, now + created, now + expires))
    assert (answer.status, answer.code) == (401, "stale-call")
    assert len(await hub.list_of(DE)) == 1


async def test_a_nonce_is_good_once(hub: Hub) -> None:
    target = "/emla/1/mailbox?after=0&wait=0"
    fields = hub.signed(DE, "GET", target)
    assert (await hub.send("GET", target, headers=fields)).status == 200
    again = await hub.send("GET", target, headers=fields)
    assert (again.status, again.code) == (401, "replayed-call")


async def test_a_call_from_before_a_restart_is_not_repeated_after_it(tmp_path: Path) -> None:
    target = "/emla/1/mailbox?after=0&wait=0"
    async with hub_at(tmp_path / "hub", HUB, AT, DE) as hub:
        fields = hub.signed(DE, "GET", target)
        assert (await hub.send("GET", target, headers=fields)).status == 200
        clock = hub.home.clock
    clock.at += 1
    async with hub_at(tmp_path / "hub", HUB, AT, DE, clock=clock) as hub:
        again = await hub.send("GET", target, headers=fields)
        assert (again.status, again.code) == (401, "replayed-call")
        assert await hub.list_of(DE) == ()


async def test_a_call_to_another_hub_is_refused(hub: Hub) -> None:
    body = await emptying(hub)
    answer = await hub.send("POST", TARGET, body, hub.signed(DE, "POST", TARGET, body, to="eu.hub-two"))
    assert (answer.status, answer.code) == (401, "misdirected-call")
    assert len(await hub.list_of(DE)) == 1


async def test_the_key_of_another_member_signs_nothing(hub: Hub) -> None:
    body = await emptying(hub)
    answer = await hub.send("POST", TARGET, body, hub.signed(DE, "POST", TARGET, body, signer=AT.sign))
    assert (answer.status, answer.code) == (401, "bad-call-signature")
    assert len(await hub.list_of(DE)) == 1


async def test_another_body_under_the_same_signature_empties_nothing(hub: Hub) -> None:
    body = await emptying(hub)
    fields = hub.signed(DE, "POST", TARGET, b'{"items":[{"item":99}],"v":1}')
    answer = await hub.send("POST", TARGET, body, fields)
    assert (answer.status, answer.code) == (401, "bad-call-signature")
    fields["Content-Digest"] = form.content_digest(body)
    answer = await hub.send("POST", TARGET, body, fields)
    assert (answer.status, answer.code) == (401, "bad-call-signature")
    assert len(await hub.list_of(DE)) == 1


async def test_every_call_about_a_mailbox_needs_a_signature(hub: Hub) -> None:
    for route in hub.client.server.app.router.routes():  # type: ignore[attr-defined]  # a TestServer has its application
        if "mailbox" in route.resource.canonical:
            path = route.resource.canonical.replace("{item}", "1")
            answer = await hub.send(route.method, path, b"{}" if route.method == "POST" else None)
            assert (answer.status, answer.code) == (401, "unsigned-call"), path
