"""The opener is a real process here: it opens what is good, says what is wrong, and may die without taking others with it."""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from emla.keyring.files import FileUse, make_key
from emla.model.errors import StoreError
from emla.model.findings import Severity
from emla.model.package import PartRole
from emla.model.settings import OpenerSettings
from emla.ports.sandbox import SandboxDiedError
from emla.sandbox import worker as subject
from emla.sandbox.opener import OpenerProcess
from emla.steps.seal import PayloadSealer
from tests.support.opener_packages import (
    SCHEMAS,
    BuiltPackage,
    PartBytes,
    address_sealed,
    build_package,
    readdress,
    sample_parts,
    seal_parts,
    write_opener_keys,
)
from tests.unit.sandbox.conftest import House

SMALL = os.urandom(24 * 1024)


def main_only(document: bytes) -> list[PartBytes]:
    return [(PartRole.MAIN, "application/xml", "message.xml", document)]


async def until(happened: Callable[[], bool]) -> None:
    """Wait for what another process does and nobody announces."""
    while not happened():
        await asyncio.sleep(0.01)


def hostile_document(elements: int) -> bytes:
    """Within every limit of the pre-pass, and a tree many times as large as the document."""
    groups = elements // 4000
    inside = b"<b>" + b"<a> </a>" * 4000 + b"</b>"
    return b'<r:MLARequest xmlns:r="urn:emla:request:1">' + inside * groups + b"</r:MLARequest>"


# --- what is good ---


async def test_a_good_package_gives_a_record_that_opens_it_again(house: House) -> None:
    package = build_package(house.sealing, sample_parts(SMALL))
    verdict = await house.open(package)
    record = house.record(package, verdict)
    assert verdict.code is None
    assert (record.cek, record.manifest, record.findings) == (package.cek, package.manifest, ())


async def test_a_large_payload_is_read_from_its_file(house: House, tmp_path: Path) -> None:
    package = build_package(house.sealing, sample_parts(os.urandom(5 * 1024 * 1024)))
    (tmp_path / "blob").write_bytes(package.payload)
    verdict = await house.open(package, tmp_path / "blob")
    assert verdict.code is None
    assert house.record(package, verdict).cek == package.cek


async def test_each_of_many_waiting_callers_gets_the_verdict_of_its_own_package(
    house: House, tmp_path: Path
) -> None:
    good = [build_package(house.sealing, sample_parts(os.urandom(100 + n))) for n in range(40)]
    paths = [tmp_path / str(n) for n in range(40)]
    for package, path in zip(good[::2], paths[::2], strict=True):
        path.write_bytes(package.payload)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(house.open(package, path if path.exists() else None))
            for package, path in zip(good, paths, strict=True)
        ]
    for package, task in zip(good, tasks, strict=True):
        assert house.record(package, task.result()).cek == package.cek


async def test_no_two_records_share_a_nonce(house: House) -> None:
    package = build_package(house.sealing, sample_parts(SMALL))
    records = [(await house.open(package)).record for _ in range(3)]
    assert len({record[:24] for record in records}) == 3


# --- what the sender did wrong: rungs 16 to 19 ---


def wrong_stanza(house: House) -> BuiltPackage:
    one, other = (seal_parts(house.sealing, sample_parts(SMALL)) for _ in range(2))
    return address_sealed(replace(one, draft=replace(one.draft, stanza=other.draft.stanza)))


def wrong_key(house: House) -> BuiltPackage:
    foreign = make_key(FileUse.SEAL, seed=os.urandom(32), created=0)
    return build_package(foreign, sample_parts(SMALL))


def wrong_commit(house: House) -> BuiltPackage:
    sealed = seal_parts(house.sealing, sample_parts(SMALL))
    return readdress(sealed, house.sealing, sealed.payload or b"", cek=os.urandom(32))


def damaged_chunk(house: House) -> BuiltPackage:
    sealed = seal_parts(house.sealing, sample_parts(SMALL))
    damaged = bytearray(sealed.payload or b"")
    damaged[1000] ^= 1
    return readdress(sealed, house.sealing, bytes(damaged))


def dropped_end(house: House) -> BuiltPackage:
    sealed = seal_parts(house.sealing, sample_parts(os.urandom(150_000)))
    return readdress(sealed, house.sealing, (sealed.payload or b"")[: 2 * (64 * 1024 + 16)])


def other_content(house: House) -> BuiltPackage:
    sealed = seal_parts(house.sealing, sample_parts(SMALL))
    return readdress(sealed, house.sealing, sealed.payload or b"", content=bytes(32))


def lying_manifest(house: House) -> BuiltPackage:
    plan_of = PayloadSealer.end_part

    def lie(self: PayloadSealer) -> object:
        part = plan_of(self)
        self._parts[-1] = replace(part, sha256=bytes(32))
        return part

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PayloadSealer, "end_part", lie)
        return build_package(house.sealing, sample_parts(SMALL))


@pytest.mark.parametrize(
    ("build", "code"),
    [
        (wrong_stanza, "stanza-mismatch"),
        (wrong_key, "stanza-mismatch"),
        (wrong_commit, "commit-mismatch"),
        (damaged_chunk, "chunk-damaged"),
        (dropped_end, "chunk-damaged"),
        (other_content, "manifest-mismatch"),
        (lying_manifest, "part-mismatch"),
    ],
)
async def test_what_the_sender_did_wrong_is_a_verdict_without_a_record(
    house: House, build: object, code: str
) -> None:
    assert callable(build)
    verdict = await house.open(build(house))
    assert (verdict.code, verdict.record) == (code, b"")
    package = build_package(house.sealing, sample_parts(SMALL))
    assert (await house.open(package)).code is None, "the next package is not affected"


async def test_a_main_part_larger_than_accepted_is_refused(house: House, tmp_path: Path) -> None:
    package = build_package(house.sealing, main_only(b" " * (10 * 1024 * 1024 + 1)))
    (tmp_path / "blob").write_bytes(package.payload)
    assert (await house.open(package, tmp_path / "blob")).code == "too-large"


# --- the message itself: rung 20 ---


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        (b"<unclosed>", "XML-not-well-formed"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "XML-doctype"),
        (b'<r:MLARequest xmlns:r="urn:emla:request:1"><x/></r:MLARequest>', "XSD-unexpected-element"),
    ],
)
async def test_an_invalid_message_blocks_and_its_record_still_lets_an_officer_look(
    house: House, document: bytes, rule: str
) -> None:
    package = build_package(house.sealing, main_only(document))
    verdict = await house.open(package)
    assert verdict.code == "invalid-message"
    record = house.record(package, verdict)
    assert record.cek == package.cek
    assert rule.lower() in [finding.rule.lower() for finding in record.findings]


async def test_a_message_that_names_another_sender_than_the_header_blocks(house: House) -> None:
    package = build_package(house.sealing, sample_parts(SMALL), sender="de.bfj")
    verdict = await house.open(package)
    assert verdict.code == "invalid-message"
    assert {finding.rule for finding in house.record(package, verdict).findings} == {"BR-002"}


async def test_a_part_the_message_does_not_describe_blocks(house: House) -> None:
    parts = sample_parts(SMALL)
    parts[3] = (*parts[3][:3], SMALL + b"!")
    package = build_package(house.sealing, parts)
    verdict = await house.open(package)
    assert verdict.code == "invalid-message"
    assert {finding.rule for finding in house.record(package, verdict).findings} == {"BR-056"}


async def test_file_names_are_compared_as_a_manifest_spells_them(house: House) -> None:
    composed, decomposed = "Verf\u00fcgung.pdf", "Verfu\u0308gung.pdf"
    parts = sample_parts(SMALL)
    main = parts[0][3].replace(b"hinode-mirai-bank.pcap", decomposed.encode())
    parts[0] = (*parts[0][:3], main)
    parts[3] = (*parts[3][:2], composed, parts[3][3])
    package = build_package(house.sealing, parts)
    assert (await house.open(package)).code is None


async def test_a_message_of_an_unknown_schema_is_consigned_as_it_is_with_a_warning(house: House) -> None:
    package = build_package(house.sealing, main_only(b'<Letter xmlns="urn:emla:letter:7">hello</Letter>'))
    verdict = await house.open(package)
    assert verdict.code is None
    (finding,) = house.record(package, verdict).findings
    assert (finding.rule, finding.severity) == ("XSD-unknown-message", Severity.WARNING)


# --- what goes wrong here ---


async def test_a_child_killed_at_work_costs_no_package_anything(house: House) -> None:
    """It had several; none of them is blamed before the next child has died on it alone."""
    packages = [build_package(house.sealing, sample_parts(os.urandom(n))) for n in range(30)]
    child = house.opener.process_id
    assert child is not None
    os.kill(child, signal.SIGSTOP)
    tasks = [asyncio.ensure_future(house.open(package)) for package in packages]
    await asyncio.sleep(0)
    os.kill(child, signal.SIGKILL)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for package, verdict in zip(packages, results, strict=True):
        assert not isinstance(verdict, BaseException)
        assert house.record(package, verdict).cek == package.cek
    assert house.opener.process_id != child


async def test_a_child_killed_with_one_package_costs_it_a_strike(house: House) -> None:
    child = house.opener.process_id
    assert child is not None
    os.kill(child, signal.SIGSTOP)
    waiting = asyncio.ensure_future(house.open(build_package(house.sealing, sample_parts(SMALL))))
    await until(lambda: bool(house.opener._sent))
    os.kill(child, signal.SIGKILL)
    with pytest.raises(SandboxDiedError, match="SIGKILL"):
        await waiting


async def test_among_many_only_the_package_a_child_dies_on_gets_the_strike(house: House) -> None:
    good = [build_package(house.sealing, sample_parts(os.urandom(n))) for n in range(20)]
    rotten = bytearray(good[7].payload)
    rotten[5000] ^= 1
    tasks = [
        asyncio.ensure_future(house.open(package, bytes(rotten) if number == 7 else None))
        for number, package in enumerate(good)
    ]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    died = [number for number, each in enumerate(results) if isinstance(each, SandboxDiedError)]
    assert died == [7]
    for number, verdict in enumerate(results):
        assert number == 7 or not isinstance(verdict, BaseException)


async def test_a_child_killed_while_nothing_waits_is_replaced_and_costs_nothing(house: House) -> None:
    child = house.opener.process_id
    assert child is not None
    os.kill(child, signal.SIGKILL)
    await until(lambda: house.opener.process_id != child)
    assert (await house.open(build_package(house.sealing, sample_parts(SMALL)))).code is None


async def test_a_package_that_takes_too_long_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "WALL_FACTOR", 0.01)
    sealing, content = write_opener_keys(tmp_path / "keys")
    opener = OpenerProcess(keys=tmp_path / "keys", schemas=SCHEMAS, settings=OpenerSettings())
    house = House(opener=opener, sealing=sealing, content=content)
    await opener.start()
    try:
        assert opener.process_id is not None
        os.kill(opener.process_id, signal.SIGSTOP)
        with pytest.raises(SandboxDiedError, match="too long"):
            await house.open(build_package(sealing, sample_parts(SMALL)))
        assert (await house.open(build_package(sealing, sample_parts(SMALL)))).code is None
    finally:
        await opener.close()


async def test_a_hostile_document_that_reaches_the_memory_limit_costs_a_strike(tmp_path: Path) -> None:
    sealing, content = write_opener_keys(tmp_path / "keys")
    settings = OpenerSettings(memory_bytes=64 * 1024**2)
    opener = OpenerProcess(keys=tmp_path / "keys", schemas=SCHEMAS, settings=settings)
    house = House(opener=opener, sealing=sealing, content=content)
    await opener.start()
    try:
        hostile = build_package(sealing, main_only(hostile_document(199_000)))
        (tmp_path / "blob").write_bytes(hostile.payload)
        with pytest.raises(SandboxDiedError, match="MemoryError"):
            await house.open(hostile, tmp_path / "blob")
        assert (await house.open(build_package(sealing, sample_parts(SMALL)))).code is None
    finally:
        await opener.close()


async def test_a_package_that_uses_up_its_processor_time_costs_a_strike(house: House) -> None:
    """That the kernel sends this signal is a test of its own (test_confine); here it is what the gateway makes of it."""
    child = house.opener.process_id
    assert child is not None
    os.kill(child, signal.SIGSTOP)
    waiting = asyncio.ensure_future(house.open(build_package(house.sealing, sample_parts(SMALL))))
    await asyncio.sleep(0)
    os.kill(child, signal.SIGXCPU)
    os.kill(child, signal.SIGCONT)
    with pytest.raises(SandboxDiedError, match="used up its processor time"):
        await waiting


async def test_a_payload_that_changed_on_our_own_disk_is_never_blamed_on_the_sender(house: House) -> None:
    package = build_package(house.sealing, sample_parts(SMALL))
    rotten = bytearray(package.payload)
    rotten[5000] ^= 1
    for payload in (bytes(rotten), package.payload[:-1]):
        with pytest.raises(SandboxDiedError, match="DamagedPayloadError at"):
            await house.open(package, payload)


async def test_a_header_of_another_package_is_a_fault_of_ours_and_not_a_verdict(house: House) -> None:
    package = build_package(house.sealing, sample_parts(SMALL))
    with pytest.raises(SandboxDiedError, match="ValueError at"):
        await house.opener.open(package.signed, bytes(32), package.payload)


async def test_a_missing_payload_file_is_our_storage_failing(house: House, tmp_path: Path) -> None:
    package = build_package(house.sealing, sample_parts(SMALL))
    with pytest.raises(StoreError) as caught:
        await house.open(package, tmp_path / "gone")
    assert caught.value.code == "store-failed"
    assert (await house.open(package)).code is None


async def test_the_words_of_an_error_in_the_child_are_not_repeated(house: House) -> None:
    package = build_package(house.sealing, sample_parts(SMALL))
    with pytest.raises(SandboxDiedError) as caught:
        await house.opener.open(b'{"secret words":1}', package.pid, package.payload)
    assert "MalformedError at" in str(caught.value)
    assert "secret" not in str(caught.value)
