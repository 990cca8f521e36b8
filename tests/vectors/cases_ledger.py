# a table of cases is read by the row
"""Vectors of checkpoints and Merkle proofs."""

from collections.abc import Iterable

from emla.ledger.merkle import consistency_proof, inclusion_proof, leaf_hash, root_hash
from tests.support.acknowledging import checkpoint_of
from tests.support.authorities import derived, party
from tests.support.vector_files import Vector

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")


def ledger_vectors() -> list[Vector]:
    """Checkpoints and proofs."""
    return [*_checkpoints(), *_inclusions(), *_consistencies()]


def _checkpoints() -> Iterable[Vector]:
    root = derived("root")
    good = checkpoint_of(DE, 7, root)
    text = good.split(b"\n\n")[0] + b"\n"
    line = good[len(text) + 1 :]
    origin = DE.authority.card.ledger_origin
    lines = {"origin": origin, "public-key": DE.ledger.public.hex()}
    foreign = "\u2014 witness.example/w1 ".encode() + b"AAAAAAAA\n"
    cases: tuple[tuple[str, str, bytes, str], ...] = (
        ("good", "success", good, "seven leaves"),
        ("good-cosigned", "success", good + foreign, "a cosignature of somebody unknown beside it"),
        (
            "text-changed",
            "bad-signature",
            good.replace(b"\n7\n", b"\n8\n"),
            "another size under the signature",
        ),
        (
            "other-origin",
            "bad-signature",
            checkpoint_of(DE, 7, root, origin="hk.doj/emla/1/1"),
            "of another origin",
        ),
        (
            "other-key",
            "bad-signature",
            checkpoint_of(DE, 7, root, signer=HK.ledger),
            "by another ledger's key",
        ),
        ("no-signature", "malformed", text, "no signature"),
        ("signature-twice", "malformed", good + line, "one signature twice"),
        ("size-leading-zero", "malformed", good.replace(b"\n7\n", b"\n07\n"), "a leading zero"),
        ("size-2-63", "malformed", good.replace(b"\n7\n", b"\n9223372036854775808\n"), "2^63 leaves"),
        ("fourth-line", "malformed", text + b"extra\n\n" + line, "a fourth line"),
        ("carriage-return", "malformed", good.replace(b"\n", b"\r\n"), "lines that end in CR LF"),
        ("root-short", "malformed", good.replace(text.split(b"\n")[2], b"AAAA"), "a root of three bytes"),
        ("no-last-newline", "malformed", good[:-1], "the last newline is missing"),
        ("hyphen", "malformed", good.replace("\u2014".encode(), b"-"), "a hyphen for the dash"),
    )
    for name, expect, body, comment in cases:
        yield Vector(
            folder="ledger",
            name=f"checkpoint-{name}",
            form="checkpoint",
            expect=expect,
            comment=comment,
            body=body,
            lines=lines,
        )


_LEAVES = [leaf_hash(derived("ledger leaf", number, length=33)) for number in range(13)]


def _inclusions() -> Iterable[Vector]:
    def one(name: str, expect: str, comment: str, index: int, size: int, proof: bytes, leaf: int) -> Vector:
        lines = {
            "entry": derived("ledger leaf", leaf, length=33).hex(),
            "index": str(index),
            "size": str(size),
            "root": root_hash(_LEAVES[:size]).hex(),
        }
        return Vector(
            folder="ledger",
            name=f"inclusion-{name}",
            form="inclusion",
            expect=expect,
            comment=comment,
            body=proof,
            lines=lines,
        )

    for index, size in ((0, 1), (0, 13), (5, 8), (12, 13), (6, 7)):
        path = b"".join(inclusion_proof(index, _LEAVES[:size]))
        yield one(f"good-{index}-of-{size}", "success", f"leaf {index} of {size}", index, size, path, index)
    path = b"".join(inclusion_proof(5, _LEAVES[:13]))
    yield one("other-leaf", "proof-mismatch", "the entry of a neighbour", 5, 13, path, 4)
    yield one("other-index", "proof-mismatch", "the index of a neighbour", 4, 13, path, 5)
    yield one("index-outside", "proof-mismatch", "an index that is not in the tree", 13, 13, path, 5)
    yield one("hash-missing", "proof-mismatch", "the last hash is missing", 5, 13, path[:-32], 5)
    yield one("hash-too-many", "proof-mismatch", "a hash too many", 5, 13, path + bytes(32), 5)
    yield one("flipped", "proof-mismatch", "one bit is flipped", 5, 13, bytes([path[0] ^ 1]) + path[1:], 5)


def _consistencies() -> Iterable[Vector]:
    def one(
        name: str, expect: str, comment: str, first: int, proof: bytes, first_root: bytes | None = None
    ) -> Vector:
        lines = {
            "first": str(first),
            "second": "13",
            "first-root": (first_root or root_hash(_LEAVES[:first])).hex(),
            "second-root": root_hash(_LEAVES).hex(),
        }
        return Vector(
            folder="ledger",
            name=f"consistency-{name}",
            form="consistency",
            expect=expect,
            comment=comment,
            body=proof,
            lines=lines,
        )

    for first in (1, 6, 8, 13):
        path = b"".join(consistency_proof(first, _LEAVES))
        yield one(f"good-{first}-to-13", "success", f"13 leaves begin with these {first}", first, path)
    path = b"".join(consistency_proof(6, _LEAVES))
    yield one("other-root", "proof-mismatch", "the first tree was another", 6, path, derived("another root"))
    yield one("empty", "proof-mismatch", "no hashes where some are needed", 6, b"")
    yield one("hash-missing", "proof-mismatch", "the last hash is missing", 6, path[:-32])
    yield one("flipped", "proof-mismatch", "one bit is flipped", 6, bytes([path[0] ^ 1]) + path[1:])
