"""A revocation that one root key signs, written to a file and told to a person."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from emla.cli.invocation import wants_json

if TYPE_CHECKING:
    from emla.bootstrap.ceremony import FindPassphrase
    from emla.model.documents import Authority


def write_revocation(
    out: Path,
    known: "Authority",
    key: Path,
    find: "FindPassphrase",
    *,
    kid: str | None,
    since: int,
    reason: str,
) -> None:
    """Sign a revocation with the root key of a file and write it.

    Raises:
        ConfigurationError: the key does not open, or the file cannot be written.
        InvalidDocumentError: ``invalid-document``.
    """
    from emla.bootstrap.ceremony import open_key, revoke
    from emla.cli import screen
    from emla.cli.export_file import write_new
    from emla.keyring.media import MediaUse

    signer = open_key(key, MediaUse.ROOT, find).signer
    signed = revoke(known, signer, kid=kid, since=since, reason=reason, now=int(time.time()))
    write_new(out, signed)
    if wants_json():
        screen.emit_json(
            {"file": str(out), "authority": known.id, "kid": kid, "invalid_since": screen.utc(since)}
        )
        return
    what = f"the key {kid}" if kid else f"all trust in {known.id}"
    screen.say(f"{out} takes away {what}.", style="green")
    screen.note("It does nothing by itself: bring it to the server and publish it there.")
