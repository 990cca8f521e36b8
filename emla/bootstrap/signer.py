"""Who signed last at this officer's desk: a private file beside the drafts, so that an officer types name and post once.

Rules of this file: it is a default that is shown before it is taken; a file that cannot be read or is not ours is no file.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from emla.keyring.private_files import read_private, replace_private
from emla.model.errors import EmlaError

MEMBERS = ("Name", "Post", "SigningPlace")
_FILE = "signer.json"
_BYTES_MAX = 8192


def last_signer(folder: Path, authority: str) -> dict[str, str]:
    """Name, post and place of who signed last for an authority; empty where that is not known."""
    try:
        held = json.loads(read_private(folder / _FILE, _BYTES_MAX))
    except (EmlaError, OSError, ValueError, RecursionError):
        return {}
    said = held.get(authority) if isinstance(held, dict) else None
    if not isinstance(said, dict):
        return {}
    return {name: value for name in MEMBERS if isinstance(value := said.get(name), str)}


def keep_signer(folder: Path, authority: str, said: Mapping[str, str]) -> None:
    """Keep who signed. It is a convenience: where it cannot be kept, nothing is said."""
    data = json.dumps({authority: {name: said.get(name, "") for name in MEMBERS}}).encode()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_private(folder / _FILE, data)
    except OSError:
        return
