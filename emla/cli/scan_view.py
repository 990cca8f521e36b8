"""What the malware scanner said, as a person reads it."""

from rich.text import Text

from emla.cli import screen
from emla.cli.wording import instant, plain, short, size
from emla.client.answers import Message
from emla.client.scan_answers import PartScan, Waiting

_WORDS = {
    "clean": ("nothing found", "green"),
    "infected": ("malware found", "bold red"),
    "too-large": ("not scanned: too large", "yellow"),
    "failed": ("not scanned: the scanner failed", "yellow"),
}


def scan_text(scan: PartScan | None) -> Text:
    """What is known of a part, in a few words."""
    if scan is None:
        return Text("not scanned")
    words, style = _WORDS.get(scan.verdict, (plain(scan.verdict), "yellow"))
    text = Text(words, style=style)
    if scan.verdict == "infected":
        text.append(f": {plain(scan.detail)}")
    if scan.released:
        text.append(f" (released {instant(scan.released.at)})", style="yellow")
    return text


def show_waiting(items: tuple[Waiting, ...]) -> None:
    """Print the table of what waits, and what to do about it."""
    screen.table(
        ("Package", "Peer", "Part", "File", "What is held against it", "Since"),
        [
            (
                short(each.pid),
                each.peer,
                "" if each.n is None else str(each.n),
                each.name or "",
                scan_text(each.scan)
                if each.scan
                else Text(f"could not be opened: {plain(each.code or '')}", "red"),
                instant(each.scan.at) if each.scan else "",
            )
            for each in items
        ],
        fold=("Peer", "File", "What is held against it"),
    )
    if any(each.kind == "package" for each in items):
        screen.note("A package: emla message release ID has it opened once more.")
    if any(each.kind == "part" for each in items):
        screen.note('A part: emla quarantine show ID; emla quarantine release ID --part N --reason "...".')


def show_parts(message: Message) -> None:
    """Print each part of a message with what is known of it."""
    screen.facts([("Package", message.pid), ("From" if message.direction == "in" else "To", message.peer)])
    screen.table(
        ("Part", "File", "Size", "Malware scan", "At", "In words"),
        [
            (
                str(each.n),
                each.name,
                size(each.size),
                scan_text(each.scan),
                instant(each.scan.at) if each.scan else "",
                each.scan.detail if each.scan and each.scan.verdict != "infected" else "",
            )
            for each in message.parts
        ],
        fold=("File", "Malware scan", "In words"),
    )
    if message.direction == "out":
        screen.note("What is ours is not scanned: our own people handed it in.")
