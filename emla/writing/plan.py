"""What is asked, and when: the table of the interview. What is not in the table is asked as the schema has it.

Rules of this file:
- Left: a type and one of its elements, by local name. Right: one rule. A required element without a rule is asked; an optional
  one without a rule is asked only of whoever wants to give more particulars.
- A rule never makes a document invalid: it decides what is asked, the schema what may stand.
- Conditions read answers only, so the same answers always give the same questions.
"""

from dataclasses import dataclass
from enum import Enum, auto

from emla.writing.answers import YES, at
from emla.writing.conditions import (
    Condition,
    Default,
    any_coercive,
    authorised,
    bank_unknown,
    basis_rank,
    coercive,
    confidential,
    consent_needed,
    death_penalty,
    files_needed,
    fixed,
    given,
    has_files,
    instrument,
    is_any,
    mode,
    no_offence_needed,
    no_port,
    only_service,
    persons_needed,
    sibling,
    stated_language,
    unassured,
    unless,
    untoc,
    untoc_by_facts,
    without,
)


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
    wanted: Condition = lambda *_: False
    """Of an element that may be repeated, by its place: whether Enter means another one."""


_AN_ADDRESS = ("IPV4_WITH_PORT_AND_TIME", "IPV6_WITH_TIME")
_COMPUTED = Rule(ask=Ask.COMPUTED)
_NEVER = Rule(ask=Ask.NEVER)
_OFFER = Rule(ask=Ask.OFFER)
_QUIETLY = Rule(ask=Ask.QUIETLY)
_WITH_FILE = Rule(ask=Ask.OFFER, when=has_files)
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
    ("AuthorityRefType", "AuthorityRole"): Rule(ask=Ask.QUIETLY, default=fixed("CENTRAL")),
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
    ("LegalBasisType", "BilateralTitle"): Rule(ask=Ask.MUST, when=sibling("InstrumentCode", "BILATERAL")),
    ("LegalBasisType", "ReciprocityAssurance"): Rule(
        ask=Ask.MUST, when=sibling("InstrumentCode", "RECIPROCITY", "DOMESTIC_LAW")
    ),
    ("LegalBasisType", "ConventionOffence"): Rule(ask=Ask.OFFER, when=untoc, otherwise=Ask.MORE),
    ("LegalBasisType", "TransnationalElement"): Rule(ask=Ask.MUST, when=untoc_by_facts, otherwise=Ask.MORE),
    ("LegalBasisType", "OrganizedCrimeLink"): Rule(ask=Ask.MUST, when=untoc_by_facts, otherwise=Ask.MORE),
    ("LegalBasisType", "HandledAs"): Rule(ask=Ask.QUIETLY, default=basis_rank),
    ("MLARequestType", "Offence"): Rule(
        ask=Ask.MUST, when=unless(no_offence_needed), otherwise=Ask.OFFER, again=True
    ),
    ("MLARequestType", "FactSummary"): Rule(ask=Ask.MUST, when=unless(only_service), otherwise=Ask.OFFER),
    ("MLARequestType", "Person"): Rule(ask=Ask.MUST, when=persons_needed, otherwise=Ask.OFFER, again=True),
    ("MLARequestType", "Measure"): _AGAIN,
    ("MLARequestType", "Attachment"): Rule(
        ask=Ask.MUST, when=files_needed, otherwise=Ask.OFFER, again=True, said="a file to send along"
    ),
    ("MLARequestType", "ConfidentialityRequest"): _OFFER,
    ("MLARequestType", "NoAssuranceGiven"): Rule(ask=Ask.MUST, when=unassured, otherwise=Ask.NEVER),
    ("MLARequestType", "Assurance"): Rule(
        ask=Ask.OFFER, when=death_penalty, otherwise=Ask.MORE, said="an assurance about the death penalty"
    ),
    ("ProceedingType", "OpenedOn"): _OFFER,
    ("OffenceType", "ProvisionTextAttachment"): Rule(
        ask=Ask.MUST, when=any_coercive, otherwise=Ask.OFFER, said="File with the text of the law"
    ),
    ("OffenceType", "CommittedTo"): _OFFER,
    ("OffenceType", "Place"): _OFFER,
    ("OffenceType", "ListOffence"): Rule(
        ask=Ask.MUST, when=instrument("EIO", "FRZ", "EAW"), otherwise=Ask.MORE
    ),
    ("MaximumPenaltyType", "Years"): _OFFER,
    ("FactSummaryType", "LossAmount"): _OFFER,
    ("PersonType", "PersonId"): _COMPUTED,
    ("NaturalPersonType", "GivenNames"): _OFFER,
    ("NaturalPersonType", "OtherName"): _OFFER,
    ("NaturalPersonType", "BirthDate"): _OFFER,
    ("NaturalPersonType", "Nationality"): _OFFER,
    ("NaturalPersonType", "NationalityUnknown"): Rule(
        ask=Ask.QUIETLY, when=unless(given("Nationality")), default=fixed(YES)
    ),
    ("NaturalPersonType", "Address"): _OFFER,
    ("NaturalPersonType", "Language"): _OFFER,
    ("NaturalPersonType", "PhotoRef"): Rule(ask=Ask.MORE, when=has_files),
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
        when=lambda answers, path: bool(coercive(answers, path)),
        otherwise=Ask.OFFER,
        default=coercive,
    ),
    ("MeasureType", "DeadlineRequested"): _OFFER,
    ("MeasureType", "NexusToFacts"): Rule(
        ask=Ask.MUST, when=unless(is_any("SERVICE_DOCUMENTS")), otherwise=Ask.OFFER
    ),
    ("MeasureType", "JudicialAuthorisationRef"): Rule(ask=Ask.MUST, when=authorised, otherwise=Ask.OFFER),
    ("IdentifierType", "ObservedAt"): Rule(
        ask=Ask.MUST, when=sibling("IdentifierType", *_AN_ADDRESS), otherwise=Ask.MORE
    ),
    ("IdentifierType", "TimeZone"): Rule(
        ask=Ask.MUST, when=sibling("IdentifierType", *_AN_ADDRESS), otherwise=Ask.MORE, default=fixed("UTC")
    ),
    ("IdentifierType", "SourcePort"): Rule(
        ask=Ask.OFFER, when=sibling("IdentifierType", "IPV4_WITH_PORT_AND_TIME"), otherwise=Ask.MORE
    ),
    ("IdentifierType", "NotAvailable"): Rule(ask=Ask.MUST, when=no_port, otherwise=Ask.NEVER),
    ("ElectronicDataBlockType", "Identifier"): _AGAIN,
    ("ElectronicDataBlockType", "PreservationReference"): Rule(
        ask=Ask.OFFER, when=unless(is_any("ESD_PRESERVE"))
    ),
    ("ElectronicDataBlockType", "PreservedUntil"): Rule(
        ask=Ask.MUST, when=given("PreservationReference"), otherwise=Ask.NEVER
    ),
    ("ElectronicDataBlockType", "NonDisclosure"): _OFFER,
    ("TimeRangeType", "TimeZone"): Rule(ask=Ask.QUIETLY, default=fixed("UTC")),
    ("BankBlockType", "Institution"): Rule(
        ask=Ask.MUST, when=is_any("BANK_RECORDS", "BANK_MONITORING"), otherwise=Ask.OFFER
    ),
    ("BankBlockType", "Account"): Rule(
        ask=Ask.MUST, when=is_any("BANK_RECORDS", "BANK_MONITORING"), otherwise=Ask.MORE, again=True
    ),
    ("BankBlockType", "HolderPersonRef"): Rule(
        ask=Ask.MUST, when=is_any("BANK_ACCOUNT_IDENT"), otherwise=Ask.OFFER
    ),
    ("BankBlockType", "InstitutionGrounds"): Rule(ask=Ask.MUST, when=bank_unknown, otherwise=Ask.MORE),
    ("BankBlockType", "SearchLimits"): Rule(
        ask=Ask.MUST, when=is_any("BANK_ACCOUNT_IDENT"), otherwise=Ask.MORE
    ),
    ("BankBlockType", "MonitoringFrequency"): Rule(ask=Ask.MUST, when=is_any("BANK_MONITORING")),
    ("HearingBlockType", "HearingMode"): Rule(ask=Ask.QUIETLY, default=mode),
    ("HearingBlockType", "Oath"): _OFFER,
    ("HearingBlockType", "QuestionsAttachment"): _WITH_FILE,
    ("HearingBlockType", "InterpreterLanguage"): _OFFER,
    ("HearingBlockType", "ConsentStatement"): Rule(ask=Ask.MUST, when=consent_needed, otherwise=Ask.OFFER),
    ("HearingBlockType", "TechnicalParameters"): Rule(
        ask=Ask.OFFER, when=is_any("HEARING_VIDEO"), otherwise=Ask.MORE
    ),
    ("HearingBlockType", "TimeWindow"): _AGAIN,
    ("AssetBlockType", "Location"): _OFFER,
    ("AssetBlockType", "PropertyId"): _NEVER,
    ("AssetBlockType", "EstimatedValue"): Rule(ask=Ask.MUST, when=without("Location"), otherwise=Ask.OFFER),
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
    ("CustodyTransferBlockType", "ConsentStatement"): Rule(ask=Ask.MUST),
    ("CustodyTransferBlockType", "EscortArrangements"): _OFFER,
    ("ServiceBlockType", "HearingDate"): _OFFER,
    ("ServiceBlockType", "SummaryForAuthority"): _OFFER,
    ("JITBlockType", "EvidenceRules"): _OFFER,
    ("SurveillanceBlockType", "PersonRef"): _OFFER,
    ("SurveillanceBlockType", "Identifier"): Rule(ask=Ask.OFFER, again=True),
    ("SurveillanceBlockType", "AuthorisingCourt"): _OFFER,
    ("UrgencyType", "UrgencyReason"): Rule(
        ask=Ask.MUST, when=sibling("UrgencyLevel", "PRIORITY", "URGENT", "EMERGENCY")
    ),
    ("UrgencyType", "Explanation"): Rule(
        ask=Ask.MUST, when=sibling("UrgencyLevel", "EMERGENCY"), otherwise=Ask.OFFER
    ),
    ("HandlingType", "ConfidentialityRequested"): Rule(ask=Ask.QUIETLY, default=confidential),
    ("UseRestrictionType", "RestrictionId"): _COMPUTED,
    ("UseRestrictionType", "UseLimit"): Rule(default=fixed("STATED_PROCEEDINGS_ONLY")),
    ("HandlingType", "UseRestriction"): Rule(
        ask=Ask.OFFER, again=True, said="a limit on how the content of this request may be used"
    ),
    ("AttachmentType", "AttachmentId"): _COMPUTED,
    ("AttachmentType", "FileName"): Rule(said="Path of the file"),
    ("AttachmentType", "MediaType"): _COMPUTED,
    ("AttachmentType", "SizeBytes"): _COMPUTED,
    ("AttachmentType", "Sha256"): _COMPUTED,
    ("AttachmentType", "Language"): Rule(default=stated_language),
    ("AttachmentType", "AuthenticationForm"): Rule(default=fixed("NONE")),
    ("AttachmentType", "TranslationOf"): Rule(ask=Ask.MUST, when=sibling("DocumentType", "TRANSLATION")),
    ("AttachmentType", "TranslationQuality"): Rule(ask=Ask.MUST, when=sibling("DocumentType", "TRANSLATION")),
}
