"""What `emla doctor` looks at in the private keys: their files, how they are locked, and the token that holds some of them.

Rules of this file: nobody is asked for a passphrase or PIN. What cannot be opened without one is looked at from outside.
"""

from collections.abc import Iterator, Mapping

from emla.bootstrap.checkup import Check, of_error, ok, warn
from emla.bootstrap.own import KEYS
from emla.bootstrap.unlock import Chosen, unlock_keys
from emla.keyring.files import GATEWAY_USES, OPENER_USES, kept_keys
from emla.keyring.folder import KeyFolder
from emla.keyring.key_file import StoredKey, TokenKey
from emla.keyring.pkcs11 import TokenName, signer_of
from emla.keyring.tls import check_tls
from emla.keyring.wrapping import is_wrapped, read_work
from emla.model.errors import EmlaError
from emla.model.settings import Settings

_USES = GATEWAY_USES | OPENER_USES
_NAME = "private keys"
_UNLOCK = (
    "Give the passphrase as at a start (`emla serve --help`) to look inside: docs/how-to/unlock-at-start.md"
)


def examine_keys(
    settings: Settings, environment: Mapping[str, str], chosen: Chosen
) -> tuple[tuple[Check, ...], KeyFolder | None]:
    """Look at the private keys.

    Returns:
        The checks, and the unlocked folder for the checks that need it; None where it cannot be unlocked.
    """
    checks: list[Check] = []
    unlocked = None
    try:
        checks += _how_kept(settings)
        unlocked = unlock_keys(settings, environment, chosen)
        checks += _tokens(settings, unlocked)
        if all(each.name != "token" or not each.remedy for each in checks):
            unlocked.read(_USES)
            checks.append(ok(_NAME, f"{settings.data / KEYS}: readable by you alone"))
    except EmlaError as error:
        unlocked = None
        locked = error.code == "key-locked"
        checks.append(
            warn(_NAME, f"not looked into: {error.detail}", _UNLOCK) if locked else of_error(_NAME, error)
        )
    return (*checks, *_tls(settings), *_root(settings)), unlocked


def _how_kept(settings: Settings) -> Iterator[Check]:
    folder = settings.data / KEYS
    plain = [path.name for path, key in kept_keys(folder, _USES) if isinstance(key, StoredKey)]
    if not is_wrapped(folder):
        yield warn(
            "lock",
            "the private keys are not locked",
            "Lock them: `emla keys wrap` (docs/explanation/keys-at-rest.md).",
        )
    elif plain:
        yield warn("lock", f"{', '.join(plain)}: not locked like the others", "Lock it: `emla keys wrap`.")
    elif read_work(folder).is_weak:
        yield warn("lock", "the passphrase can be tried too quickly", "Choose it anew: `emla keys wrap`.")
    else:
        yield ok("lock", "private keys are locked under a passphrase")


def _tokens(settings: Settings, unlocked: KeyFolder) -> Iterator[Check]:
    for _, key in kept_keys(settings.data / KEYS, _USES):
        if not isinstance(key, TokenKey):
            continue
        try:
            token = unlocked.tokens.token(TokenName(module=key.module, label=key.token))
            signer_of(key, token).sign(b"emla doctor")
            yield ok("token", f"'{key.token}' signs with the {key.use} key")
        except EmlaError as error:
            yield of_error("token", error)


def _tls(settings: Settings) -> Iterator[Check]:
    try:
        check_tls(settings.data / "tls")
        yield ok("TLS key", f"{settings.data / 'tls'}")
    except EmlaError as error:
        yield of_error("TLS key", error)


def _root(settings: Settings) -> Iterator[Check]:
    folder = settings.data / "root"
    if any(not path.name.endswith(".pub.json") for path in folder.glob("root-*.json")):
        yield warn("root key", "is still on this machine", f"Move it to removable media: {folder}/README.txt")
