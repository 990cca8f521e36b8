"""Files as an officer names them on the command line, as answers.

--attach PATH             goes along; results: it belongs to the first item
--attach Q1=PATH          answers a question; I2=PATH belongs to the second item
"""

from collections.abc import Sequence
from pathlib import Path

from emla.cli.writer_files import check_file
from emla.writing.accept import Unacceptable
from emla.writing.act_flags import NotTaken
from emla.writing.answers import NO, YES, gate
from emla.writing.files_of_act import KEYED, OWNERS, entry_of, kind_of


def attached(
    message: str, named: Sequence[str], signatures: Sequence[str], answers: dict[str, str]
) -> tuple[dict[str, str], frozenset[str]]:
    """The answers that files mean.

    Args:
        message: type of the message.
        named: values of ``--attach``.
        signatures: values of ``--signature``.
        answers: what other options mean: which entries there are.

    Returns:
        The answers, and the names of the files that are signatures.

    Raises:
        NotTaken: a file is none, or is named for an entry that is not there.
    """
    found: dict[str, str] = {}
    of_entries: dict[str, list[str]] = {}
    for number, value in enumerate((*named, *signatures), 1):
        entry, path = _entry(message, value, answers)
        place = f"Attachment[{number}]"
        try:
            whole = check_file(path, found, f"{place}/FileName")
        except Unacceptable as problem:
            raise NotTaken(str(problem)) from None
        kind = kind_of(message, is_signature=number > len(named))
        found |= {gate(place): YES, f"{place}/FileName": whole, f"{place}/DocumentType": kind}
        if entry:
            of_entries.setdefault(entry, []).append(f"A{number}")
    found[gate(f"Attachment[{len(named) + len(signatures) + 1}]")] = NO
    found |= {entry: "; ".join(ids) for entry, ids in of_entries.items()}
    return found, frozenset(Path(each).name for each in signatures)


def _entry(message: str, value: str, answers: dict[str, str]) -> tuple[str, str]:
    """The place that names the file, and its path."""
    parts = KEYED.fullmatch(value)
    if parts is None or message not in OWNERS or Path(value).exists():
        return "", value
    place = entry_of(message, parts["key"], answers)
    if not place:
        key = parts["key"]
        raise NotTaken(f"--attach {key}=...: there is no {key}. Say it first with --item or --question.")
    return place, parts["path"]
