"""What an acceptable answer is, and how what was typed becomes it. Every problem is one sentence that says what to write.

Rules of this file:
- The schema decides about a single value (`emla.formats.schema_value`); here stands what it cannot say: check digits, dates that
  contradict each other, an address that is none.
- What is unmistakable is put right silently (`nl` for a country, `4 Mai` is not); what is not is asked again.
"""

import difflib
import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, date, datetime

from emla.formats.schema_value import ValueChecker
from emla.writing.answers import NO, SEPARATOR, YES, Answers, Surroundings, at, parent_of, several
from emla.writing.questions import Kind, Option, Question

_YES = frozenset({"y", "yes", "true", "1", "oui", "si", "sí", "да", "نعم", "是"})
_NO = frozenset({"n", "no", "false", "0", "non", "нет", "لا", "否"})
_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
_ALPHABET = {chr(55 + value): str(value) for value in range(10, 36)}
_INSTANT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)\s*(?P<zone>Z|UTC|[+-][0-9]{2}:?[0-9]{2})"
)


class Unacceptable(ValueError):
    """An answer that will not do; says what to write instead."""


class Acceptance:
    """Judges answers."""

    def __init__(self, checker: ValueChecker, around: Surroundings) -> None:
        """Take the schema's judge, and what is known without asking."""
        self._checker, self._around = checker, around

    def accept(self, question: Question, typed: str, answers: Answers) -> str:
        """Turn what was typed into the answer to keep.

        Raises:
            Unacceptable: with one sentence.
        """
        text = " ".join(typed.split())
        if not text:
            if question.required:
                raise Unacceptable("This is needed. Type ? to see why.")
            return ""
        if question.kind is Kind.GATE:
            return _yes_or_no(text)
        if question.type_name.endswith("}boolean"):
            return _yes_or_no(text)
        if question.options:
            values = several(text) if question.multiple else [text]
            return "; ".join(_choose(question.options, each) for each in values)
        if question.kind is Kind.FILE:
            return text
        if question.suggestions:
            text = SEPARATOR.join(_suggested(question.suggestions, each) for each in _all(question, text))
        if _is_reference(question):
            raise Unacceptable(_NONE_TO_REFER_TO)
        return "; ".join(self._value(question, each, answers) for each in _all(question, text))

    def _value(self, question: Question, text: str, answers: Answers) -> str:
        local = question.type_name.rpartition("}")[2]
        if local in _TIDY:
            text = _TIDY[local](text)
        if problem := self._checker.problem(question.type_name, question.element, text):
            raise Unacceptable(problem)
        for each in (_CHECKS.get(local), _CHECKS.get(question.element)):
            if each is not None and (problem := each(text, answers, question.path, self._around)):
                raise Unacceptable(problem)
        return text


_NONE_TO_REFER_TO = "There is nothing yet to refer to. Add it first: type = for the sections."


def _is_reference(question: Question) -> bool:
    return question.type_name.endswith("}LocalIdType") and not question.elsewhere


def _yes_or_no(text: str) -> str:
    folded = text.casefold()
    if folded in _YES:
        return YES
    if folded in _NO:
        return NO
    raise Unacceptable("Answer yes or no.")


def _choose(options: tuple[Option, ...], text: str) -> str:
    """A code by its number in the list, by itself, or by a beginning of it or of its words that is unique."""
    if _NUMBER.fullmatch(text) and int(text) <= len(options):
        return options[int(text) - 1].code
    folded = text.casefold().replace(" ", "_").replace("-", "_")
    plain = {each.code.casefold().replace("-", "_"): each.code for each in options}
    if folded in plain:
        return plain[folded]
    begun = [code for name, code in plain.items() if name.startswith(folded)]
    begun = begun or [each.code for each in options if each.words.casefold().startswith(text.casefold())]
    if len(begun) == 1:
        return begun[0]
    near = begun[:4] or [plain[each] for each in difflib.get_close_matches(folded, plain, n=3, cutoff=0.5)]
    held = [each.code for each in options if text.casefold() in each.words.casefold()]
    hint = near or held[:4]
    meant = f" Did you mean {' or '.join(hint)}?" if hint else " Type ? for the list."
    raise Unacceptable(f"“{text[:60]}” is not one of the answers.{meant}")


def _suggested(options: tuple[Option, ...], text: str) -> str:
    """A suggestion that was meant, by its number or a beginning of it; else the text itself: others are good as well."""
    try:
        return _choose(options, text)
    except Unacceptable:
        return text


def _all(question: Question, text: str) -> list[str]:
    return several(text) if question.multiple else [text]


def _tidy_instant(text: str) -> str:
    """An instant with any zone, in UTC; one without a zone is left alone, because its zone would be a guess."""
    parts = _INSTANT.fullmatch(text.upper())
    if parts is None:
        return text
    zone = {"Z": "+00:00", "UTC": "+00:00"}.get(parts["zone"], parts["zone"])
    try:
        at_ = datetime.fromisoformat(f"{parts['day']}T{parts['time']}{zone}").astimezone(UTC)
    except (
        ValueError,
        OverflowError,
    ):  # the latter: in UTC it would be before the first year or after the last
        return text
    return f"{at_:%Y-%m-%dT%H:%M:%SZ}"


def _upper_without_spaces(text: str) -> str:
    return re.sub(r"[\s-]", "", text).upper()


_TIDY: dict[str, Callable[[str], str]] = {
    "InstantType": _tidy_instant,
    "IbanType": _upper_without_spaces,
    "CountryCodeType": str.upper,
    "CurrencyType": str.upper,
    "InstrumentCode": lambda text: text.upper().replace(" ", "-"),
    "CrimeCode": lambda text: text.upper().replace(" ", "_").replace("-", "_"),
    "AuthorityIdType": str.lower,
    "DecimalType": lambda text: text.replace(" ", ""),
}

Check = Callable[[str, Answers, str, Surroundings], str]
"""From the value, all answers, its place and the surroundings to a sentence; empty when all is well."""


def _iban(value: str, *_: object) -> str:
    """ISO 13616: the number with its first four signs at the end, letters as numbers, is 1 modulo 97."""
    digits = "".join(_ALPHABET.get(each, each) for each in value[4:] + value[:4])
    if int(digits) % 97 == 1:
        return ""
    return "The check digits of this IBAN are wrong, so one sign of it is. Compare it with the source."


def _identifier(value: str, answers: Answers, path: str, _: Surroundings) -> str:
    kind = answers.get(at(parent_of(path), "IdentifierType"), "")
    if kind == "IBAN":
        tidy = _upper_without_spaces(value)
        return (
            _iban(tidy) if re.fullmatch("[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}", tidy) else "That is not an IBAN."
        )
    pattern, sentence = _IDENTIFIERS.get(kind, (None, ""))
    if pattern is not None:
        return "" if pattern.fullmatch(value) else sentence
    family = {"IPV4_WITH_PORT_AND_TIME": ipaddress.IPv4Address, "IPV6_WITH_TIME": ipaddress.IPv6Address}.get(
        kind
    )
    if family is None:
        return ""
    try:
        family(value)
    except ValueError:
        return "That is not such an address. The port and the time are asked for separately."
    return ""


_IDENTIFIERS: dict[str, tuple[re.Pattern[str], str]] = {
    "EMAIL": (re.compile(r"[^@\s]+@[^@\s]+"), "That is not an e-mail address: name@domain."),
    "PHONE_E164": (
        re.compile(r"\+[1-9][0-9]{6,14}"),
        "Write + and country code and number, digits only: +31705550142.",
    ),
    "IMEI": (re.compile(r"[0-9]{14,16}"), "An IMEI has 14 to 16 digits."),
    "IMSI": (re.compile(r"[0-9]{14,15}"), "An IMSI has 14 or 15 digits."),
    "MAC": (
        re.compile(r"([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}"),
        "Write six pairs of digits: 02:00:4c:0a:00:01.",
    ),
    "URL": (re.compile(r"[a-z][a-z0-9+.-]*://\S+"), "Write the whole address, with its scheme."),
    "PROFILE_URL": (re.compile(r"[a-z][a-z0-9+.-]*://\S+"), "Write the whole address, with its scheme."),
}


def _after(begin: str, sentence: str) -> Check:
    def check(value: str, answers: Answers, path: str, _: Surroundings) -> str:
        earlier = answers.get(at(parent_of(path), begin), "")
        return sentence.format(earlier) if earlier and value < earlier else ""

    return check


def _not_in_future(value: str, _: Answers, __: str, around: Surroundings) -> str:
    return f"That day has not come yet (today is {around.today})." if value > around.today else ""


def _in_future(value: str, _: Answers, __: str, around: Surroundings) -> str:
    return f"That day is past (today is {around.today})." if value < around.today else ""


def _time_zone(value: str, _: Answers, __: str, around: Surroundings) -> str:
    if not around.time_zones or value == "UTC" or value in around.time_zones or re.match(r"[+-]", value):
        return ""
    near = difflib.get_close_matches(value, around.time_zones, n=2)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"That is not the name of a time zone, such as Europe/Amsterdam.{hint}"


def _both(*checks: Check) -> Check:
    def check(value: str, answers: Answers, path: str, around: Surroundings) -> str:
        return next((found for each in checks if (found := each(value, answers, path, around))), "")

    return check


_CHECKS: dict[str, Check] = {
    "IbanType": _iban,
    "IdentifierValue": _identifier,
    "TimeZone": _time_zone,
    "To": _after("From", "The period ends before it begins ({})."),
    "End": _after("Begin", "It ends before it begins ({})."),
    "CommittedFrom": _not_in_future,
    "CommittedTo": _both(_after("CommittedFrom", "That is before it began ({})."), _not_in_future),
    "BirthDate": _not_in_future,
    "OpenedOn": _not_in_future,
    "ReturnDate": _in_future,
    "HearingDate": _in_future,
    "Date": lambda value, answers, path, around: (
        _in_future(value, answers, path, around) if "/DeadlineRequested/" in path else ""
    ),
}


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
