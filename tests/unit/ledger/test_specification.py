"""The example at the top of docs/spec/ledger.md is what the code computes and accepts."""

import re
from pathlib import Path

from nacl.signing import SigningKey

from emla.ledger.audit import verify_proof
from emla.ledger.checkpoint import Checkpoint, encode, origin_of
from emla.ledger.leaf import LeafKind, entry
from emla.ledger.merkle import EMPTY, extend, leaf_hash
from emla.ledger.note import NOTE_BYTES_MAX, SIGNATURES_MAX

SPECIFICATION = (Path(__file__).parents[3] / "docs" / "spec" / "ledger.md").read_text(encoding="utf-8")
KEY = SigningKey(bytes(range(32)))


def blocks() -> list[str]:
    return re.findall(r"^```\n(.*?)^```$", SPECIFICATION, flags=re.DOTALL | re.MULTILINE)


def test_the_example_checkpoint_is_what_the_ledger_issues() -> None:
    kinds = (LeafKind.HEADER_RECEIVED, LeafKind.ACKNOWLEDGEMENT_ISSUED, LeafKind.EVENT)
    entries = [
        entry(kind, stored) for kind, stored in zip(kinds, (b"first", b"second", b"third"), strict=True)
    ]
    grown = extend(EMPTY, [leaf_hash(leaf) for leaf in entries])
    head = Checkpoint(origin=origin_of("at.moj", 1), size=3, root=grown.root)
    note = encode(head, lambda text: KEY.sign(text).signature, bytes(KEY.verify_key))
    assert blocks()[0] == note.decode()


def test_the_example_proof_verifies_with_the_example_key() -> None:
    note, facts = blocks()
    rows = [line.split() for line in facts.splitlines()]
    values = dict(row for row in rows if row[0] != "proof")
    proof = tuple(bytes.fromhex(row[1]) for row in rows if row[0] == "proof")
    assert entry(LeafKind.ACKNOWLEDGEMENT_ISSUED, b"second").hex() == values["entry"]
    verified = verify_proof(
        b"second",
        LeafKind.ACKNOWLEDGEMENT_ISSUED,
        int(values["index"]),
        proof,
        note.encode(),
        "at.moj/emla/1/1",
        bytes.fromhex(values["key"]),
    )
    assert verified.size == 3


def test_every_kind_of_leaf_and_every_limit_is_in_the_specification() -> None:
    listed = [int(value, 16) for value in re.findall(r"^\| `(0x\w\w)` \|", SPECIFICATION, flags=re.MULTILINE)]
    assert listed == [kind.value for kind in LeafKind]
    assert f"{NOTE_BYTES_MAX // 1024} KiB or {SIGNATURES_MAX} signature lines" in SPECIFICATION
