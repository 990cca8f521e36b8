"""`emla case accesses`: who read, at the gateways of others, what was sent from here."""

from collections.abc import Iterable
from itertools import count
from pathlib import Path

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text
from emla.client.accesses import AccessesView, AccessView, HolderView

_WHAT = {"case": "the case", "passed": "passed on"}


@common
@click.command(epilog=example_text("emla case accesses 3f9a1c20"))
@click.argument("case_id", metavar="CASE")
@click.option("--kept", is_flag=True, help="Ask nobody; show what was said before.")
@click.option(
    "--save", "folder", type=click.Path(path_type=Path), help="Save the signed reports in this folder, too."
)
def accesses(*, case_id: str, kept: bool, folder: Path | None) -> None:
    """Show who read what you sent, by the ledgers of its holders.

    CASE is the case id or a beginning of it. Each holder's gateway is asked for what is new and answers by itself, with a signed
    report that is kept here: it can be shown when the holder is away, and held against its ledger later.
    """
    from emla.cli import screen

    if kept:
        found = with_client(lambda client: client.accesses(case_id))
    else:
        found = with_client(lambda client: client.ask_accesses(case_id))
    if folder is not None:
        _save(with_client(lambda client: client.accesses(found.case_id, signed=True)), folder)
    if wants_json():
        screen.emit_json(found)
    else:
        show_accesses(found, asked=not kept)


def show_accesses(found: AccessesView, *, asked: bool) -> None:
    """Print for each holder what was read, in which role, and how often. `asked`: each holder, at this moment."""
    from emla.cli import screen

    if not found.holders:
        screen.note("Nothing of this case was sent from here.")
    for each in found.holders:
        _show_holder(each, asked=asked and not each.code)


def _show_holder(holder: HolderView, *, asked: bool) -> None:
    from emla.cli import screen
    from emla.cli.wording import instant, plain

    newest = holder.reports[-1] if holder.reports else None
    if holder.code:
        screen.note(
            f"{holder.holder} said nothing new: {holder.code}. {plain(holder.detail)}", style="yellow"
        )
    if newest is None:
        screen.note(f"{holder.holder} has not said yet who read what you sent.")
        return
    rows = list(_rows(holder.accesses))
    # A holder that was asked and said nothing new stands by its last report.
    said = f"{holder.holder}, " + ("asked now" if asked else f"as of {instant(newest.made_at)} by its clock")
    if not rows:
        screen.note(f"{said}: nobody has read what you sent.")
        return
    screen.table(("Package", "What", "By", "Times", "First", "Last"), rows, title=said, fold=("What", "By"))


def _rows(accesses: Iterable[AccessView]) -> Iterable[tuple[str, ...]]:
    """One line for everything that was done in the same way."""
    from emla.cli.wording import instant, plain, short

    groups: dict[tuple[str, str, str], list[AccessView]] = {}
    for each in accesses:
        what = f"part {each.part}" if each.what == "part" else _WHAT.get(each.what, each.what)
        if each.what == "passed":
            what = f"part {each.part} passed on"
        by = f"to {each.to}" if each.to else each.person or (each.role or "").replace("_", " ")
        groups.setdefault((short(each.package) if each.package else "-", what, plain(by)), []).append(each)
    for (package, what, by), same in groups.items():
        yield package, what, by, str(len(same)), instant(same[0].at), instant(same[-1].at)


def _save(found: AccessesView, folder: Path) -> None:
    from emla.cli import screen
    from emla.cli.export_file import write_new
    from emla.cli.files import make_folder

    make_folder(folder)
    saved = 0
    for holder in found.holders:
        for each in holder.reports:
            stem = f"{holder.holder}-{each.epoch}-{each.first}-{each.end}"
            if each.signed is not None and (path := _unsaved(folder, stem, each.signed)):
                write_new(path, each.signed, private=True)
                saved += 1
    if not wants_json():
        screen.note(f"{saved} new files in {folder}.")


def _unsaved(folder: Path, stem: str, signed: bytes) -> Path | None:
    """Where a report goes; None where it is saved already. Two about the same leaves contradict one another: both are wanted."""
    for number in count(1):
        path = folder / (f"{stem}.accesses.json" if number == 1 else f"{stem}-{number}.accesses.json")
        if not path.exists():
            return path
        if path.read_bytes() == signed:
            break
    return None
