"""What the profile of an authority says, as answers about a sender or recipient."""

import re

from emla.model.documents import Profile
from emla.writing.answers import SEPARATOR

_TEXT_KINDS = {"telephone": "Phone", "email": "Email"}


def known_of(profile: Profile) -> dict[str, str]:
    """What a profile says."""
    known = {
        "AuthorityId": profile.authority,
        "CountryCode": profile.country,
        "Name": profile.names[0][1] if profile.names else "",
        "Contact[1]/Post": "Central authority",
        "Contact[1]/TimeZone": profile.time_zone,
        "Contact[1]/OfficeHours": profile.office_hours,
        "Contact[1]/Language": f"{SEPARATOR} ".join(profile.languages),
    }
    for kind, value in profile.contacts:
        if kind in _TEXT_KINDS:
            known.setdefault(
                f"Contact[1]/{_TEXT_KINDS[kind]}", _phone(value) if kind == "telephone" else value
            )
    return {name: value for name, value in known.items() if value}


def _phone(text: str) -> str:
    """The number, where it can be dialled from abroad; else nothing, so that the person is asked for one that can."""
    return text if re.fullmatch(r"\+[0-9 ()-]{5,40}", text, re.ASCII) else ""
