"""The order of the interview: sections, what comes first in a type, what is offered in passing."""

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Who writes to whom", ("MessageHeader",)),
    ("Legal basis", ("LegalBasis",)),
    ("What is asked", ("Measure|",)),
    ("Files sent along", ("Attachment",)),
    ("Proceeding", ("Proceeding",)),
    ("Offences", ("Offence",)),
    ("Facts", ("FactSummary",)),
    ("Persons", ("Person",)),
    ("Measures in detail", ("Measure",)),
    ("Purpose and urgency", ("Purpose", "Urgency")),
    ("Confidentiality and handling", ("ConfidentialityRequest", "Assurance", "NoAssuranceGiven", "Handling")),
    ("Certification", ("Certification", "")),
    ("Signature", ("SigningOfficer",)),
)
"""The order of the interview: what decides about other questions first. ``Measure|`` asks for the types alone, the empty name
for all that no section names."""


FIRST = {"AuthorityRefType": "AuthorityId"}
"""What is asked before the rest of its type, because the defaults of the rest follow from it."""

MORE_OFTEN = frozenset(
    {"MLARequestType", "MessageHeaderType", "OffenceType", "NaturalPersonType", "MeasureType", "HandlingType"}
)
"""Types whose rarely needed particulars are offered in passing; those of the others to whoever goes through a section again."""
