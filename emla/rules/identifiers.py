"""Syntax of identifiers (BR-025) that a schema cannot say: check digits, addresses, numbers."""

import re
from collections.abc import Callable, Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from emla.formats.xml import text_of
from emla.rules.context import Context
from emla.rules.rule import Hit

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]{1,63}(\.[^@\s.]{1,63}){1,8}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_DOMAIN = re.compile(r"[^\s./@:]{1,63}(\.[^\s./@:]{1,63}){1,8}")
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-]?[0-9A-Fa-f]{2}){5}")
_BLANKS = re.compile(r"[ \-]")


def luhn(digits: str) -> bool:
    """Whether a number ends in its check digit by ISO/IEC 7812-1."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_iban(text: str) -> bool:
    """Whether an IBAN has its form and its check digits (ISO 13616)."""
    compact = _BLANKS.sub("", text).upper()
    if not _IBAN.fullmatch(compact):
        return False
    return int("".join(str(int(each, 36)) for each in compact[4:] + compact[:4])) % 97 == 1


def _is_number(text: str, lengths: tuple[int, ...], *, checked: bool) -> bool:
    digits = _BLANKS.sub("", text)
    return digits.isascii() and digits.isdigit() and len(digits) in lengths and (not checked or luhn(digits))


def _is_address(kind: type[IPv4Address] | type[IPv6Address]) -> Callable[[str], bool]:
    def parses(text: str) -> bool:
        try:
            kind(text)
        except AddressValueError:
            return False
        return True

    return parses


_FORMS: dict[str, Callable[[str], bool]] = {
    "EMAIL": lambda text: _EMAIL.fullmatch(text) is not None,
    "PHONE_E164": lambda text: _PHONE.fullmatch(_BLANKS.sub("", text)) is not None,
    "IMEI": lambda text: _is_number(text, (14,), checked=False) or _is_number(text, (15,), checked=True),
    "IMSI": lambda text: _is_number(text, (14, 15), checked=False),
    "ICCID": lambda text: (
        _is_number(text, (19, 20), checked=True) or _is_number(text, (18, 19), checked=False)
    ),
    "IBAN": is_iban,
    "IPV4_WITH_PORT_AND_TIME": _is_address(IPv4Address),
    "IPV6_WITH_TIME": _is_address(IPv6Address),
    "DOMAIN": lambda text: _DOMAIN.fullmatch(text) is not None,
    "MAC": lambda text: _MAC.fullmatch(text) is not None,
}


def malformed(context: Context) -> Iterator[Hit]:
    """Identifiers and account numbers that cannot exist as they are written."""
    for path in (
        "Measure/ElectronicDataBlock/Identifier",
        "Measure/SurveillanceBlock/Identifier",
        "ElectronicDataBlock/Identifier",
        "TargetIdentifier",
    ):
        for identifier in context.all(path):
            kind, value = (
                context.text("IdentifierType", identifier),
                context.text("IdentifierValue", identifier),
            )
            if kind in _FORMS and not _FORMS[kind](value):
                yield Hit(identifier, {"kind": kind, "value": value})
    for account in context.all("Measure/BankBlock/Account/Iban"):
        value = text_of(account)
        if not is_iban(value):
            yield Hit(account, {"kind": "IBAN", "value": value})
