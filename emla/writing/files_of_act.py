"""Files and custody of an act, as answers: which entry a file belongs to, and who handed an item to whom.

A key names the entry: Q1 the answer to a question, I2 the second item of results.
"""

import re
from collections.abc import Mapping, Sequence

from emla.writing.act_flags import NotTaken
from emla.writing.answers import NO, YES, at, gate

KEYED = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9_-]{0,39})=(?P<path>.+)", re.DOTALL)
OWNERS = {
    "SupplementaryInformation": ("Answer", "AnswerAttachment"),
    "ResultTransmission": ("EvidenceItem", "ItemAttachment"),
}
"""Messages in which a file belongs to an entry, and the element that names it there."""
_KINDS = {"ResultTransmission": "EVIDENCE_FILE"}
_STEP = ("ReleasedBy", "ReceivedBy", "HandedOverAt", "Reason")


def kind_of(message: str, *, is_signature: bool) -> str:
    """What a file of a message is, unless somebody says it: a code of CL-DOCUMENT-TYPE."""
    return "CERTIFICATE_OF_AUTHENTICITY" if is_signature else _KINDS.get(message, "OTHER")


def entry_of(message: str, key: str, answers: Mapping[str, str]) -> str:
    """The place in an entry that names its file; empty where there is no such entry."""
    entries, member = OWNERS[message]
    if entries == "EvidenceItem":
        place = f"{entries}[{key[1:]}]"
        return at(place, member) if key[:1] == "I" and answers.get(gate(place)) == YES else ""
    places = [
        each.rpartition("/")[0]
        for each, said in answers.items()
        if each.endswith("/QuestionId") and said == key
    ]
    return at(places[0], member) if places else ""


def custody(values: Sequence[str]) -> dict[str, str]:
    """The answers that custody steps mean: for each item from the collection to the dispatch.

    Raises:
        NotTaken: a step has not four parts.
    """
    found: dict[str, str] = {}
    steps: dict[str, int] = {}
    for value in values:
        parts = KEYED.fullmatch(value)
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
