"""A profile as a person reads it: names, contacts, languages, and what it wants of requests.

Rule of this file: one row for each thing said, and none for what the profile leaves open, so that two profiles are compared by
their rows.
"""

from collections.abc import Iterator

from emla.cli.wording import count
from emla.model.documents import Profile
from emla.model.requirements import Electronic, Requirements
from emla.model.working_days import WorkingDays

_ELECTRONIC = {
    Electronic.ALL: "taken",
    Electronic.ORIGINAL_FOLLOWS: "taken; the original must follow on paper",
    Electronic.NOT_ACCEPTED: "NOT taken; only drafts for consultation and status inquiries are",
}
_CONTACTS = {"email": "E-mail", "poc247": "Day and night"}
Row = tuple[str, str]


def profile_rows(profile: Profile) -> list[Row]:
    """What it says, in the order in which a person wants to read it."""
    rows = [("Name", f"{name} ({lang})") for lang, name in profile.names]
    rows += [("Country", profile.country)]
    rows += [(_CONTACTS.get(kind, kind.capitalize()), value) for kind, value in profile.contacts]
    rows += [("Office hours", f"{profile.office_hours} ({profile.time_zone})")]
    rows += _days_off(profile.working_days)
    return rows + wanted_rows(profile)


def wanted_rows(profile: Profile) -> list[Row]:
    """What it wants of a message."""
    said = profile.electronic_acceptance
    return [
        ("Languages", ", ".join(profile.languages)),
        *_requirements(profile.requirements),
        ("Electronically", _ELECTRONIC.get(Electronic(said), said) if said in list(Electronic) else said),
    ]


def _days_off(days: WorkingDays) -> Iterator[Row]:
    if days.rest_days:
        yield "Days of rest", ", ".join(days.rest_days)
    years = dict.fromkeys(each.year for each in days.holidays)
    for year in years:
        of_year = [f"{each:%d %b}" for each in days.holidays if each.year == year]
        yield f"Holidays in {year}", ", ".join(of_year)


def _requirements(wanted: Requirements) -> Iterator[Row]:
    if wanted.urgent_languages:
        yield "If urgent", ", ".join(wanted.urgent_languages)
    for measure, documents in wanted.documents:
        yield f"With {measure}", ", ".join(documents)
    if wanted.de_minimis:
        yield "From a loss of", str(wanted.de_minimis)
    if wanted.service_days:
        yield "A summons", f"{count(wanted.service_days, 'day', 'days')} before the hearing"
    if wanted.reply_days:
        yield "An answer", f"not before {count(wanted.reply_days, 'day', 'days')}"
    if wanted.informs_subjects is not None:
        yield (
            "Person concerned",
            "is informed, whatever is asked" if wanted.informs_subjects else "is not informed by law",
        )


def differences(before: Profile, after: Profile) -> list[Row]:
    """What a profile changes against another: rows of both by their names."""
    old, new = _by_name(before), _by_name(after)
    found = [
        (name, f"{words} (instead of {old[name]})" if name in old else words)
        for name, words in new.items()
        if old.get(name) != words
    ]
    return found + [(name, f"nothing said any more (was {old[name]})") for name in old if name not in new]


def _by_name(profile: Profile) -> dict[str, str]:
    """Rows by name; several of one name, such as names in two languages, together."""
    found: dict[str, str] = {}
    for name, words in profile_rows(profile):
        found[name] = f"{found[name]}; {words}" if name in found else words
    return found
