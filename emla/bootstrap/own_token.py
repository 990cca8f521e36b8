"""Where the command line finds the token that shows who is calling: never on the command line, where others could read it."""

import os
from collections.abc import Mapping
from pathlib import Path

from emla.config import TOKEN_FILE_VARIABLE, TOKEN_VARIABLE

_BYTES_MAX = 256


def token_file(environment: Mapping[str, str]) -> Path:
    """The token file: ``EMLA_TOKEN_FILE``, else ``token`` in the XDG configuration folder."""
    if named := environment.get(TOKEN_FILE_VARIABLE):
        return Path(named).expanduser().absolute()
    base = environment.get("XDG_CONFIG_HOME", "")
    above = Path(base) if base.startswith("/") else Path.home() / ".config"
    return above / "emla" / "token"


def own_token(environment: Mapping[str, str] | None = None) -> str | None:
    """The token of this invocation: ``EMLA_TOKEN``, else the token file; None where there is neither.

    Raises:
        ConfigurationError: ``unreadable-key``: others can read the file.
    """
    around = os.environ if environment is None else environment
    if given := around.get(TOKEN_VARIABLE):
        return given.strip()
    path = token_file(around)
    if TOKEN_FILE_VARIABLE not in around and not path.exists():
        return None
    from emla.keyring.private_files import read_private

    return read_private(path, _BYTES_MAX).decode("ascii", "replace").strip()


def save_token(text: str) -> Path:
    """Put a token into the token file, in the place of one that is there."""
    from emla.keyring.private_files import replace_private

    path = token_file(os.environ)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_private(path, text.encode("ascii") + b"\n")
    return path
