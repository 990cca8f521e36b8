"""When something is asked: conditions and defaults, from the answers so far. The table that uses them is `plan.py`.

Rules of this file:
- A condition reads answers only, and says what they say now: it may say something else after the next answer.
- Where a rule of ``schemas/rules`` stands behind a condition, its number stands beside it.
"""

from collections.abc import Callable

from emla.writing.answers import YES, Answers, at, gate, several

Condition = Callable[[Answers, str], bool]
"""From all answers and the place of the parent."""
Default = Callable[[Answers, str], str]

NO_OFFENCE = frozenset(
    {"SERVICE_DOCUMENTS", "JUDICIAL_RECORDS", "GOV_PUBLIC_RECORDS", "GOV_NONPUBLIC_RECORDS"}
)
NEEDS_PERSON = frozenset(
    {
        "EVID_WITNESS_STATEMENT", "EVID_EXPERT", "HEARING_VIDEO", "HEARING_TELEPHONE", "SERVICE_DOCUMENTS",
        "TEMP_TRANSFER_DETAINEE", "LOCATE_IDENTIFY_PERSON", "BANK_ACCOUNT_IDENT", "JUDICIAL_RECORDS",
    }
)  # fmt: skip
COERCIVE = frozenset(
    {
        "SEARCH_SEIZURE", "EVIDENCE_FREEZE", "BANK_ACCOUNT_IDENT", "BANK_RECORDS", "BANK_MONITORING", "ASSET_FREEZE",
        "CONFISCATION_ORDER_OBTAIN", "CONFISCATION_ORDER_ENFORCE", "ESD_PARTIAL_TRAFFIC", "ESD_ACCESS",
        "ESD_SUBSCRIBER", "ESD_EMERGENCY", "RT_TRAFFIC", "RT_CONTENT",
    }
)  # fmt: skip
NOT_COERCIVE = frozenset(
    {
        "HEARING_TELEPHONE", "SERVICE_DOCUMENTS", "JUDICIAL_RECORDS", "GOV_PUBLIC_RECORDS", "GOV_NONPUBLIC_RECORDS",
        "ASSET_RETURN", "VOLUNTARY_APPEARANCE", "DOMAIN_REGISTRATION", "LOCATE_IDENTIFY_PERSON", "LAYING_INFORMATION",
    }
)  # fmt: skip
"""The column Coercive of the list of measures; what is in neither set is asked."""

_DATA = (
    "ESD_PRESERVE",
    "ESD_PARTIAL_TRAFFIC",
    "ESD_ACCESS",
    "ESD_SUBSCRIBER",
    "ESD_EMERGENCY",
    "DOMAIN_REGISTRATION",
)
_BANK = ("BANK_ACCOUNT_IDENT", "BANK_RECORDS", "BANK_MONITORING")
_ASSET = (
    "TRACE_PROCEEDS", "ASSET_FREEZE", "CONFISCATION_ORDER_OBTAIN", "CONFISCATION_ORDER_ENFORCE", "ASSET_RETURN", "RESTITUTION",
)  # fmt: skip
_WATCHED = (
    "RT_TRAFFIC", "RT_CONTENT", "CONTROLLED_DELIVERY", "COVERT_INVESTIGATION", "CROSSBORDER_OBSERVATION", "SPECIAL_TECHNIQUE",
)  # fmt: skip
BLOCKS: dict[str, str] = (
    dict.fromkeys(_DATA, "ElectronicDataBlock")
    | dict.fromkeys(_BANK, "BankBlock")
    | dict.fromkeys(
        ("EVID_WITNESS_STATEMENT", "EVID_EXPERT", "HEARING_VIDEO", "HEARING_TELEPHONE"), "HearingBlock"
    )
    | dict.fromkeys(_ASSET, "AssetBlock")
    | dict.fromkeys(_WATCHED, "SurveillanceBlock")
    | {
        "TEMP_TRANSFER_DETAINEE": "CustodyTransferBlock",
        "SERVICE_DOCUMENTS": "ServiceBlock",
        "JIT_SETUP": "JITBlock",
        "JIT_MEASURE": "JITBlock",
    }
)
"""The particulars a measure needs; a measure that is not here needs none."""


def measures(answers: Answers) -> set[str]:
    """The types of all measures that are asked for."""
    return {
        value
        for path, value in answers.items()
        if path.startswith("Measure[") and path.endswith("]/MeasureType")
    }


def measure_of(answers: Answers, path: str) -> str:
    """The type of the measure a place belongs to; empty where it belongs to none."""
    return answers.get(path.split("/", 1)[0] + "/MeasureType", "")


def is_any(*codes: str) -> Condition:
    """The measure the place belongs to is one of these."""
    return lambda answers, path: measure_of(answers, path) in codes


def only_service(answers: Answers, _: str) -> bool:
    """Nothing but the service of documents is asked for: then no facts are needed (BR-007)."""
    return measures(answers) <= {"SERVICE_DOCUMENTS"} and bool(measures(answers))


def service(answers: Answers, _: str) -> bool:
    """The service of documents is asked for: then there are documents."""
    return "SERVICE_DOCUMENTS" in measures(answers)


def no_offence_needed(answers: Answers, _: str) -> bool:
    """Only records and service are asked for, which some States give without an offence."""
    return bool(measures(answers)) and measures(answers) <= NO_OFFENCE


def sibling(name: str, *values: str) -> Condition:
    """Another element beside this one has one of these values."""
    return lambda answers, path: answers.get(at(path, name), "") in values


def given(name: str) -> Condition:
    """Another element beside this one has a value."""
    return lambda answers, path: bool(answers.get(at(path, name), ""))


def has_files(answers: Answers, _: str) -> bool:
    """A file goes along."""
    return bool(answers.get("Attachment[1]/FileName"))


def any_coercive(answers: Answers, _: str) -> bool:
    """Whether a coercive measure is asked for: then the text of the law goes along (BR-012a)."""
    said = any(value == YES for path, value in answers.items() if path.endswith("]/Coercive"))
    return said or bool(measures(answers) & COERCIVE)


def files_needed(answers: Answers, path: str) -> bool:
    """The request cannot do without a file."""
    return service(answers, path) or any_coercive(answers, path)


def authorised(answers: Answers, path: str) -> bool:
    """Whether a judge must have authorised it: content, and what is watched as it happens (BR-027)."""
    categories = answers.get(at(path, "ElectronicDataBlock/DataCategory"), "")
    return measure_of(answers, path) in ("RT_TRAFFIC", "RT_CONTENT") or "CONTENT" in several(categories)


def heard_is_accused(answers: Answers, path: str) -> bool:
    """Whether somebody accused or suspected is to be heard at a distance: only with consent (BR-029)."""
    heard = several(answers.get(at(path, "PersonRef"), ""))
    return any(answers.get(f"Person[{each[1:]}]/PersonRole") in ("ACCUSED", "SUSPECT") for each in heard)


def consent_needed(answers: Answers, path: str) -> bool:
    """The person heard must consent, and the request must say so (BR-029, BR-030)."""
    return measure_of(answers, path) == "HEARING_TELEPHONE" or heard_is_accused(answers, path)


def without(name: str) -> Condition:
    """Another element beside this one was left out."""
    return lambda answers, path: answers.get(at(path, name)) == ""


def untoc(answers: Answers, path: str) -> bool:
    """UNTOC is the first legal basis."""
    return answers.get(at(path, "InstrumentCode")) == "UNTOC" and path.startswith("LegalBasis[1]")


def untoc_by_facts(answers: Answers, path: str) -> bool:
    """Why UNTOC applies must be shown by facts, because no offence of the convention is named (BR-065)."""
    return untoc(answers, path) and answers.get(at(path, "ConventionOffence")) == ""


def unassured(answers: Answers, path: str) -> bool:
    """The death penalty is possible and no assurance is given: that must be said (BR-014a)."""
    return death_penalty(answers, path) and answers.get(gate("Assurance[1]")) == "no"


def bank_unknown(answers: Answers, path: str) -> bool:
    """Accounts are to be found, and at which bank is not known (BR-032)."""
    return measure_of(answers, path) == "BANK_ACCOUNT_IDENT" and answers.get(at(path, "Institution")) == ""


def no_port(answers: Answers, path: str) -> bool:
    """An address of version 4 has no port: it must be said that there is none to be had (BR-024)."""
    kind = answers.get(at(path, "IdentifierType"), "")
    return kind == "IPV4_WITH_PORT_AND_TIME" and answers.get(at(path, "SourcePort")) == ""


def unless(condition: Condition) -> Condition:
    """The condition does not hold."""
    return lambda answers, path: not condition(answers, path)


def fixed(text: str) -> Default:
    """Always the same default."""
    return lambda *_: text


def instrument(*codes: str) -> Condition:
    """One of these instruments is a legal basis."""

    def holds(answers: Answers, _: str) -> bool:
        return any(
            value in codes
            for path, value in answers.items()
            if path.startswith("LegalBasis[") and path.endswith("Code")
        )

    return holds


def confidential(answers: Answers, _: str) -> str:
    """Whether confidentiality is asked for, as the answer to that section says."""
    return YES if answers.get(gate("ConfidentialityRequest")) == YES else "no"


def stated_language(answers: Answers, _: str) -> str:
    """The language of the request."""
    return answers.get("MessageHeader/Language", "")


def basis_rank(_: Answers, path: str) -> str:
    """The first legal basis governs, the others are relied on beside it (BR-004a)."""
    return "PRIMARY" if path.startswith("LegalBasis[1]") else "ADDITIONAL"


def mode(answers: Answers, path: str) -> str:
    """How a hearing takes place, where the measure says so."""
    modes = {
        "HEARING_VIDEO": "VIDEO",
        "HEARING_TELEPHONE": "TELEPHONE",
        "EVID_WITNESS_STATEMENT": "IN_PERSON",
    }
    return modes.get(measure_of(answers, path), "")


def coercive(answers: Answers, path: str) -> str:
    """Whether the measure is coercive by its kind; empty where that depends on the case."""
    measure = measure_of(answers, path)
    return YES if measure in COERCIVE else "no" if measure in NOT_COERCIVE else ""


def death_penalty(answers: Answers, _: str) -> bool:
    """The death penalty is possible for one of the offences."""
    return any(value == YES for path, value in answers.items() if path.endswith("/DeathPenaltyPossible"))


def persons_needed(answers: Answers, _: str) -> bool:
    """The request cannot do without a person."""
    return bool(measures(answers) & NEEDS_PERSON)


def block_of(answers: Answers, path: str) -> str:
    """The particulars that the measure at a place needs; empty where it needs none."""
    return BLOCKS.get(measure_of(answers, path), "")
