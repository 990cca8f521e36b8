"""An authority's documents as a person reads them."""

from emla.cli import screen
from emla.cli.own import fingerprint
from emla.cli.profile_view import profile_rows
from emla.cli.wording import count, day
from emla.formats.requirements import encode_requirements
from emla.formats.working_days import encode_working_days
from emla.model.documents import Authority

_DAY = 86400
GROUPS_PER_LINE = 4


def fingerprint_lines(groups: str) -> str:
    """The 12 groups on three lines of four, which is how they are read over the telephone."""
    words = groups.split()
    lines = (words[start : start + GROUPS_PER_LINE] for start in range(0, len(words), GROUPS_PER_LINE))
    return "\n".join("  ".join(line) for line in lines)


def expiry(expires: int, now: int) -> str:
    """A day and how far away it is."""
    days = (expires - now) // _DAY
    if expires <= now:
        return f"{day(expires)} (EXPIRED)"
    return f"{day(expires)} (in {count(days, 'day', 'days')})"


def show_card(authority: Authority, now: int) -> None:
    """Print who it is, where it is, its keys with their windows, and the fingerprint."""
    card, profile = authority.card, authority.profile
    rows = [("Authority", card.authority), *profile_rows(profile)]
    rows += [("Endpoint", endpoint.url) for endpoint in card.endpoints]
    rows += [("Hub", hub) for hub in card.hubs]
    rows += [
        ("Root", f"version {authority.root.version}, expires {expiry(authority.root.expires, now)}"),
        ("Card", f"version {card.version}, expires {expiry(card.expires, now)}"),
        ("Ledger", card.ledger_origin),
        ("Fingerprint", fingerprint_lines(fingerprint(authority))),
    ]
    screen.facts(rows)
    screen.table(
        ("Key", "For", "From", "To"),
        [
            (key.kid, key.use.value, day(key.not_before), expiry(key.not_after, now))
            for key in sorted(card.keys, key=lambda key: (key.use, key.not_before))
        ],
        fold=("Key",),
    )


def card_document(authority: Authority) -> dict[str, object]:
    """The same as a JSON document."""
    card, profile = authority.card, authority.profile
    return {
        "authority": card.authority,
        "names": dict(profile.names),
        "country": profile.country,
        "languages": profile.languages,
        "electronic_acceptance": profile.electronic_acceptance,
        "requirements": encode_requirements(profile.requirements),
        "working_days": encode_working_days(profile.working_days),
        "contacts": [{"kind": kind, "value": value} for kind, value in profile.contacts],
        "endpoints": [{"url": each.url, "spki_sha256": each.spki_sha256.hex()} for each in card.endpoints],
        "hubs": card.hubs,
        "root_version": authority.root.version,
        "root_expires": screen.utc(authority.root.expires),
        "card_version": card.version,
        "card_expires": screen.utc(card.expires),
        "keys": [
            {
                "kid": key.kid,
                "use": key.use.value,
                "not_before": screen.utc(key.not_before),
                "not_after": screen.utc(key.not_after),
            }
            for key in card.keys
        ],
        "ledger_origin": card.ledger_origin,
        "fingerprint": fingerprint(authority),
    }
