"""compare: a proposed document and the one in force -> what changes, in words for the person who is to approve it.

Rules: whatever differs is said; a version that merely counts on is not a difference. A difference is a name and a sentence,
in the order in which a person wants to read them: who gets or loses a say first, dates last.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from emla.model.act import DOES, Act
from emla.model.documents import Authority, Card, CardKey, Officers, Root

Difference = tuple[str, str]
"""What, and how it changes."""


def at(seconds: int) -> str:
    """An instant to the minute, as officers read and type it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%MZ}"


def compare_cards(known: Authority, card: Card) -> tuple[Difference, ...]:
    """What a card changes against the one in force."""
    before = known.card
    found = [*_keys(known, card)]
    urls, urls_before = ({(each.url, each.spki_sha256) for each in one.endpoints} for one in (card, before))
    found += [("Endpoint begun", _endpoint(*each)) for each in sorted(urls - urls_before)]
    found += [("Endpoint ended", _endpoint(*each)) for each in sorted(urls_before - urls)]
    for name, new, old in (
        ("Under root", f"version {card.root_version}", f"version {before.root_version}"),
        ("Hubs", ", ".join(card.hubs) or "none", ", ".join(before.hubs) or "none"),
        ("Suites", ", ".join(card.suites), ", ".join(before.suites)),
        ("Ledger", card.ledger_origin, before.ledger_origin),
        ("Largest payload", f"{card.payload_bytes_max} bytes", f"{before.payload_bytes_max} bytes"),
        ("Card expires", at(card.expires), at(before.expires)),
    ):
        found += [(name, f"{new} (instead of {old})")] if new != old else []
    return tuple(found)


def _endpoint(url: str, spki_sha256: bytes) -> str:
    return f"{url} (TLS key {spki_sha256.hex()[:16]})"


def _keys(known: Authority, card: Card) -> Iterator[Difference]:
    before, after = {key.kid: key for key in known.card.keys}, {key.kid: key for key in card.keys}
    for kid, key in after.items():
        old = before.get(kid)
        if old is None:
            yield f"New {key.use} key", f"{kid}, {at(key.not_before)} to {at(key.not_after)}"
        elif old.not_after != key.not_after:
            how = "ends" if key.not_after < old.not_after else "is prolonged: ends"
            yield (
                f"{key.use} key".capitalize(),
                f"{kid} {how} {at(key.not_after)} (instead of {at(old.not_after)})",
            )
        if old is not None and _other(old) != _other(key):
            yield f"{key.use} key".capitalize(), f"{kid} is listed otherwise, from {at(key.not_before)}"
    for kid, key in before.items():
        if kid not in after:
            yield f"{key.use} key".capitalize(), f"{kid} is not listed any more"


def _other(key: CardKey) -> tuple[object, ...]:
    return key.use, key.alg, key.public, key.not_before


def compare_roots(known: Root, root: Root) -> tuple[Difference, ...]:
    """What a root changes against the one in force."""
    before, after = {key.kid for key in known.keys}, {key.kid for key in root.keys}
    found = [("New root key", kid) for kid in sorted(after - before)]
    found += [("Root key removed", kid) for kid in sorted(before - after)]
    new, old = (f"{each.threshold} of {len(each.keys)} keys" for each in (root, known))
    if new != old:
        found.append(("Signatures needed", f"{new} (instead of {old})"))
    found.append(("Root expires", f"{at(root.expires)} (instead of {at(known.expires)})"))
    return tuple(found)


def compare_officers(known: Officers | None, officers: Officers) -> tuple[Difference, ...]:
    """What a list of officers changes against the one in force; everybody is new on the first list."""
    before = {(each.name, each.kid) for each in known.officers} if known else set()
    after = {(each.name, each.kid) for each in officers.officers}
    found = [("Officer in", f"{name} (key {kid})") for name, kid in sorted(after - before)]
    found += [("Officer out", f"{name} (key {kid})") for name, kid in sorted(before - after)]
    return tuple(found)


def compare_act(act: Act) -> tuple[Difference, ...]:
    """What an act does and every fact of it: whoever signs has read all of them."""
    facts = ((name.replace("_", " ").capitalize(), str(value)) for name, value in act.facts.items())
    return (("Does", DOES[act.kind]), *facts, ("Written", at(act.at)))
