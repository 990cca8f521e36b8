"""Keys in a hardware token, over PKCS#11 (python-pkcs11, the extra ``hsm``; docs/how-to/use-a-hardware-token.md).

Rules of this file:
- A key is made in the token and never leaves it: sensitive, not extractable. Only Ed25519 keys (sign, ledger).
- One session for each token and process, and one thread at a time in the library. When a call fails, it is repeated with a new
  session, and once more with the library started anew; then the token counts as unavailable, which others try again later.
- A wrong PIN is never tried twice: tokens lock themselves.
- The library is loaded when the first token is used: a server without tokens never loads foreign code.
"""

import contextlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from emla.formats import ed1
from emla.formats.binding import key_id
from emla.keyring.key_file import FileUse, TokenKey
from emla.keyring.passphrase import Passphrase
from emla.model.errors import ConfigurationError

if TYPE_CHECKING:
    import pkcs11
    from pkcs11._pkcs11 import lib as Library  # noqa: N812 - the library's own name for it is in lower case

ED25519_PARAMETERS = bytes.fromhex("06032b6570")
"""DER of the object identifier 1.3.101.112, which PKCS#11 3.0 asks for as EC_PARAMS."""
ID_BYTES = 16
_in_library = threading.Lock()
_OCTET_STRING = b"\x04\x20"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenName:
    """Which token: the PKCS#11 library that reaches it, and its label."""

    module: str
    label: str


class Token:
    """One token, opened when it is first needed."""

    def __init__(self, name: TokenName, pin: Passphrase) -> None:
        self.name = name
        self._pin = pin
        self._session: pkcs11.Session | None = None

    def __repr__(self) -> str:
        return f"Token({self.name.label})"

    def call(self, work: "Callable[[pkcs11.Session], T]") -> T:
        """Work with the token's session, opened again when that fails. Blocks.

        Raises:
            ConfigurationError: ``token-unavailable``, ``wrong-token-pin``; ``unreadable-key`` when the key is not in it.
        """
        import pkcs11

        with _in_library:
            failure = ConfigurationError("token-unavailable")
            for recover in (self._close, self._start_library_again, self._close):
                try:
                    return work(self._session or self._open())
                except (pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned):
                    raise ConfigurationError(
                        "unreadable-key", f"The token '{self.name.label}' does not hold exactly that key."
                    ) from None
                except (pkcs11.PKCS11Error, OSError) as error:
                    failure = self._unavailable(error)
                # Here and not above: the error holds on to searches, which must end before their session does.
                recover()
            raise failure

    def close(self) -> None:
        """End the session."""
        with _in_library:
            self._close()

    def _open(self) -> "pkcs11.Session":
        import pkcs11

        try:
            pin = self._pin.octets.decode("utf-8")
            self._session = (
                _library(self.name.module).get_token(token_label=self.name.label).open(rw=True, user_pin=pin)
            )
        except (pkcs11.PinIncorrect, pkcs11.PinLocked, pkcs11.PinInvalid, pkcs11.PinLenRange) as error:
            raise ConfigurationError(
                "wrong-token-pin", f"Token '{self.name.label}': {type(error).__name__}."
            ) from None
        return self._session

    def _close(self) -> None:
        import pkcs11

        session, self._session = self._session, None
        if session is not None:
            # It may be lost already: that is often why it is closed.
            with contextlib.suppress(pkcs11.PKCS11Error):
                session.close()

    def _start_library_again(self) -> None:
        """Some libraries notice a token that came back only when they are started again. Other sessions are opened anew, too."""
        import pkcs11

        self._close()
        with contextlib.suppress(pkcs11.PKCS11Error):
            _library(self.name.module).reinitialize()

    def _unavailable(self, error: Exception) -> ConfigurationError:
        words = " ".join(str(error).split())[:200]
        return ConfigurationError(
            "token-unavailable",
            f"Token '{self.name.label}' over {self.name.module}: {type(error).__name__} {words}".rstrip()
            + ".",
        )


class TokenSigner:
    """A `Signer` whose key is in a token."""

    __slots__ = ("_found", "_object_id", "_token", "kid", "public")

    def __init__(self, token: Token, *, kid: str, public: bytes, object_id: bytes) -> None:
        self.kid = kid
        self.public = public
        self._token = token
        self._object_id = object_id
        self._found: tuple[pkcs11.Session, pkcs11.PrivateKey] | None = None
        """The key as a session found it; another session finds it again."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of the message. Blocks while the token works.

        Raises:
            ConfigurationError: as `Token.call`; ``token-unavailable`` also when the token signs wrongly.
        """
        sig = self._token.call(lambda session: self._sign(session, message))
        # A token that was exchanged or is broken must not put a bad signature into the ledger.
        if not ed1.verify(self.public, message, sig):
            raise ConfigurationError(
                "token-unavailable", f"{self._token!r} made a signature that does not verify."
            )
        return sig

    def _sign(self, session: "pkcs11.Session", message: bytes) -> bytes:
        import pkcs11

        if self._found is None or self._found[0] is not session:
            key = session.get_key(
                object_class=pkcs11.ObjectClass.PRIVATE_KEY,
                key_type=pkcs11.KeyType.EC_EDWARDS,
                id=self._object_id,
            )
            self._found = (session, cast("pkcs11.PrivateKey", key))
        return bytes(self._found[1].sign(message, mechanism=pkcs11.Mechanism.EDDSA))  # type: ignore[attr-defined]  # mixed in

    def __repr__(self) -> str:
        return f"TokenSigner(kid={self.kid}, {self._token!r})"


def signer_of(key: TokenKey, token: Token) -> TokenSigner:
    """The signer of a key that is in an opened token."""
    return TokenSigner(token, kid=key.kid, public=key.public, object_id=key.object_id)


def make_token_key(token: Token, use: FileUse, *, authority: str, object_id: bytes, created: int) -> TokenKey:
    """Make a key in a token; blocks.

    Args:
        token: where.
        use: sign or ledger.
        authority: whose; part of the label that the token's own tools show.
        object_id: ID_BYTES fresh random bytes.
        created: UNIX seconds.

    Raises:
        ConfigurationError: as `Token.call`; ``token-unavailable`` when it cannot make Ed25519 keys.
    """
    label = f"emla {use.value} {authority}"
    public = token.call(lambda session: _generate(session, label, object_id))
    return TokenKey(
        use=use,
        kid=key_id(ed1.NAME, public),
        public=public,
        module=token.name.module,
        token=token.name.label,
        object_id=object_id,
        created=created,
    )


def _generate(session: "pkcs11.Session", label: str, object_id: bytes) -> bytes:
    import pkcs11

    parameters = session.create_domain_parameters(
        pkcs11.KeyType.EC_EDWARDS, {pkcs11.Attribute.EC_PARAMS: ED25519_PARAMETERS}, local=True
    )
    public, _ = parameters.generate_keypair(
        mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
        store=True,
        label=label,
        id=object_id,
        private_template={
            pkcs11.Attribute.EXTRACTABLE: False,
            pkcs11.Attribute.SENSITIVE: True,
        },
    )
    point = bytes(public[pkcs11.Attribute.EC_POINT])
    # PKCS#11 wraps the point in an OCTET STRING; some tokens leave the wrapping out.
    octets = point.removeprefix(_OCTET_STRING) if len(point) > ed1.PUBLIC_BYTES else point
    if not ed1.is_valid_public(octets):
        raise ConfigurationError("token-unavailable", "The token made a public key that is not Ed25519.")
    return octets


def _library(module: str) -> "Library":
    import pkcs11

    if not os.path.isabs(module):  # noqa: PTH117 - a text out of a key file, not yet a path
        raise ConfigurationError(
            "unreadable-key", f"'{module}' is not the absolute path of a PKCS#11 library."
        )
    return pkcs11.lib(module)
