"""What every act of two officers does at the command line: show it, ask, sign with the first officer's key, hand it in."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from emla.cli import screen
from emla.cli.invocation import wants_json, with_client
from emla.cli.media_key import confirm
from emla.cli.officer_key import officer_name, open_officer

if TYPE_CHECKING:
    from emla.model.act import ActKind, Facts


def propose_act(
    kind: "ActKind",
    facts: "Facts",
    *,
    officer: Path,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Propose an act; another officer's approval carries it out.

    Raises:
        InvalidDocumentError: ``approval-missing``: there are no key officers yet, or this is none.
        EmlaError: it could not be carried out as things stand.
    """
    from emla.cli.present import read_present
    from emla.cli.proposing import (
        Proposal,
        changes_document,
        hand_in,
        proposals_document,
        show_proposals,
        tell,
    )
    from emla.formats.act import NONCE_BYTES, encode_act
    from emla.model.act import Act
    from emla.model.signed import PayloadType

    present = with_client(read_present)
    judges = present.required_officers()
    act = Act(
        authority=present.authority.id,
        kind=kind,
        facts=facts,
        at=int(time.time()),
        nonce=os.urandom(NONCE_BYTES),
    )
    proposals = [Proposal(kind=PayloadType.ACT, payload=encode_act(act))]
    show_proposals(proposals, present)
    if dry_run:
        if wants_json():
            screen.emit_json({"dry_run": True, "proposals": proposals_document(proposals, present)})
        else:
            screen.note("Nothing was proposed: --dry-run.")
        return
    confirm(f"Propose this as {officer_name(officer)}?", yes=yes)
    opened = open_officer(officer, passphrase_file, passphrase_fd, judges)
    changes = hand_in(proposals, opened, present.authority.id)
    if wants_json():
        screen.emit_json({"proposed_by": opened.name, "changes": changes_document(proposals, changes)})
        return
    tell(proposals, changes, opened.name)
