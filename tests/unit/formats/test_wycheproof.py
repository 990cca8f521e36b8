"""Published vectors of others: Wycheproof for what libraries get wrong, and the HPKE working group's vector of suite h1.

Ours is tested where the function is ours (`ed1.verify`, `binding.labelled_key`, `cc1`, the keys of `h1`); where emla only passes
bytes on, the primitive of the library it rests on.
"""

import hmac
import json
from collections.abc import Iterator
from typing import Any, cast

import cryptography_vectors
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from emla.formats import cc1, ed1, h1
from emla.formats.binding import key_id, labelled_key
from tests.support.authorities import party
from tests.support.gates import VECTORS
from tests.vectors import xwing

Case = dict[str, Any]
KIND = (cc1.KEY_BYTES, 12)


def cases(name: str) -> Iterator[tuple[Case, Case]]:
    """Each group and test of a file."""
    data = json.loads((VECTORS / "wycheproof" / f"{name}_test.json").read_text(encoding="utf-8"))
    for group in cast(list[Case], data["testGroups"]):
        for test in cast(list[Case], group["tests"]):
            yield group, test


def octets(case: Case, name: str) -> bytes:
    return bytes.fromhex(cast(str, case[name]))


@pytest.mark.needs("vectors")
def test_ed25519_says_what_wycheproof_says() -> None:
    count = 0
    for group, test in cases("ed25519"):
        public = octets(group["publicKey"], "pk")
        verdict = ed1.verify(public, octets(test, "msg"), octets(test, "sig"))
        assert verdict == (test["result"] == "valid"), test
        count += 1
    assert count == 151


@pytest.mark.needs("vectors")
def test_hmac_says_what_wycheproof_says() -> None:
    count = 0
    for group, test in cases("hmac_sha256"):
        key, message, tag = octets(test, "key"), octets(test, "msg"), octets(test, "tag")
        length = cast(int, group["tagSize"]) // 8
        good = hmac.compare_digest(hmac.digest(key, message, "sha256")[:length], tag)
        assert good == (test["result"] == "valid"), test
        # Ours is the same with a label in front: the message is "label 0x00 data".
        label, separator, data = message.partition(b"\0")
        if separator and label.isascii():
            ours = labelled_key(key, label.decode("ascii"), data)[:length]
            assert hmac.compare_digest(ours, tag) == good
        count += 1
    assert count == 174


@pytest.mark.needs("vectors")
def test_chacha20_poly1305_says_what_wycheproof_says() -> None:
    sizes = set()
    for group, test in cases("chacha20_poly1305"):
        key, nonce, sealed = octets(test, "key"), octets(test, "iv"), octets(test, "ct") + octets(test, "tag")
        try:
            opened = ChaCha20Poly1305(key).decrypt(nonce, sealed, octets(test, "aad"))
        except (InvalidTag, ValueError):
            assert test["result"] == "invalid", test
            continue
        assert test["result"] == "valid", test
        assert opened == octets(test, "msg")
        sizes.add((len(key), cast(int, group["ivSize"]) // 8))
    assert sizes == {KIND}


@pytest.mark.needs("vectors")
def test_a_chunk_of_ours_is_the_standard_aead_under_the_nonce_of_its_place() -> None:
    tried = 0
    for _, test in cases("chacha20_poly1305"):
        key, message = octets(test, "key"), octets(test, "msg")
        if test["result"] == "valid" and len(message) <= cc1.CHUNK_BYTES:
            sealed = ChaCha20Poly1305(key).encrypt(bytes(11) + b"\x01", message, None)
            assert cc1.seal_all(key, message) == sealed
            assert cc1.open_all(key, sealed) == message
            tried += 1
    assert tried > 200


@pytest.mark.needs("vectors")
def test_x25519_says_what_wycheproof_says_and_a_shared_secret_of_zeros_is_an_error() -> None:
    zero, weak = 0, 0
    for _, test in cases("x25519"):
        public, shared = octets(test, "public"), octets(test, "shared")
        private = X25519PrivateKey.from_private_bytes(octets(test, "private"))
        try:
            computed = private.exchange(X25519PublicKey.from_public_bytes(public))
        except (ValueError, RuntimeError):
            assert not any(shared), test
            zero += 1
        else:
            assert computed == shared, test
        flags = set(cast(list[str], test["flags"]))
        # h1 refuses as a key what the primitive alone would take: points of low order, and second spellings of a point.
        if flags & {"LowOrderPublic", "ZeroSharedSecret", "NonCanonicalPublic"}:
            assert not h1.is_valid_public(party("de.bfj").seal.public[:-32] + public), test
            weak += 1
    assert zero > 0
    assert weak > zero


@pytest.mark.needs("vectors")
def test_ml_kem_768_says_what_wycheproof_says() -> None:
    good = 0
    for _, test in cases("mlkem_768"):
        if test["result"] == "valid" and "seed" in test:
            key = MLKEM768PrivateKey.from_seed_bytes(octets(test, "seed"))
            assert key.public_key().public_bytes_raw() == octets(test, "ek"), test
            assert key.decapsulate(octets(test, "c")) == octets(test, "K"), test
            good += 1
        else:
            with pytest.raises(ValueError, match=r".+"):
                MLKEM768PrivateKey.from_seed_bytes(octets(test, "seed")).decapsulate(octets(test, "c"))
    assert good > 0


def hpke_vector() -> Case:
    """The one of KEM 0x647A with HKDF-SHA256 and ChaCha20-Poly1305, base mode: suite h1."""
    with cryptography_vectors.open_vector_file("HPKE/hpke-pq-test-vectors.json", "r") as file:
        found = [
            cast(Case, each)
            for each in json.load(file)
            if (each["mode"], each["kem_id"], each["kdf_id"], each["aead_id"]) == (0, 0x647A, 1, 3)
        ]
    assert len(found) == 1
    return found[0]


def test_a_seed_makes_the_key_that_the_published_vector_has() -> None:
    vector = hpke_vector()
    key = h1.SealingKey(octets(vector, "skRm"), "x")
    assert key.public == octets(vector, "pkRm")
    assert h1.is_valid_public(key.public)
    assert key_id(h1.NAME, key.public) == key_id(h1.NAME, octets(vector, "pkRm"))


def test_h1_opens_what_the_published_vectors_key_and_nonce_seal() -> None:
    # The vector's ciphertexts have associated data, which the one-shot interface has not. Its key and nonce are what
    # encapsulation and key schedule come to, and with them the same text is sealed without.
    vector = hpke_vector()
    plain = octets(vector["encryptions"][0], "pt")
    cipher = ChaCha20Poly1305(octets(vector, "key"))
    nonce = octets(vector, "base_nonce")
    assert cipher.encrypt(nonce, plain, b"Count-0") == octets(vector["encryptions"][0], "ct")
    stanza = octets(vector, "enc") + cipher.encrypt(nonce, plain, None)
    key = h1.SealingKey(octets(vector, "skRm"), "x")
    assert h1._suite.decrypt(stanza, key._key, info=octets(vector, "info")) == plain
    with pytest.raises(InvalidTag):
        h1._suite.decrypt(stanza, key._key, info=octets(vector, "info") + b"x")


def test_the_second_implementation_makes_the_published_encapsulation() -> None:
    vector = hpke_vector()
    secret, encapsulated = xwing.xwing_encapsulate(octets(vector, "pkRm"), octets(vector, "ikmE"))
    assert (secret, encapsulated) == (octets(vector, "shared_secret"), octets(vector, "enc"))
