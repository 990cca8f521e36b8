"""What is asked, and when: the table of the interview. What is not in the table is asked as the schema has it.

Rules of this file:
- Left: a type and one of its elements, by local name. Right: one rule. A required element without a rule is asked; an optional
  one without a rule is asked only of whoever wants to give more particulars.
- A rule never makes a document invalid: it decides what is asked, the schema what may stand.
- Conditions read answers only, so the same answers always give the same questions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from emla.writing.answers import YES, Answers, at, gate

Condition = Callable[[Answers, str], bool]
"""From all answers and the place of the parent."""
Default = Callable[[Answers, str], str]


class Ask(Enum):
    """How an element is asked for."""

    NEVER = auto()
    COMPUTED = auto()
    """The program fills it in."""
    QUIETLY = auto()
    """Its default is taken without a question, where there is one; who goes back can change it."""
    OFFER = auto()
    """Asked, and may be left out."""
    MUST = auto()
    """Asked, and needed."""
    MORE = auto()
    """Asked of those who want to give more particulars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one element is asked for."""

    ask: Ask | None = None
    """None: as the schema has it."""
    when: Condition = lambda *_: True
    otherwise: Ask = Ask.NEVER
    """Where `when` does not hold."""
    default: Default = lambda *_: ""
    again: bool = False
    """Of an element with parts that may be repeated: ask for another one."""
    said: str = ""
    """The question in words, where the schema's definition is not one."""


def _measures(answers: Answers) -> set[str]:
    return {
        value
        for path, value in answers.items()
        if path.startswith("Measure[") and path.endswith("]/MeasureType")
    }


def _measure_of(answers: Answers, path: str) -> str:
    return answers.get(path.split("/", 1)[0] + "/MeasureType", "")


def is_any(*codes: str) -> Condition:
    """The measure the place belongs to is one of these."""
    return lambda answers, path: _measure_of(answers, path) in codes


def _only_service(answers: Answers, _: str) -> bool:
    return _measures(answers) <= {"SERVICE_DOCUMENTS"} and bool(_measures(answers))


def _service(answers: Answers, _: str) -> bool:
    return "SERVICE_DOCUMENTS" in _measures(answers)


def _no_offence_needed(answers: Answers, _: str) -> bool:
    return bool(_measures(answers)) and _measures(answers) <= NO_OFFENCE


def _sibling(name: str, *values: str) -> Condition:
    return lambda answers, path: answers.get(at(path, name), "") in values


def _given(name: str) -> Condition:
    return lambda answers, path: bool(answers.get(at(path, name), ""))


def _has_files(answers: Answers, _: str) -> bool:
    return bool(answers.get("Attachment[1]/FileName")) and (
        answers.get(gate("Attachment[1]")) == YES or _service(answers, "")
    )


def _not(condition: Condition) -> Condition:
    return lambda answers, path: not condition(answers, path)


def _fixed(text: str) -> Default:
    return lambda *_: text


def _instrument(*codes: str) -> Condition:
    def holds(answers: Answers, _: str) -> bool:
        return any(
            value in codes
            for path, value in answers.items()
            if path.startswith("LegalBasis[") and path.endswith("Code")
        )

    return holds


def _confidential(answers: Answers, _: str) -> str:
    return YES if answers.get(gate("ConfidentialityRequest")) == YES else "no"


def _stated_language(answers: Answers, _: str) -> str:
    return answers.get("MessageHeader/Language", "")


def _basis_rank(_: Answers, path: str) -> str:
    return "PRIMARY" if path.startswith("LegalBasis[1]") else "ADDITIONAL"


def _mode(answers: Answers, path: str) -> str:
    modes = {
        "HEARING_VIDEO": "VIDEO",
        "HEARING_TELEPHONE": "TELEPHONE",
        "EVID_WITNESS_STATEMENT": "IN_PERSON",
    }
    return modes.get(_measure_of(answers, path), "")


def _coercive(answers: Answers, path: str) -> str:
    measure = _measure_of(answers, path)
    return YES if measure in COERCIVE else "no" if measure in NOT_COERCIVE else ""


def _death_penalty(answers: Answers, _: str) -> bool:
    return any(value == YES for path, value in answers.items() if path.endswith("/DeathPenaltyPossible"))


def _persons_needed(answers: Answers, _: str) -> bool:
    return bool(_measures(answers) & NEEDS_PERSON)


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
        "CONFISCATION_ORDER_OBTAIN", "CONFISCATION_ORDER_ENFORCE", "ESD_PRESERVE", "ESD_PARTIAL_TRAFFIC", "ESD_ACCESS",
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

_AN_ADDRESS = ("IPV4_WITH_PORT_AND_TIME", "IPV6_WITH_TIME")
_COMPUTED = Rule(ask=Ask.COMPUTED)
_NEVER = Rule(ask=Ask.NEVER)
_OFFER = Rule(ask=Ask.OFFER)
_QUIETLY = Rule(ask=Ask.QUIETLY)
_WITH_FILE = Rule(ask=Ask.OFFER, when=_has_files)
_AGAIN = Rule(again=True)

RULES: dict[tuple[str, str], Rule] = {
    ("MessageHeaderType", "MessageId"): _COMPUTED,
    ("MessageHeaderType", "CaseId"): _COMPUTED,
    ("MessageHeaderType", "MessageType"): _COMPUTED,
    ("MessageHeaderType", "Generation"): _COMPUTED,
    ("MessageHeaderType", "IssuedAt"): _COMPUTED,
    ("MessageHeaderType", "InReplyTo"): _NEVER,
    ("MessageHeaderType", "RequestingReference"): Rule(said="Your own reference of this request"),
    ("MessageHeaderType", "Language"): Rule(said="Language in which you write the request"),
    ("AuthorityRefType", "CountryCode"): Rule(
        ask=Ask.QUIETLY, default=lambda answers, path: answers.get(at(path, "AuthorityId"), "")[:2].upper()
    ),
    ("AuthorityRefType", "AuthorityId"): _QUIETLY,
    ("AuthorityRefType", "Name"): _QUIETLY,
    ("AuthorityRefType", "AuthorityRole"): Rule(ask=Ask.QUIETLY, default=_fixed("CENTRAL")),
    ("ContactType", "PersonName"): Rule(
        ask=Ask.OFFER, when=lambda _, path: "Sender" in path, otherwise=Ask.MORE
    ),
    ("ContactType", "Post"): Rule(ask=Ask.QUIETLY, said="Post or office of the contact"),
    ("ContactType", "Phone"): _QUIETLY,
    ("ContactType", "Email"): _QUIETLY,
    ("ContactType", "OfficeHours"): _QUIETLY,
    ("ContactType", "TimeZone"): _QUIETLY,
    ("ContactType", "Language"): _QUIETLY,
    ("MLARequestType", "LegalBasis"): _AGAIN,
    ("LegalBasisType", "InstrumentCode"): Rule(said="Treaty, law or arrangement on which the request rests"),
    ("LegalBasisType", "Article"): _OFFER,
    ("LegalBasisType", "BilateralTitle"): Rule(ask=Ask.MUST, when=_sibling("InstrumentCode", "BILATERAL")),
    ("LegalBasisType", "ReciprocityAssurance"): Rule(
        ask=Ask.MUST, when=_sibling("InstrumentCode", "RECIPROCITY", "DOMESTIC_LAW")
    ),
    ("LegalBasisType", "HandledAs"): Rule(ask=Ask.QUIETLY, default=_basis_rank),
    ("MLARequestType", "Offence"): Rule(
        ask=Ask.MUST, when=_not(_no_offence_needed), otherwise=Ask.OFFER, again=True
    ),
    ("MLARequestType", "FactSummary"): Rule(ask=Ask.MUST, when=_not(_only_service), otherwise=Ask.OFFER),
    ("MLARequestType", "Person"): Rule(ask=Ask.MUST, when=_persons_needed, otherwise=Ask.OFFER, again=True),
    ("MLARequestType", "Measure"): _AGAIN,
    ("MLARequestType", "Attachment"): Rule(
        ask=Ask.MUST, when=_service, otherwise=Ask.OFFER, again=True, said="a file to send along"
    ),
    ("MLARequestType", "ConfidentialityRequest"): _OFFER,
    ("MLARequestType", "Assurance"): Rule(ask=Ask.OFFER, when=_death_penalty, otherwise=Ask.MORE),
    ("ProceedingType", "OpenedOn"): _OFFER,
    ("OffenceType", "ProvisionTextAttachment"): _WITH_FILE,
    ("OffenceType", "CommittedTo"): _OFFER,
    ("OffenceType", "Place"): _OFFER,
    ("OffenceType", "ListOffence"): Rule(
        ask=Ask.MUST, when=_instrument("EIO", "FRZ", "EAW"), otherwise=Ask.MORE
    ),
    ("MaximumPenaltyType", "Years"): _OFFER,
    ("FactSummaryType", "LossAmount"): _OFFER,
    ("PersonType", "PersonId"): _COMPUTED,
    ("NaturalPersonType", "GivenNames"): _OFFER,
    ("NaturalPersonType", "OtherName"): _OFFER,
    ("NaturalPersonType", "BirthDate"): _OFFER,
    ("NaturalPersonType", "Nationality"): _OFFER,
    ("NaturalPersonType", "NationalityUnknown"): Rule(
        ask=Ask.QUIETLY, when=_not(_given("Nationality")), default=_fixed(YES)
    ),
    ("NaturalPersonType", "Address"): _OFFER,
    ("NaturalPersonType", "Language"): _OFFER,
    ("NaturalPersonType", "PhotoRef"): Rule(ask=Ask.MORE, when=_has_files),
    ("LegalPersonType", "RegistrationNumber"): _OFFER,
    ("LegalPersonType", "Seat"): _OFFER,
    ("UnidentifiedPersonType", "Alias"): _OFFER,
    ("AddressType", "PostalCode"): _OFFER,
    ("AddressType", "Town"): _OFFER,
    ("MeasureType", "MeasureId"): _COMPUTED,
    ("MeasureType", "MeasureType"): Rule(said="What is asked for"),
    ("MeasureType", "Target"): _AGAIN,
    ("MeasureType", "Formality"): Rule(ask=Ask.OFFER, said="a formality to be followed"),
    ("MeasureType", "AttendanceRequested"): Rule(
        ask=Ask.OFFER, said="an official of yours who should be present"
    ),
    ("MeasureType", "Coercive"): Rule(
        ask=Ask.QUIETLY,
        when=lambda answers, path: bool(_coercive(answers, path)),
        otherwise=Ask.OFFER,
        default=_coercive,
    ),
    ("MeasureType", "DeadlineRequested"): _OFFER,
    ("MeasureType", "NexusToFacts"): Rule(
        ask=Ask.MUST, when=lambda answers, path: _coercive(answers, path) == YES, otherwise=Ask.OFFER
    ),
    ("MeasureType", "JudicialAuthorisationRef"): _WITH_FILE,
    ("IdentifierType", "ObservedAt"): Rule(
        ask=Ask.MUST, when=_sibling("IdentifierType", *_AN_ADDRESS), otherwise=Ask.MORE
    ),
    ("IdentifierType", "TimeZone"): Rule(
        ask=Ask.MUST, when=_sibling("IdentifierType", *_AN_ADDRESS), otherwise=Ask.MORE, default=_fixed("UTC")
    ),
    ("IdentifierType", "SourcePort"): Rule(
        ask=Ask.OFFER, when=_sibling("IdentifierType", "IPV4_WITH_PORT_AND_TIME"), otherwise=Ask.MORE
    ),
    ("ElectronicDataBlockType", "Identifier"): _AGAIN,
    ("ElectronicDataBlockType", "PreservationReference"): Rule(
        ask=Ask.OFFER, when=_not(is_any("ESD_PRESERVE"))
    ),
    ("ElectronicDataBlockType", "PreservedUntil"): Rule(
        ask=Ask.MUST, when=_given("PreservationReference"), otherwise=Ask.NEVER
    ),
    ("ElectronicDataBlockType", "NonDisclosure"): _OFFER,
    ("TimeRangeType", "TimeZone"): Rule(ask=Ask.QUIETLY, default=_fixed("UTC")),
    ("BankBlockType", "Institution"): Rule(
        ask=Ask.MUST, when=is_any("BANK_RECORDS", "BANK_MONITORING"), otherwise=Ask.OFFER
    ),
    ("BankBlockType", "Account"): Rule(
        ask=Ask.MUST, when=is_any("BANK_RECORDS", "BANK_MONITORING"), otherwise=Ask.MORE, again=True
    ),
    ("BankBlockType", "HolderPersonRef"): Rule(
        ask=Ask.MUST, when=is_any("BANK_ACCOUNT_IDENT"), otherwise=Ask.OFFER
    ),
    ("BankBlockType", "MonitoringFrequency"): Rule(ask=Ask.MUST, when=is_any("BANK_MONITORING")),
    ("HearingBlockType", "HearingMode"): Rule(ask=Ask.QUIETLY, default=_mode),
    ("HearingBlockType", "Oath"): _OFFER,
    ("HearingBlockType", "QuestionsAttachment"): _WITH_FILE,
    ("HearingBlockType", "InterpreterLanguage"): _OFFER,
    ("HearingBlockType", "ConsentStatement"): Rule(
        ask=Ask.MUST, when=is_any("HEARING_TELEPHONE"), otherwise=Ask.OFFER
    ),
    ("HearingBlockType", "TechnicalParameters"): Rule(
        ask=Ask.OFFER, when=is_any("HEARING_VIDEO"), otherwise=Ask.MORE
    ),
    ("HearingBlockType", "TimeWindow"): _AGAIN,
    ("AssetBlockType", "Location"): _OFFER,
    ("AssetBlockType", "EstimatedValue"): _OFFER,
    ("AssetBlockType", "OrderAttachment"): _WITH_FILE,
    ("AssetBlockType", "OrderFinal"): Rule(
        ask=Ask.MUST, when=is_any("CONFISCATION_ORDER_ENFORCE"), otherwise=Ask.MORE
    ),
    ("AssetBlockType", "ThirdPartyNotice"): Rule(
        ask=Ask.MUST, when=is_any("CONFISCATION_ORDER_ENFORCE"), otherwise=Ask.MORE
    ),
    ("AssetBlockType", "AssetReturnProposal"): Rule(
        ask=Ask.MUST, when=is_any("ASSET_RETURN", "RESTITUTION"), otherwise=Ask.MORE
    ),
    ("CustodyTransferBlockType", "ConsentStatement"): _OFFER,
    ("CustodyTransferBlockType", "EscortArrangements"): _OFFER,
    ("ServiceBlockType", "HearingDate"): _OFFER,
    ("ServiceBlockType", "SummaryForAuthority"): _OFFER,
    ("JITBlockType", "EvidenceRules"): _OFFER,
    ("SurveillanceBlockType", "PersonRef"): _OFFER,
    ("SurveillanceBlockType", "Identifier"): Rule(ask=Ask.OFFER, again=True),
    ("SurveillanceBlockType", "AuthorisingCourt"): _OFFER,
    ("UrgencyType", "UrgencyReason"): Rule(
        ask=Ask.MUST, when=_sibling("UrgencyLevel", "PRIORITY", "URGENT", "EMERGENCY")
    ),
    ("UrgencyType", "Explanation"): Rule(
        ask=Ask.OFFER, when=_sibling("UrgencyLevel", "PRIORITY", "URGENT", "EMERGENCY")
    ),
    ("HandlingType", "ConfidentialityRequested"): Rule(ask=Ask.QUIETLY, default=_confidential),
    ("HandlingType", "UseRestriction"): Rule(ask=Ask.OFFER, default=_fixed("STATED_PROCEEDINGS_ONLY")),
    ("AttachmentType", "AttachmentId"): _COMPUTED,
    ("AttachmentType", "FileName"): Rule(said="Path of the file"),
    ("AttachmentType", "MediaType"): _COMPUTED,
    ("AttachmentType", "SizeBytes"): _COMPUTED,
    ("AttachmentType", "Sha256"): _COMPUTED,
    ("AttachmentType", "Language"): Rule(default=_stated_language),
    ("AttachmentType", "AuthenticationForm"): Rule(default=_fixed("NONE")),
    ("AttachmentType", "TranslationOf"): Rule(ask=Ask.MUST, when=_sibling("DocumentType", "TRANSLATION")),
    ("AttachmentType", "TranslationQuality"): Rule(
        ask=Ask.MUST, when=_sibling("DocumentType", "TRANSLATION")
    ),
}


def rule_for(type_name: str, element: str) -> Rule:
    """The rule of an element, by the local names of its parent's type and its own."""
    return RULES.get((type_name, element), _NO_RULE)


_NO_RULE = Rule()


def block_of(answers: Answers, path: str) -> str:
    """The particulars that the measure at a place needs; empty where it needs none."""
    return BLOCKS.get(_measure_of(answers, path), "")
