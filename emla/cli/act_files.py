"""Files and custody as an officer names them on the command line, as answers.

--attach PATH             goes along; results: it belongs to the first item
--attach Q1=PATH          answers a question; I2=PATH belongs to the second item
--custody "I1=FROM; TO; WHEN; WHY"
"""

import re
from collections.abc import Sequence
from pathlib import Path

from emla.cli.writer_files import check_file
from emla.writing.accept import Unacceptable
from emla.writing.act_flags import NotTaken
from emla.writing.answers import NO, YES, at, gate

_KEYED = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9_-]{0,39})=(?P<path>.+)", re.DOTALL)
_OWNERS = {
    "SupplementaryInformation": ("Answer", "AnswerAttachment"),
    "ResultTransmission": ("EvidenceItem", "ItemAttachment"),
}
"""Messages in which a file belongs to an entry, and the element that names it there."""
_KINDS = {"ResultTransmission": "EVIDENCE_FILE"}
_STEP = ("ReleasedBy", "ReceivedBy", "HandedOverAt", "Reason")


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
        kind = _KINDS.get(message, "OTHER") if number <= len(named) else "CERTIFICATE_OF_AUTHENTICITY"
        found |= {gate(place): YES, f"{place}/FileName": whole, f"{place}/DocumentType": kind}
        if entry:
            of_entries.setdefault(entry, []).append(f"A{number}")
    found[gate(f"Attachment[{len(named) + len(signatures) + 1}]")] = NO
    found |= {entry: "; ".join(ids) for entry, ids in of_entries.items()}
    return found, frozenset(Path(each).name for each in signatures)


def _entry(message: str, value: str, answers: dict[str, str]) -> tuple[str, str]:
    """The place that names the file, and its path."""
    parts = _KEYED.fullmatch(value)
    if parts is None or message not in _OWNERS or Path(value).exists():
        return "", value
    entries, member = _OWNERS[message]
    key = parts["key"]
    if entries == "EvidenceItem":
        place = f"{entries}[{key[1:]}]"
        known = key[:1] == "I" and answers.get(gate(place)) == YES
    else:
        places = [
            each.rpartition("/")[0]
            for each, said in answers.items()
            if each.endswith("/QuestionId") and said == key
        ]
        place, known = (places or [""])[0], bool(places)
    if not known:
        raise NotTaken(f"--attach {key}=...: there is no {key}. Say it first with --item or --question.")
    return at(place, member), parts["path"]


def custody(values: Sequence[str]) -> dict[str, str]:
    """The answers that custody steps mean: for each item from the collection to the dispatch.

    Raises:
        NotTaken: a step has not four parts.
    """
    found: dict[str, str] = {}
    steps: dict[str, int] = {}
    for value in values:
        parts = _KEYED.fullmatch(value)
        item, said = (
            (parts["key"], parts["path"])
            if parts and re.fullmatch("I[0-9]+", parts["key"])
            else ("I1", value)
        )
        members = [each.strip() for each in said.split(";")]
        if len(members) != len(_STEP) or not all(members):
            raise NotTaken(f"--custody {value[:60]}: write FROM; TO; WHEN; WHY, each with something in it.")
        steps[item] = steps.get(item, 0) + 1
        chain = f"ChainOfCustody[{item[1:]}]"
        place = f"{chain}/CustodyStep[{steps[item]}]"
        found |= {f"{place}/{name}": one for name, one in zip(_STEP, members, strict=True)}
        found |= {gate(chain): YES, gate(place): YES, gate(f"{chain}/CustodyStep[{steps[item] + 1}]"): NO}
    return found
