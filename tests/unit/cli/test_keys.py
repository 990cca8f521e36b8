"""New keys, revocations of keys, and the passphrase of a data folder, at the command line."""

import json
from pathlib import Path

import pytest

from emla.bootstrap.own import own_authority
from emla.bootstrap.system import lock_folder
from emla.formats import dsse
from emla.formats.export import decode_export
from emla.formats.standing import decode_revocation
from emla.keyring.files import GATEWAY_USES, FileUse, read_keys
from emla.keyring.passphrase import Passphrase
from emla.keyring.wrapping import is_wrapped, read_master, wrapping_keys
from emla.model.documents import Authority, Documents
from emla.model.limits import WIRE
from emla.model.signed import PayloadType
from emla.steps.trust import trust_documents
from tests.support.cli import emla, make_authority

PHRASE, OTHER = "orbit lamp canal stork fig", "velvet moss anchor tin oboe"


def secret(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.fixture
def phrase(tmp_path: Path) -> Path:
    return secret(tmp_path / "phrase", PHRASE)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    make_authority(tmp_path / "nl", "nl.minjus")
    return tmp_path / "nl"


def opened(data: Path, text: str) -> None:
    """Every key of the gateway opens with this passphrase."""
    master = read_master(data / "keys", Passphrase(text.encode()))
    read_keys(data / "keys", GATEWAY_USES, wrapping_keys(master, FileUse))


def test_a_folder_in_the_clear_is_locked_and_the_passphrase_changed(
    data: Path, tmp_path: Path, phrase: Path
) -> None:
    locked = emla("keys", "wrap", "--data", data, "--new-passphrase-file", phrase, "--json")
    assert locked.code == 0, locked.out
    assert len(locked.document["files"]) == 4  # type: ignore[arg-type] # a list, as the assertion shows
    assert not any(b"seed" in path.read_bytes() for path in (data / "keys").iterdir())
    opened(data, PHRASE)
    other = secret(tmp_path / "other", OTHER)
    words = ("--passphrase-file", phrase, "--new-passphrase-file", other)
    assert emla("keys", "wrap", "--data", data, *words).code == 0
    opened(data, OTHER)
    assert emla("keys", "wrap", "--data", data, *words).code == 4, "the old one opens nothing any more"


def test_the_passphrase_is_not_changed_under_a_running_server(data: Path, phrase: Path) -> None:
    with lock_folder(data):
        outcome = emla("keys", "wrap", "--data", data, "--new-passphrase-file", phrase)
    assert outcome.code == 1
    assert "server-running" in outcome.err
    assert not is_wrapped(data / "keys")


def test_a_dry_run_changes_nothing(data: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in (data / "keys").iterdir()}
    assert emla("keys", "wrap", "--data", data, "--dry-run").code == 0
    assert emla("keys", "new", "--use", "sign", "--data", data, "--dry-run").code == 0
    assert emla("keys", "new", tmp_path / "a.json", "--officer", "A", "--dry-run").code == 0
    assert {path: path.read_bytes() for path in (data / "keys").iterdir()} == before
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize("use", ["sign", "ledger", "seal"])
def test_a_new_key_lies_in_the_folder_as_the_others_do(data: Path, use: str) -> None:
    outcome = emla("keys", "new", "--use", use, "--data", data, "--json")
    assert outcome.code == 0, outcome.out
    assert (data / "keys" / f"{use}-{outcome.document['kid']}.json").exists()
    read_keys(data / "keys", GATEWAY_USES)


def test_a_new_key_in_a_locked_folder_is_locked_and_needs_the_passphrase(data: Path, phrase: Path) -> None:
    emla("keys", "wrap", "--data", data, "--new-passphrase-file", phrase)
    refused = emla("keys", "new", "--use", "sign", "--data", data)
    assert refused.code == 4
    assert "key-locked" in refused.err
    made = emla("keys", "new", "--use", "sign", "--data", data, "--passphrase-file", phrase, "--json")
    assert made.code == 0, made.out
    assert b"seed" not in Path(str(made.document["file"])).read_bytes()
    opened(data, PHRASE)


def test_an_officers_key_is_locked_and_its_public_half_lies_beside_it(tmp_path: Path, phrase: Path) -> None:
    key = tmp_path / "aiko.json"
    outcome = emla("keys", "new", key, "--officer", "Aiko Tanaka", "--passphrase-file", phrase, "--json")
    assert outcome.code == 0, outcome.out
    public = json.loads((tmp_path / "aiko.pub.json").read_bytes())
    assert (public["name"], public["kid"]) == ("Aiko Tanaka", outcome.document["kid"])
    assert emla("keys", "new", key, "--officer", "B", "--passphrase-file", phrase).code == 1


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--use", "sign", "--officer", "A"),
        ("--officer", "A"),
        ("file.json", "--use", "sign"),
        ("--use", "seal", "--token", "T", "--token-module", "/x.so"),
        ("--use", "sign", "--token", "T"),
    ],
)
def test_a_command_that_says_two_things_is_a_usage_error(data: Path, words: tuple[str, ...]) -> None:
    assert emla("keys", "new", *words, "--data", data).code == 2


def revoked(data: Path, out: Path) -> Authority:
    known = decode_export((data / "documents" / "own.json").read_bytes())
    offered = Documents(
        roots=known.roots, card=known.card, profile=known.profile, revocations=(out.read_bytes(),)
    )
    return trust_documents(offered, known=offered)


def test_one_root_key_revokes_a_key_that_the_card_lists(data: Path, tmp_path: Path) -> None:
    kid = own_authority(data).card.keys[0].kid
    (root,) = (data / "root").glob("root-*.json")
    out = tmp_path / "revocation.json"
    outcome = emla(
        "keys", "revoke", kid, out, "--since", "2026-01-02T03:04:05+01:00", "--reason", "stolen",
        "--key", root, "--data", data, "--yes", "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.out
    signed = dsse.decode(out.read_bytes(), PayloadType.REVOCATION, WIRE.document_bytes)
    assert decode_revocation(signed.payload).invalid_since == 1767319445
    assert revoked(data, out).revoked(kid) is not None


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--reason", "x" * 201), 3),
        (("--reason", "x\x1b[2J"), 3),
        (("--reason", "x", "--since", "yesterday"), 2),
        (("--reason", "x", "--since", "2026-01-02T03:04:05"), 2),
        (("--reason", "x", "--since", "2999-01-01T00:00Z"), 3),
    ],
)
def test_a_revocation_no_peer_would_take_is_not_written(
    data: Path, tmp_path: Path, words: tuple[str, ...], code: int
) -> None:
    kid = own_authority(data).card.keys[0].kid
    (root,) = (data / "root").glob("root-*.json")
    out = tmp_path / "revocation.json"
    assert emla("keys", "revoke", kid, out, *words, "--key", root, "--data", data, "--yes").code == code
    assert not out.exists()


def test_a_key_the_card_does_not_list_is_answered_with_those_it_lists(data: Path, tmp_path: Path) -> None:
    (root,) = (data / "root").glob("root-*.json")
    outcome = emla(
        "keys", "revoke", "0" * 32, tmp_path / "r", "--reason", "x", "--key", root, "--data", data, "--yes"
    )
    assert outcome.code == 2
    assert own_authority(data).card.keys[0].kid in outcome.err.replace("\n", "").replace(" ", "")
