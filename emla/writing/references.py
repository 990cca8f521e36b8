"""What one part of a request may refer to in another: the persons and files entered so far."""

from collections.abc import Iterator

from emla.writing.answers import YES, Answers, gate
from emla.writing.conditions import files_needed, persons_needed
from emla.writing.questions import Option, reference

REFERRED_MAX = 200


def _stands(place: str, answers: Answers, *, needed: bool) -> bool:
    """Whether it is in the request: the first one always, where one is needed."""
    return (needed and place.endswith("[1]")) or answers.get(gate(place)) == YES


def persons(answers: Answers) -> Iterator[Option]:
    """The persons entered so far, each by its id and name."""
    for number in range(1, REFERRED_MAX + 1):
        place = f"Person[{number}]"
        parts = [value for path, value in answers.items() if path.startswith(f"{place}/") and value]
        if not parts or not _stands(place, answers, needed=persons_needed(answers, "")):
            return
        names = (
            answers.get(f"{place}/{each}", "")
            for each in (
                "Natural/FamilyName",
                "Natural/GivenNames",
                "Legal/Name",
                "Unidentified/Alias",
                "Unidentified/Description",
            )
        )
        yield Option(code=reference("Person", place), words=", ".join(each for each in names if each)[:80])


def files(answers: Answers) -> Iterator[Option]:
    """The files that go along so far, each by its id and name."""
    for number in range(1, REFERRED_MAX + 1):
        place = f"Attachment[{number}]"
        name = answers.get(f"{place}/FileName", "")
        if not name or not _stands(place, answers, needed=files_needed(answers, "")):
            return
        yield Option(code=reference("Attachment", place), words=name.rpartition("/")[2])
