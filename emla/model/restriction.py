"""A label: to whom something belongs, who may see it, for what it may be used, how long it may be kept.

Here: the values, and which of two labels is stricter. Not here: reading them (`formats.legal_act`), which label is in force now
(`emla.cases.holdings`), what may be done under it (`emla.cases.onward`).

Rules of this file:
- Everything in a label was said by somebody in a signed message. What was not said has the meaning that the schema gives it: who
  is not named as owner is the sender, and whoever wants to pass something on asks first.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

Each = TypeVar("Each")

CONFIDENTIAL = "CONFIDENTIAL"
LEVELS = ("ROUTINE_OFFICIAL", "RESTRICTED", CONFIDENTIAL)
"""CL-CONF, the least first."""
ONWARD = ("ALLOWED", "ASK", "NONE")
"""CL-ONWARD, the least strict first."""
TIME_LIMITED = "TIME_LIMITED"
NO_ONWARD = "NO_ONWARD_TRANSFER"
ASK_ONWARD = "ONWARD_WITH_CONSENT"
DELETE, IN_COURT_FILE = "DELETE", "RETAIN_COURT_FILE"
"""Codes of CL-RETENTION."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UseLimit:
    """One limit on the use of something."""

    limit: str
    """Code of CL-USE."""
    restriction_id: str = ""
    until: date | None = None
    """The last day; TIME_LIMITED needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The handling of a message, or of one thing in it."""

    level: str = LEVELS[0]
    """Code of CL-CONF."""
    confidential: bool = False
    """Whether fact and substance are to stay confidential (ConfidentialityRequested)."""
    owner: str = ""
    """To whom it belongs; empty: to its sender."""
    limits: tuple[UseLimit, ...] = ()
    onward: str = ""
    """Code of CL-ONWARD; empty: it was not said, and the owner is asked."""
    releasable_to: tuple[str, ...] = ()
    releasable_to_countries: tuple[str, ...] = ()
    not_releasable_to: tuple[str, ...] = ()
    """Authorities and country codes."""
    sealed: bool = False
    """Whether the person concerned must not learn of it (SealedFromSubject)."""
    sealed_until: date | None = None
    undisclosed_until: date | None = None
    """NonDisclosureUntil."""
    kept_until: date | None = None
    """RetentionUntil."""
    review_on: date | None = None
    disposition: str = ""
    """Code of CL-RETENTION."""
    analytics: str = ""
    """Code of CL-ANALYTICS; empty: none."""
    sensitive: tuple[str, ...] = ()
    """Codes of CL-SENSITIVE."""

    @property
    def passes(self) -> str:
        """Whether it may be passed on (CL-ONWARD), by what was said of that and by the limits of use."""
        said = {self.onward or "ASK"}
        said |= {_BY_LIMIT[each.limit] for each in self.limits if each.limit in _BY_LIMIT}
        return max(said, key=ONWARD.index)

    def excludes(self, authority: str) -> bool:
        """Whether an authority, or its State, must not see it whatever else is said."""
        return _names(self.not_releasable_to, authority)

    def includes(self, authority: str) -> bool:
        """Whether an authority, or its State, is named as one that may see it."""
        return _names((*self.releasable_to, *self.releasable_to_countries), authority)

    def needs_clearance(self, today: date) -> bool:
        """Whether only those may read it who are cleared: it is CONFIDENTIAL or higher, or sealed from its subject."""
        is_sealed = self.sealed and (self.sealed_until is None or today <= self.sealed_until)
        return is_sealed or level_of(self.level) >= level_of(CONFIDENTIAL)

    def ended(self, today: date) -> date | None:
        """The day after which it may not be used any more, if that is over."""
        days = [each.until for each in self.limits if each.limit == TIME_LIMITED and each.until is not None]
        return min((each for each in days if each < today), default=None)

    def outlived(self, today: date) -> date | None:
        """The last day for which it may be kept, if that is over and nothing keeps it in a court's file."""
        until = self.kept_until
        return until if until is not None and until < today and self.disposition != IN_COURT_FILE else None


_BY_LIMIT = {NO_ONWARD: "NONE", ASK_ONWARD: "ASK"}


def _names(named: tuple[str, ...], authority: str) -> bool:
    own = {authority, authority.partition(".")[0]}
    return any(each.casefold() in own for each in named)


def level_of(code: str) -> int:
    """The place of a level among all; one that this version does not know counts as the highest."""
    return LEVELS.index(code) if code in LEVELS else len(LEVELS)


def stricter(one: Label, other: Label) -> Label:
    """What two labels together say: of each thing the stricter. The owner stays that of the first."""
    return replace(
        one,
        level=max(one.level, other.level, key=level_of),
        confidential=one.confidential or other.confidential,
        limits=_united(one.limits, other.limits),
        onward=max(one.onward or "ASK", other.onward or "ASK", key=ONWARD.index),
        releasable_to=tuple(each for each in one.releasable_to if each in other.releasable_to),
        releasable_to_countries=tuple(
            each for each in one.releasable_to_countries if each in other.releasable_to_countries
        ),
        not_releasable_to=_united(one.not_releasable_to, other.not_releasable_to),
        sealed=one.sealed or other.sealed,
        sealed_until=_latest(one.sealed_until, other.sealed_until),
        undisclosed_until=_latest(one.undisclosed_until, other.undisclosed_until),
        kept_until=_earliest(one.kept_until, other.kept_until),
        review_on=_earliest(one.review_on, other.review_on),
        disposition=one.disposition or other.disposition,
        analytics=one.analytics if one.analytics == other.analytics else "",
        sensitive=_united(one.sensitive, other.sensitive),
    )


def _united(one: tuple[Each, ...], other: tuple[Each, ...]) -> tuple[Each, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _latest(one: date | None, other: date | None) -> date | None:
    return max((each for each in (one, other) if each is not None), default=None)


def _earliest(one: date | None, other: date | None) -> date | None:
    return min((each for each in (one, other) if each is not None), default=None)


def lost(original: Label, carried: Label, owner: str) -> tuple[str, ...]:
    """What a label that goes on leaves out of the one it must carry on, in the words of the schema; empty where nothing."""
    found: list[str] = []
    if carried.owner != owner:
        found.append(f"OwnerAuthority {owner}")
    if level_of(carried.level) < level_of(original.level):
        found.append(f"ConfidentialityLevel {original.level}")
    if original.confidential and not carried.confidential:
        found.append("ConfidentialityRequested true")
    kept = {each.limit for each in carried.limits}
    found += [f"UseRestriction {each.limit}" for each in original.limits if each.limit not in kept]
    if ONWARD.index(carried.passes) < ONWARD.index(original.passes):
        found.append(f"OnwardTransfer {original.passes}")
    found += [
        f"NotReleasableTo {each}"
        for each in original.not_releasable_to
        if each not in carried.not_releasable_to
    ]
    if original.sealed and not carried.sealed:
        found.append("SealedFromSubject true")
    found += [f"SensitiveFlag {each}" for each in original.sensitive if each not in carried.sensitive]
    return tuple(dict.fromkeys(found))
