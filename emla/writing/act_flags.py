"""What an officer says on one line, as answers: ``--measure M1=ACCEPTED --reason M2="..."`` to places in the document.

Here: `answers_of`. Not here: what each option means in each message (`act_meanings`), whether the answers will do (`accept`), how
a command line is read.

Rules of this file:
- An option has one meaning over all acts: ``measure`` is a measure with what is said of it, ``reason`` is why.
- ``KEY=VALUE`` speaks of one measure, question or condition, if the case has one of that name; a value alone of all that are
  open.
- Whatever a message holds beyond these options is said by place, ``set``; nothing is out of reach.
"""

import shlex
from collections.abc import Mapping, Sequence

from emla.writing.act_meanings import EVERY, MEANINGS, Each, Many, Meaning, New, One
from emla.writing.act_script import Task, thing_named
from emla.writing.answers import NO, SEPARATOR, YES, at, form, gate
from emla.writing.script import plain


class NotTaken(ValueError):
    """An option that this act does not take, or that cannot be read; says what to write instead."""


_NEGATIVE = frozenset({"incomplete"})
"""Options that mean no where their element asks yes."""


def answers_of(task: Task, given: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The answers that options mean.

    Args:
        task: what is written.
        given: for each option its values, in the order in which they were given; yes or no for one without a value.

    Raises:
        NotTaken: with one sentence.
    """
    meanings = {**EVERY, **MEANINGS[task.act.message]}
    lists = _Lists(task)
    found: dict[str, str] = {}
    # New entries come first, so that others may speak of them.
    for name in sorted(given, key=lambda each: not isinstance(meanings.get(each), New)):
        if name not in meanings:
            raise NotTaken(
                f"{task.act.verb} does not take --{name}. It takes {_listed(MEANINGS[task.act.message])}"
                " and what every act takes."
            )
        meaning, values = meanings[name], given[name]
        if isinstance(meaning, One):
            if len(values) > 1:
                raise NotTaken(f"{task.act.verb} takes --{name} once.")
            found[meaning.place] = _flipped(name, values[0])
        elif isinstance(meaning, Many):
            found[meaning.place] = f"{SEPARATOR} ".join(values)
        else:
            for value in values:
                found |= lists.take(meaning, _flipped(name, value))
    return found | lists.ends()


def option_for(message: str, place: str) -> str:
    """The option that answers a place, with the entry it speaks of; ``--set`` where there is none."""
    meanings = {**EVERY, **MEANINGS[message]}
    for nth in (0, 1):  # what an option is for comes before what may stand in it as well
        for name, meaning in meanings.items():
            if plain(place) in [plain(each) for each in _places(meaning)[nth : nth + 1]]:
                return f"--{name}"
    return f"--set {shlex.quote(f'{place}=')}..."


def _places(meaning: Meaning) -> tuple[str, ...]:
    """What a meaning answers, the main thing first."""
    if isinstance(meaning, One | Many):
        return (meaning.place,)
    return tuple(f"{meaning.entries}/{each}" for each in meaning.members)


def _flipped(name: str, value: str) -> str:
    return NO if name in _NEGATIVE and value == YES else value


def _listed(meanings: Mapping[str, Meaning]) -> str:
    return ", ".join(f"--{each}" for each in meanings) or "nothing"


class _Lists:
    """The entries that options speak of, in the order in which they are named first."""

    def __init__(self, task: Task) -> None:
        situation = task.situation
        self._open = {
            "MeasureId": [each.measure_id for each in situation.open_measures or situation.measures],
            "QuestionId": [
                one for each in situation.questions if each.message_id == task.answers_to for one in each.open
            ],
            "ConditionId": [
                each.local_id for each in situation.pending if each.message_id == task.answers_to
            ],
        }
        self._task = task
        self._known = {**self._open, "MeasureId": [each.measure_id for each in situation.measures]}
        self._entries: dict[str, list[str]] = {}

    def take(self, meaning: Each | New, value: str) -> dict[str, str]:
        """The answers of one value."""
        if isinstance(meaning, New):
            return self._new(meaning, value)
        key, equals, rest = value.partition("=")
        known = self._known[meaning.key] if meaning.key else self._entries.get(meaning.entries, [])
        if not equals and meaning.key and value in known:
            return {f"{self._place(meaning.entries, value)}/{meaning.key}": value}
        if equals and key in known:
            keys, said = [key], rest
        else:
            named = self._entries.get(meaning.entries)
            keys, said = named or (self._open[meaning.key] if meaning.key else []), value
        if not keys:
            raise NotTaken(f"“{value[:60]}” says nothing of anything: no {_word(meaning)} is open or named.")
        if equals and key not in known and known and _looks_like_an_id(key):
            raise NotTaken(f"There is no {_word(meaning)} {key}: there is {', '.join(known)}.")
        found: dict[str, str] = {}
        for each in keys:
            place = self._place(meaning.entries, each)
            if meaning.key:
                found[f"{place}/{meaning.key}"] = each
            found |= _members(meaning, place, said)
        return found

    def _new(self, meaning: New, value: str) -> dict[str, str]:
        number = len(self._entries.get(meaning.entries, [])) + 1
        place = self._place(meaning.entries, f"{_LETTERS.get(meaning.entries, meaning.entries[0])}{number}")
        before, equals, rest = value.partition("=")
        if meaning.before and equals:
            return {f"{place}/{meaning.before}": before, f"{place}/{meaning.member}": rest}
        if meaning.member.endswith("ItemId"):
            return self._thing(f"{place}/{meaning.member}".removesuffix("/ItemId"), value)
        return {f"{place}/{meaning.member}": value}

    def _thing(self, place: str, value: str) -> dict[str, str]:
        """The answers that name something that was sent."""
        named = thing_named(self._task, value)
        found = {form(place): named.element}
        if named.message_id:
            found[at(place, "InMessage")] = named.message_id
        return found | ({at(place, named.element): value} if named.element else {})

    def _place(self, entries: str, key: str) -> str:
        named = self._entries.setdefault(entries, [])
        if key not in named:
            named.append(key)
        return f"{entries}[{named.index(key) + 1}]"

    def ends(self) -> dict[str, str]:
        """Whether there is another entry: as many as were named."""
        found: dict[str, str] = {}
        for entries, keys in self._entries.items():
            for number in range(1, len(keys) + 1):
                found[gate(f"{entries}[{number}]")] = YES
            found[gate(f"{entries}[{len(keys) + 1}]")] = NO
        return found


_LETTERS = {
    "EvidenceItem": "I",
    "MissingItem": "I",
    "OutstandingItem": "I",
    "MaterialObtained": "I",
    "HashFailure": "F",
}


def _members(meaning: Each, place: str, said: str) -> dict[str, str]:
    if meaning.member == "ExpectedBy" and said == "unknown":
        return {f"{place}/ExpectedUnknown": YES}
    if not meaning.more:
        return {f"{place}/{meaning.member}": said}
    if meaning.member.startswith("Condition["):
        limit, colon, text = said.partition(":")
        if colon and limit.isupper():
            return {f"{place}/{meaning.member}": text.strip(), f"{place}/{meaning.more}": limit}
        return {f"{place}/{meaning.member}": said}
    code, _, more = said.partition(":")
    found = {f"{place}/{meaning.member}": code}
    return found | ({f"{place}/{meaning.more}": more.replace(",", SEPARATOR)} if more else {})


def _word(meaning: Each) -> str:
    return {"MeasureId": "measure", "QuestionId": "question", "ConditionId": "condition"}.get(
        meaning.key, "entry"
    )


def _looks_like_an_id(text: str) -> bool:
    return len(text) <= 3 and text[:1].isalpha() and text[1:].isdigit()
