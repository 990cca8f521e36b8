"""A key in a token signs and never leaves it; a lost session is found again; a wrong PIN is tried once."""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from emla.formats import dsse, ed1
from emla.keyring.files import GATEWAY_USES, FileUse, make_key, read_key, write_key
from emla.keyring.folder import unlock_folder
from emla.keyring.key_file import TokenKey
from emla.keyring.passphrase import Passphrase
from emla.keyring.pkcs11 import ID_BYTES, Token, TokenName, make_token_key, signer_of
from emla.model.errors import ConfigurationError
from emla.model.signed import PayloadType
from emla.ports.signing import BatchSigner
from tests.support.cli import loaded_modules

pytestmark = [pytest.mark.needs("softhsm2-util"), pytest.mark.xdist_group("softhsm")]

if sys.platform == "linux":
    from tests.support.tokens import PIN, WRONG_PIN, TokenBox, softhsm_module, start_library_again, token_box


@pytest.fixture
def box(tmp_path: Path) -> Iterator[TokenBox]:
    with token_box(tmp_path / "softhsm") as made:
        yield made


def key_in(token: Token, use: FileUse = FileUse.SIGN) -> TokenKey:
    return make_token_key(token, use, authority="nl.minjus", object_id=os.urandom(ID_BYTES), created=1)


def code_of(token: Token, key: TokenKey) -> str:
    with pytest.raises(ConfigurationError) as caught:
        signer_of(key, token).sign(b"x")
    return caught.value.code


def test_it_makes_signatures_that_libsodium_takes(box: TokenBox) -> None:
    token = box.open("ours")
    key = key_in(token)
    signed = dsse.sign(PayloadType.PING, b"{}", signer_of(key, token))
    assert dsse.verifies(dsse.decode(signed, PayloadType.PING, 9999), key.kid, key.public)


def test_signing_is_the_same_every_time(box: TokenBox) -> None:
    """Rounds of a batch rest on it: Ed25519 takes no chance."""
    token = box.open("ours")
    signer = signer_of(key_in(token), token)
    assert signer.sign(b"x") == signer.sign(b"x")


def test_the_private_half_cannot_be_read(box: TokenBox) -> None:
    import pkcs11

    token = box.open("ours")
    key = key_in(token)

    def look(session: pkcs11.Session) -> tuple[bool, bool]:
        found = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, id=key.object_id)
        with pytest.raises(pkcs11.PKCS11Error):
            _ = found[pkcs11.Attribute.VALUE]
        return found[pkcs11.Attribute.EXTRACTABLE], found[pkcs11.Attribute.SENSITIVE]

    assert token.call(look) == (False, True)


def test_several_keys_in_one_token_are_told_apart(box: TokenBox) -> None:
    token = box.open("ours")
    for key in (key_in(token), key_in(token, FileUse.LEDGER)):
        assert ed1.verify(key.public, b"x", signer_of(key, token).sign(b"x"))


def test_a_lost_session_is_opened_again_and_nobody_notices(box: TokenBox) -> None:
    token = box.open("ours")
    signer = signer_of(key_in(token), token)
    before = signer.sign(b"x")
    start_library_again()
    assert signer.sign(b"x") == before


def test_a_token_that_is_pulled_out_is_unavailable_until_it_is_back(box: TokenBox) -> None:
    token = box.open("ours")
    key = key_in(token)
    signer = signer_of(key, token)
    signer.sign(b"x")
    box.pull_out()
    with pytest.raises(ConfigurationError) as caught:
        signer.sign(b"x")
    assert caught.value.code == "token-unavailable"
    assert caught.value.retryable
    assert "'ours'" in caught.value.detail
    box.plug_in()
    assert ed1.verify(key.public, b"x", signer.sign(b"x"))


def test_a_wrong_pin_is_tried_once_and_never_shown(box: TokenBox) -> None:
    name = box.make("ours")
    token = Token(name, WRONG_PIN)
    with pytest.raises(ConfigurationError) as caught:
        key_in(token)
    assert caught.value.code == "wrong-token-pin"
    assert WRONG_PIN.octets.decode() not in repr(caught.value) + repr(token)
    assert caught.value.__cause__ is None


def test_another_token_under_the_same_label_is_noticed(box: TokenBox) -> None:
    mine, other = box.open("ours"), box.open("theirs")
    key = key_in(mine)
    assert code_of(other, key) == "unreadable-key"


def test_a_signature_that_does_not_verify_is_given_to_nobody(box: TokenBox) -> None:
    token = box.open("ours")
    key, other = key_in(token), key_in(token)
    # The token holds another key under that id: it was exchanged, restored from a backup, or is broken.
    assert code_of(token, replace(key, object_id=other.object_id)) == "token-unavailable"


def test_a_library_that_is_not_there_says_which(tmp_path: Path) -> None:
    token = Token(TokenName(module=str(tmp_path / "none.so"), label="ours"), PIN)
    with pytest.raises(ConfigurationError) as caught:
        key_in(token)
    assert caught.value.code == "token-unavailable"
    assert "none.so" in caught.value.detail
    with pytest.raises(ConfigurationError) as caught:
        key_in(Token(TokenName(module="libsofthsm2.so", label="ours"), PIN))
    assert caught.value.code == "unreadable-key", (
        "a name without its folder would be looked for in places others can write"
    )


def test_a_key_folder_reaches_its_token_with_a_pin_that_is_asked_once(box: TokenBox, tmp_path: Path) -> None:
    token = box.open("ours")
    keys = [key_in(token, use) for use in (FileUse.SIGN, FileUse.LEDGER)]
    for key in keys:
        path = write_key(tmp_path / "keys", key)
        assert b"seed" not in path.read_bytes()
        with pytest.raises(ConfigurationError):
            read_key(path)
    write_key(tmp_path / "keys", make_key(FileUse.CONTENT, seed=os.urandom(32), created=1))
    asked: list[Passphrase] = []

    def find_pin() -> Passphrase:
        asked.append(PIN)
        return PIN

    folder = unlock_folder(tmp_path / "keys", find_pin, find_pin)
    ring = folder.read(GATEWAY_USES)
    folder.read(GATEWAY_USES)
    assert len(asked) == 1
    signer = ring.signer(keys[0].use, keys[0].kid)
    assert isinstance(signer, BatchSigner), "a batch does not wait for it"
    assert ed1.verify(keys[0].public, b"x", signer.slow.sign(b"x"))


def test_without_a_token_no_foreign_code_is_loaded() -> None:
    assert "pkcs11" not in loaded_modules("--version")
    assert softhsm_module()
