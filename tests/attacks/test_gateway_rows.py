"""Rows 1-4, 6, 8-15, 18-21 and 26 against a running gateway: what the table calls no state leaves none in its database,
and what it calls ContentConsignmentFailure is exactly that. The same rows against the steps alone are in test_row_*.py.
"""

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator

import pytest

from emla.formats import cc1, header
from emla.formats.strict_json import Json
from emla.model.acknowledgement import Event
from emla.model.call import Call, CallSignature
from emla.model.limits import WIRE
from emla.model.package import PartRole
from tests.support.acknowledging import issue
from tests.support.attacked import Target, attacked
from tests.support.authorities import (
    MAIN,
    NOTHING,
    Package,
    Parts,
    Party,
    Secrets,
    Tampering,
    build,
    derived,
    secrets_of,
)
from tests.support.gateways import acknowledgement_id_of, answer_of
from tests.support.signed_calls import sign_call
from tests.support.two_keys import opens_under_both
from tests.vectors.cases_encoding import ChaCha

pytestmark = pytest.mark.xdist_group("attacked-gateway")
UNSIGNED = ("malformed", "bad-signature", "unknown-sender")
ORDER = 2**252 + 27742317777372353535851937790883648493
FULL = cc1.CHUNK_BYTES + cc1.TAG_BYTES
LARGE: Parts = (
    (PartRole.MAIN, "application/xml", "request.xml", MAIN),
    (PartRole.ANNEX, "application/octet-stream", "capture", derived("capture", length=150_000)),
)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with attacked(tmp_path_factory.mktemp("g")) as one:
        yield one


@pytest.fixture(autouse=True)
def honest_afterwards(target: Target) -> Iterator[None]:
    yield
    target.takes_an_honest_one()


def lie(target: Target, tampering: Tampering = NOTHING, parts: Parts | None = None) -> Package:
    """A package of AT to DE with a lie in it."""
    if parts is None:
        return build(target.at, target.recipient, number=target.number, tampering=tampering)
    return build(target.at, target.recipient, number=target.number, parts=parts, tampering=tampering)


def octets(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_refused_package_is_no_trouble_of_those_that_came_with_it(target: Target) -> None:
    honest, other = target.honest(), target.honest()
    broken = bytearray(other.payload)
    broken[7] ^= 1
    before = target.contents()["received"]
    outcomes = target.offer_together(
        (other.signed, bytes(broken)), (honest.signed, honest.payload), (honest.signed, honest.payload)
    )
    assert outcomes[0] == "digest-mismatch"
    assert target.state(honest) == "CONSIGNED"
    assert target.contents()["received"] == before + 1
    # The same package twice in one call is one package: either answer is its one RelayAcceptance, or to ask again.
    bundle = target.offer(honest.signed, honest.payload, honest.pid)[1]
    assert outcomes[1] == bundle
    assert outcomes[2] in (bundle, "processing")


# --- refused unsigned: no state, no leaf, no acknowledgement ---


def test_row_1_bytes_flipped_in_the_signed_header(target: Target) -> None:
    honest = lie(target)
    before = target.contents()
    for place in range(3, len(honest.signed), 61):
        signed = bytearray(honest.signed)
        signed[place] ^= 1
        status, problem = target.offer(bytes(signed), honest.payload, honest.pid)
        assert isinstance(problem, dict)
        assert problem["code"] in UNSIGNED
        assert status in (400, 403)
    assert target.contents() == before


def test_row_2_a_header_under_the_type_of_an_acknowledgement_and_the_reverse(target: Target) -> None:
    package = lie(target)
    wrong = json.loads(package.signed)
    wrong["payloadType"] = wrong["payloadType"].replace("header", "acknowledgement")
    assert wrong != json.loads(package.signed)
    before = target.contents()
    status, problem = target.offer(json.dumps(wrong).encode(), package.payload, package.pid)
    assert (status, isinstance(problem, dict) and problem["code"]) == (400, "malformed")
    signed = issue(target.at, package, Event.RELAY_ACCEPTANCE).signed
    status, problem = target.offer(signed, package.payload, package.pid)
    assert (status, isinstance(problem, dict) and problem["code"]) == (400, "malformed")
    status, problem = target.put(f"/emla/1/acknowledgements/{package.pid.hex()}", package.signed)
    assert (status, isinstance(problem, dict) and problem["code"]) == (400, "malformed")
    bundle = answer_of(target.at, package.subject, Event.RELAY_ACCEPTANCE)
    aid = acknowledgement_id_of(bundle)
    status, problem = target.put(f"/emla/1/acknowledgements/{aid.hex()}", bundle)
    assert (status, isinstance(problem, dict) and problem["code"]) == (404, "unknown-package")
    assert target.contents() == before


def test_row_3_a_good_signature_of_somebody_else(target: Target) -> None:
    package = build(target.at, target.recipient, number=target.number, signer=target.hk.sign)
    target.refuses(package, "bad-signature")


def test_row_4_a_key_listed_twice_and_an_algorithm_added(target: Target) -> None:
    def twice(signed: bytes) -> bytes:
        whole = json.loads(signed)
        whole["signatures"] *= 2
        return json.dumps(whole).encode()

    target.refuses(lie(target, Tampering(signed=twice)), "malformed")
    for place in ("alg", "signatures.0.alg"):
        target.refuses(lie(target, Tampering(envelope={place: "none"})), "malformed")


def test_row_6_a_second_spelling_of_the_signature(target: Target) -> None:
    def larger(signed: bytes) -> bytes:
        sig = header.decode_signed(signed).signatures[0].sig
        again = sig[:32] + (int.from_bytes(sig[32:], "little") + ORDER).to_bytes(32, "little")
        whole = json.loads(signed)
        whole["signatures"][0]["sig"] = octets(again)
        return json.dumps(whole, separators=(",", ":")).encode()

    target.refuses(lie(target, Tampering(signed=larger)), "bad-signature")


def test_row_8_a_header_addressed_to_somebody_else(target: Target) -> None:
    target.refuses(build(target.at, target.hk, number=target.number), "not-recipient")


def test_row_10_another_payload_under_the_same_header(target: Target) -> None:
    package = lie(target)
    other = lie(target)
    before = target.contents()
    status, problem = target.offer(package.signed, other.payload, package.pid)
    assert (status, isinstance(problem, dict) and problem["code"]) == (400, "digest-mismatch")
    assert target.contents() == before


@pytest.mark.parametrize(
    "change",
    [lambda s: s[:-1], lambda s: s + b"\0", lambda s: b"", lambda s: s * 40, lambda s: bytes(40_000)],
    ids=["shorter", "longer", "empty", "many", "large"],
)
def test_row_13_a_stanza_of_another_length(target: Target, change: Callable[[bytes], bytes]) -> None:
    target.refuses(lie(target, Tampering(stanza=change)), "malformed")


def test_row_13_a_stanza_of_a_mebibyte_is_not_even_read(target: Target) -> None:
    target.refuses(lie(target, Tampering(stanza=lambda _: bytes(1 << 20))), "malformed")


@pytest.mark.parametrize(
    "member",
    [
        b'"x":1',
        b'"ext":{"x":1},"crit":["x"]',
        b'"seq":1',
        b'"ext":{"x":NaN}',
        b'"ext":{"x":1e999}',
        b'"ext":{"x":"\\ud800"}',
        b'"ext":{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    ],
    ids=["unknown", "crit", "twice", "nan", "infinite", "surrogate", "deep"],
)
def test_row_18_what_is_not_strict_json_though_the_sender_signed_it(target: Target, member: bytes) -> None:
    tampering = Tampering(header_bytes=lambda data: b"{" + member + b"," + data[1:])
    target.refuses(lie(target, tampering), "malformed")


@pytest.mark.parametrize(
    "spell",
    [lambda s: s + "==", lambda s: s + "\n", lambda s: s[:4] + " " + s[4:], lambda s: "+/" + s[2:]],
    ids=["padded", "newline", "space", "standard"],
)
def test_row_19_a_second_spelling_of_bytes(target: Target, spell: Callable[[str], str]) -> None:
    target.refuses(lie(target, Tampering(header={"msg": spell("A" * 22)})), "malformed")
    target.refuses(lie(target, Tampering(envelope={"payload": spell("A" * 22)})), "malformed")


# --- accepted, and then ContentConsignmentFailure ---


def test_row_9_a_payload_of_somebody_else_under_an_own_header(target: Target) -> None:
    cases: tuple[tuple[str, Callable[[Package], Tampering]], ...] = (
        ("chunk-damaged", lambda ours: Tampering(payload=lambda _: ours.payload)),
        (
            "commit-mismatch",
            lambda ours: Tampering(
                payload=lambda _: ours.payload,
                commit=lambda _: header.key_commitment(
                    ours.cek, header.payload_binding(cc1.NAME, target.at.id, ours.header.payload.id)
                ),
            ),
        ),
        ("manifest-mismatch", lambda ours: Tampering(stream=lambda _: ours.stream)),
    )
    for code, stolen in cases:
        number = target.number
        both = Tampering(manifest={"to": [target.hk.id, target.recipient.id]})
        ours = build(target.at, target.hk, number=number, tampering=both)
        known = secrets_of(target.at.id, target.hk.id, number)
        kept = Secrets(
            cek=known.cek,
            salt=known.salt,
            msg=derived("new msg", number, length=16),
            payload_id=known.payload_id,
        )
        change = stolen(ours)
        tampering = Tampering(
            payload=change.payload,
            stream=change.stream,
            commit=change.commit,
            manifest_bytes=lambda _, ours=ours: ours.manifest,  # type: ignore[misc]  # the default binds this round's
        )
        package = build(target.hk, target.recipient, number=number, secrets=kept, tampering=tampering)
        target.fails_to_consign(package, code)


def test_row_11_a_stanza_moved_from_another_package(target: Target) -> None:
    other = lie(target).header.stanza
    target.fails_to_consign(lie(target, Tampering(stanza=lambda _: other)), "stanza-mismatch")


def test_row_12_a_payload_that_opens_under_two_keys(target: Target) -> None:
    number, second = target.number, derived("another cek")
    secret = secrets_of(target.at.id, target.recipient.id, number)
    pbind = header.payload_binding(cc1.NAME, target.at.id, secret.payload_id)
    both = opens_under_both(header.payload_key(secret.cek, pbind), header.payload_key(second, pbind))
    tampering = Tampering(payload=lambda _: both, wrapped_cek=lambda _: second)
    package = build(target.at, target.recipient, number=number, tampering=tampering)
    target.fails_to_consign(package, "commit-mismatch")


def chunks(payload: bytes) -> list[bytes]:
    return [payload[start : start + FULL] for start in range(0, len(payload), FULL)]


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c[:-1],
        lambda c: [c[0], c[0], *c[2:]],
        lambda c: [c[1], c[0], *c[2:]],
        lambda c: [c[0], c[0], *c[1:]],
        lambda c: [c[0], *c[2:]],
    ],
    ids=["last-dropped", "doubled", "swapped", "inserted", "removed"],
)
def test_row_14_chunks_dropped_doubled_swapped_or_added(
    target: Target, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    tampering = Tampering(payload=lambda payload: b"".join(change(chunks(payload))))
    target.fails_to_consign(lie(target, tampering, LARGE), "chunk-damaged")


def test_row_14_and_15_the_last_flag_dropped_and_a_good_chunk_after_the_last(target: Target) -> None:
    for last in (False, True):
        number = target.number
        secret = secrets_of(target.at.id, target.recipient.id, number)
        pbind = header.payload_binding(cc1.NAME, target.at.id, secret.payload_id)
        key = header.payload_key(secret.cek, pbind)

        def change(payload: bytes, key: bytes = key, *, last: bool = last) -> bytes:
            stream = cc1.open_all(key, payload)
            assert stream is not None
            number = len(chunks(payload)) - 1
            if not last:
                return b"".join(chunks(payload)[:-1]) + ChaCha(key).seal(
                    number, stream[number * cc1.CHUNK_BYTES :]
                )
            return payload + ChaCha(key).seal(number + 1, b"more", last=True)

        package = build(
            target.at,
            target.recipient,
            number=number,
            parts=LARGE,
            tampering=Tampering(payload=change),
        )
        target.fails_to_consign(package, "chunk-damaged")


@pytest.mark.parametrize(
    "changes",
    [{"from": "hk.doj"}, {"payload": octets(bytes(16))}, {"to": ["hk.doj"]}],
    ids=["from", "payload", "to"],
)
def test_row_20_a_manifest_that_contradicts_the_header(target: Target, changes: dict[str, Json]) -> None:
    target.fails_to_consign(lie(target, Tampering(manifest={**changes})), "manifest-mismatch")


def test_row_21_names_of_parts_are_never_paths(target: Target) -> None:
    names = ("../../x", "C:\\x", "a\x00b", "gnp.\u202etxt.exe", "/etc/passwd", "x" * 10_000)

    async def shown(pid: bytes) -> str:
        async with target.server.client() as client:
            answer = await client.get(f"/v1/messages/{pid.hex()}")
            return str((await answer.json())["parts"][1]["name"])

    for name in names:
        package = lie(target, Tampering(manifest={"parts.1.name": name}))
        status, _ = target.offer(package.signed, package.payload, package.pid)
        assert status == 200
        assert target.state(package) == "CONSIGNED"
        found = asyncio.run(shown(package.pid))
        assert 0 < len(found) <= 120
        assert not set(found) & set("/\\:\x00\u202e")
    assert not list(target.server.data.parent.rglob("*passwd*"))
    assert not list(target.server.data.parent.rglob("x"))


def test_row_26_every_malformed_stanza_gets_the_same_answer(target: Target) -> None:
    for number in range(8):

        def flipped(stanza: bytes, place: int = number * 149) -> bytes:
            place %= len(stanza)
            return stanza[:place] + bytes([stanza[place] ^ 1]) + stanza[place + 1 :]

        target.fails_to_consign(lie(target, Tampering(stanza=flipped)), "stanza-mismatch")


def test_row_49_documents_are_refused_by_the_length_they_announce(target: Target) -> None:
    before = target.contents()
    status, problem = target.put(f"/emla/1/documents/{target.at.id}", b" " * (WIRE.documents_bytes + 1))
    assert (status, isinstance(problem, dict) and problem["code"]) == (400, "malformed")
    assert target.contents() == before


def test_nobody_asks_in_an_owner_s_name_who_read_what_it_sent(target: Target) -> None:
    """Not without its signature, not with another's, not with one that was used before, and not in other words."""

    def asked(signer: Party | None, said: Party, path: str = f"/emla/1/accesses/{bytes(16).hex()}") -> str:
        query, now = "epoch=0&first=0", int(time.time())
        if signer is None:
            status, answer = target.put(f"{path}?{query}", None, "GET")
        else:
            call = Call(method="GET", path=path, query=query, sender=said.id, recipient=target.recipient.id)
            signature = CallSignature(
                created=now, expires=now + 120, nonce=target.number.to_bytes(16, "big"), kid=signer.sign.kid
            )
            fields = {
                name: values[0] for name, values in sign_call(call, signer.sign, signature).fields.items()
            }
            calls = [target.put(f"{path}?{query}", None, "GET", fields) for _ in range(2)]
            status, answer = calls[0]
            again = calls[1][1]
            assert isinstance(again, dict)
            assert again["code"] in ("replayed-call", "bad-call-signature")
        assert isinstance(answer, dict)
        assert status == answer["status"]
        return str(answer["code"])

    assert asked(None, target.at) == "unsigned-call"
    assert asked(target.hk, target.at) == "bad-call-signature"
    assert asked(target.at, target.at) == "not-found"
    assert asked(target.at, target.at, "/emla/1/accesses/00") == "malformed"
