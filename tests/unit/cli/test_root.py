"""The offline root: keys on media, drafts that gain signatures, and one key that can stop everything."""

from dataclasses import replace
from pathlib import Path

import pytest

from emla.bootstrap.ceremony import read_documents
from emla.formats import documents as form
from emla.formats import dsse
from emla.formats.export import decode_export
from emla.formats.standing import decode_revocation
from emla.model.documents import Documents
from emla.model.limits import WIRE
from emla.model.signed import PayloadType, SignedObject
from emla.steps.trust import trust_documents
from tests.support.cli import Outcome, emla, make_authority

PHRASE = "orbit lamp canal stork fig"


@pytest.fixture
def phrase(tmp_path: Path) -> Path:
    path = tmp_path / "phrase"
    path.write_text(PHRASE)
    path.chmod(0o600)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    make_authority(tmp_path / "nl", "nl.minjus")
    return tmp_path / "nl"


def first_root_key(data: Path) -> Path:
    (path,) = (data / "root").glob("root-*.json")
    return path


def new_root_key(path: Path, phrase: Path) -> Path:
    outcome = emla("root", "new", path, "--passphrase-file", phrase, "--json")
    assert outcome.code == 0, outcome.out
    return path


def with_root(data: Path, root: Path) -> Documents:
    known = decode_export((data / "documents" / "own.json").read_bytes())
    return Documents(roots=(*known.roots, root.read_bytes()), card=known.card, profile=known.profile)


def test_the_root_moves_from_one_person_to_two_of_three(data: Path, tmp_path: Path, phrase: Path) -> None:
    """From the first day's key to keys of three people, each on a medium of its own, as the pages describe it."""
    keys = [new_root_key(tmp_path / f"safe{number}.json", phrase) for number in (1, 2, 3)]
    adds = [word for key in keys for word in ("--add", key.with_suffix("").with_suffix(".pub.json"))]
    first = first_root_key(data)
    draft = tmp_path / "next-root.json"
    outcome = emla(
        "root", "rotate", draft, *adds, "--remove", first.stem.removeprefix("root-"),
        "--threshold", "2", "--data", data, "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.out + outcome.err
    assert (outcome.document["version"], outcome.document["threshold"]) == (2, 2)
    for number, key in enumerate((first, keys[0], keys[2]), 1):
        signed = emla(
            "root",
            "sign",
            draft,
            "--key",
            key,
            "--passphrase-file",
            phrase,
            "--data",
            data,
            "--yes",
            "--json",
        )
        assert signed.code == 0, signed.out
        kids = signed.document["signed_by"]
        assert isinstance(kids, list)
        assert len(kids) == number
    chain = [
        form.decode_root(form.decode_signed(each, PayloadType.ROOT).payload)
        for each in with_root(data, draft).roots
    ]
    assert [each.version for each in chain] == [1, 2]
    assert chain[1].prev == form.document_hash(
        form.decode_signed(with_root(data, draft).roots[0], PayloadType.ROOT).payload
    )


def test_signing_shows_what_is_signed_and_a_dry_run_signs_nothing(data: Path, tmp_path: Path) -> None:
    draft = tmp_path / "next.json"
    assert emla("root", "rotate", draft, "--data", data).code == 0
    before = draft.read_bytes()
    outcome = emla("root", "sign", draft, "--key", first_root_key(data), "--data", data, "--dry-run")
    assert outcome.code == 0
    for words in ("root, version 2", "nl.minjus", "1 of 1 keys", "nobody yet"):
        assert words in outcome.out
    assert draft.read_bytes() == before


def test_without_a_terminal_nothing_is_signed_unasked(data: Path, tmp_path: Path) -> None:
    draft = tmp_path / "next.json"
    emla("root", "rotate", draft, "--data", data)
    outcome = emla("root", "sign", draft, "--key", first_root_key(data), "--data", data)
    assert outcome.code == 2
    assert "--yes" in outcome.err


def sign(draft: Path, key: Path, phrase: Path, data: Path) -> Outcome:
    return emla(
        "root", "sign", draft, "--key", key, "--passphrase-file", phrase, "--data", data, "--yes", "--json"
    )


def test_a_key_that_has_no_say_or_signed_already_adds_nothing(
    data: Path, tmp_path: Path, phrase: Path
) -> None:
    draft = tmp_path / "next.json"
    emla("root", "rotate", draft, "--data", data)
    stranger = new_root_key(tmp_path / "stranger.json", phrase)
    assert sign(draft, stranger, phrase, data).code == 3
    assert sign(draft, first_root_key(data), phrase, data).code == 0
    before = draft.read_bytes()
    again = sign(draft, first_root_key(data), phrase, data)
    assert again.code == 3
    assert "already" in again.out
    assert draft.read_bytes() == before


def test_what_is_neither_root_nor_card_is_never_signed(data: Path, tmp_path: Path, phrase: Path) -> None:
    path = tmp_path / "profile.json"
    path.write_bytes(decode_export((data / "documents" / "own.json").read_bytes()).profile)
    assert sign(path, first_root_key(data), phrase, data).code == 3
    path.write_bytes(b"whatever")
    assert sign(path, first_root_key(data), phrase, data).code == 3


def test_an_officers_key_is_no_root_key(data: Path, tmp_path: Path, phrase: Path) -> None:
    draft, key = tmp_path / "next.json", tmp_path / "aiko.json"
    emla("root", "rotate", draft, "--data", data)
    assert emla("keys", "new", key, "--officer", "Aiko", "--passphrase-file", phrase).code == 0
    outcome = sign(draft, key, phrase, data)
    assert outcome.code == 4
    assert "officer" in outcome.out


def test_one_root_key_freezes(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "freeze.json"
    words = ("--key", first_root_key(data), "--reason", "break-in", "--data", data, "--yes")
    assert emla("root", "freeze", out, *words, "--dry-run").code == 0
    assert not out.exists()
    assert emla("root", "freeze", out, *words).code == 0
    signed = dsse.decode(out.read_bytes(), PayloadType.REVOCATION, WIRE.document_bytes)
    revocation = decode_revocation(signed.payload)
    assert revocation.kid is None
    assert revocation.reason == "break-in"
    known = decode_export((data / "documents" / "own.json").read_bytes())
    offered = Documents(
        roots=known.roots, card=known.card, profile=known.profile, revocations=(out.read_bytes(),)
    )
    assert trust_documents(offered, known=offered).frozen
    again = emla("root", "freeze", out, *words)
    assert again.code == 1, "an existing file is not written over"


def test_a_copy_of_the_first_key_opens_with_a_passphrase(data: Path, tmp_path: Path, phrase: Path) -> None:
    copy = tmp_path / "stick.json"
    outcome = emla("root", "new", copy, "--from", first_root_key(data), "--passphrase-file", phrase, "--json")
    assert outcome.document["kid"] == first_root_key(data).stem.removeprefix("root-")
    assert b"seed" not in copy.read_bytes()
    draft = tmp_path / "next.json"
    emla("root", "rotate", draft, "--data", data)
    assert sign(draft, copy, phrase, data).code == 0


def test_a_wrong_passphrase_is_exit_4_and_names_who_must_act(
    data: Path, tmp_path: Path, phrase: Path
) -> None:
    key = new_root_key(tmp_path / "safe.json", phrase)
    phrase.write_text("orbit lamp canal stork fog")
    out = tmp_path / "freeze.json"
    outcome = emla(
        "root", "freeze", out, "--key", key, "--reason", "x", "--data", data, "--yes",
        "--passphrase-file", phrase,
    )  # fmt: skip
    assert outcome.code == 4
    assert "wrong-passphrase" in outcome.err
    assert "fog" not in outcome.err
    assert not out.exists()


def test_a_short_passphrase_is_refused_and_nothing_is_written(tmp_path: Path, phrase: Path) -> None:
    phrase.write_text("too short")
    outcome = emla("root", "new", tmp_path / "safe.json", "--passphrase-file", phrase)
    assert outcome.code == 2
    assert "weak-passphrase" in outcome.err
    assert not (tmp_path / "safe.json").exists()


def test_a_card_under_the_next_root_is_signed_together_with_it_by_the_new_keys(
    data: Path, tmp_path: Path, phrase: Path
) -> None:
    draft, card = tmp_path / "next.json", tmp_path / "card.json"
    new = new_root_key(tmp_path / "new.json", phrase)
    known = read_documents(data / "documents" / "own.json")
    rotated = emla("root", "rotate", draft, "--add", tmp_path / "new.pub.json", "--data", data)
    assert rotated.code == 0
    payload = form.encode_card(replace(known.card, version=2, root_version=2))
    card.write_bytes(dsse.encode(SignedObject(payload_type=PayloadType.CARD, payload=payload, signatures=())))
    alone = sign(card, new, phrase, data)
    assert alone.code == 3
    assert "together with that root" in alone.out
    words = ("--key", new, "--passphrase-file", phrase, "--data", data, "--yes", "--json")
    both = emla("root", "sign", draft, card, *words)
    assert both.code == 0, both.out
    items = both.document["items"]
    assert isinstance(items, list)
    assert [each["file"] for each in items] == [str(draft), str(card)]
    assert [len(each["signed_by"]) for each in items] == [1, 1]
    stranger = new_root_key(tmp_path / "stranger.json", phrase)
    before = draft.read_bytes(), card.read_bytes()
    refused = emla("root", "sign", draft, card, "--key", stranger, *words[2:])
    assert refused.code == 3
    assert (draft.read_bytes(), card.read_bytes()) == before


def test_signing_says_which_signatures_are_still_needed_until_none_is(
    data: Path, tmp_path: Path, phrase: Path
) -> None:
    draft = tmp_path / "next.json"
    keys = [new_root_key(tmp_path / f"{name}.json", phrase) for name in ("one", "two")]
    added = [word for name in ("one", "two") for word in ("--add", tmp_path / f"{name}.pub.json")]
    assert emla("root", "rotate", draft, *added, "--threshold", "2", "--data", data).code == 0
    said = []
    for key in (keys[0], keys[1], first_root_key(data)):
        words = ("--key", key, "--passphrase-file", phrase, "--data", data, "--yes")
        said.append(emla("root", "sign", draft, *words).err)
    assert "1 more of the new root's keys, 1 more of the present root's keys" in said[0].replace("\n", " ")
    assert "Still needed: 1 more of the present root's keys" in said[1].replace("\n", " ")
    assert "It is complete" in said[2]
