"""For every rule that needs only the document: a document in order, and the change that breaks exactly this rule.

Rules of this file: a document here need not be valid against its schema; a rule must hold whatever the schema already refuses.
"""

from dataclasses import dataclass

from tests.support.sample_case import s01

_SPACES = 'xmlns="urn:emla:{family}:1" xmlns:c="urn:emla:common:1"'
_HEADER = (
    "<c:MessageHeader><c:IssuedAt>2026-06-22T07:30:00Z</c:IssuedAt><c:Sender><c:Name>Ministry</c:Name>"
    "<c:AuthorityRole>CENTRAL</c:AuthorityRole></c:Sender></c:MessageHeader>"
)
_OFFENCE = (
    "<c:Offence><c:Qualification>Fraud</c:Qualification><c:StatutoryProvisions>1</c:StatutoryProvisions>"
    "<c:MaximumPenalty><c:DeathPenaltyPossible>false</c:DeathPenaltyPossible></c:MaximumPenalty>"
    "<c:CommittedFrom>2026-01-01</c:CommittedFrom><c:Place>Oslo</c:Place></c:Offence>"
)
_PERSON = "<c:Person><c:Natural><c:FamilyName>N</c:FamilyName><c:Nationality>NO</c:Nationality></c:Natural></c:Person>"


def message(name: str, family: str, body: str) -> str:
    """A document of this message with a header."""
    return f"<{name} {_SPACES.format(family=family)}>{_HEADER}{body}</{name}>"


@dataclass(frozen=True, slots=True)
class Broken:
    """A document, and the texts whose replacement breaks the rule; what else is then broken is named in `also`."""

    document: str
    changes: tuple[tuple[str, str], ...]
    also: tuple[str, ...] = ()

    def text(self) -> str:
        """The broken document."""
        text = self.document
        for old, new in self.changes:
            assert old in text, old
            text = text.replace(old, new)
        return text


REQUEST = s01().decode()
PRESERVATION = message(
    "PreservationRequest",
    "request",
    f"<InvestigatingAuthority><c:Name>P</c:Name></InvestigatingAuthority>{_OFFENCE}<c:FactSummary/>"
    "<c:ElectronicDataBlock><c:ServiceProvider/></c:ElectronicDataBlock><RelationToOffence>r</RelationToOffence>"
    "<NecessityStatement>n</NecessityStatement><FollowUpIntended>true</FollowUpIntended>",
)
EMERGENCY = message(
    "EmergencyDisclosureRequest",
    "request",
    "<EmergencyFacts>A child is held.</EmergencyFacts><RiskToLife>true</RiskToLife><c:ElectronicDataBlock/>",
)
SERVICE = message(
    "ServiceRequest",
    "request",
    "<SummaryForAuthority>s</SummaryForAuthority><AppearanceEspeciallyNecessary>1</AppearanceEspeciallyNecessary>"
    "<AllowanceStatement>a</AllowanceStatement>",
)
ARREST = message(
    "ProvisionalArrestRequest",
    "extradition",
    f"<WarrantReference/>{_PERSON}{_OFFENCE}<FullRequestIntended>true</FullRequestIntended>"
    "<c:NoticeRef><c:NoticeColour>RED</c:NoticeColour></c:NoticeRef>",
)
EXTRADITION = message(
    "ExtraditionRequest",
    "extradition",
    f"{_PERSON}{_OFFENCE}<OffenceStatement>o</OffenceStatement><WarrantAttachment>A</WarrantAttachment>"
    "<TextOfLawAttachment>A</TextOfLawAttachment><c:Attachment><c:AttachmentId>A</c:AttachmentId></c:Attachment>",
)
ASSETS = message(
    "AssetRecoveryRequest",
    "request",
    "<c:LegalBasis><c:InstrumentCode>UNCAC</c:InstrumentCode><c:HandledAs>PRIMARY</c:HandledAs></c:LegalBasis><c:FactSummary/>"
    "<c:NoticeRef><c:NoticeColour>SILVER</c:NoticeColour></c:NoticeRef><c:Measure><c:MeasureId>M1</c:MeasureId>"
    "<c:MeasureType>CONFISCATION_ORDER_ENFORCE</c:MeasureType><c:Description>d</c:Description><c:NexusToFacts>x</c:NexusToFacts>"
    "<c:NecessityStatement>n</c:NecessityStatement><c:AvailableInOwnLaw>true</c:AvailableInOwnLaw></c:Measure><c:AssetBlock>"
    "<c:PropertyDescription>A villa</c:PropertyDescription><c:Location>Nice</c:Location><c:OrderFinal>1</c:OrderFinal>"
    "<c:ThirdPartyNotice>t</c:ThirdPartyNotice></c:AssetBlock><Purpose>p</Purpose>",
)
SPONTANEOUS = message("SpontaneousInformation", "information", "<NoConditions>true</NoConditions>")
DECISION = message(
    "Decision",
    "reply",
    "<MeasureDecision><MeasureId>M1</MeasureId><DecisionOutcome>REFUSED</DecisionOutcome><GroundCode>POLITICAL_OFFENCE</GroundCode>"
    "<ReasonText>r</ReasonText></MeasureDecision><MeasureDecision><MeasureId>M2</MeasureId>"
    "<DecisionOutcome>POSTPONED</DecisionOutcome><PostponementGround>OTHER</PostponementGround><ReasonText>r</ReasonText>"
    "<ExpectedUnknown>true</ExpectedUnknown></MeasureDecision><ConsultationHeld><Held>true</Held></ConsultationHeld>",
)
OUTCOME = message(
    "PreservationOutcome",
    "result",
    "<GroundCode>DUAL_CRIMINALITY</GroundCode><ReservationReliedOn>r</ReservationReliedOn>",
)
RECEIPT = message(
    "ReceiptConfirmation",
    "reply",
    "<TransmittedTo/><OtherInformation>A referral notice follows.</OtherInformation>",
)
RESULT = message(
    "ResultTransmission",
    "result",
    "<c:EvidenceItem><c:ItemId>I1</c:ItemId></c:EvidenceItem><ChainOfCustody><c:ItemId>I1</c:ItemId><c:CustodyStep/>"
    "</ChainOfCustody><HashManifest><c:HashEntry><c:FileName>a.bin</c:FileName><c:Sha256>00</c:Sha256></c:HashEntry>"
    "</HashManifest><c:Attachment><c:FileName>a.bin</c:FileName><c:Sha256>00</c:Sha256></c:Attachment>",
)
WITHDRAWN = message("WithdrawalConfirmation", "dialogue", "<DispositionDone>RETURNED</DispositionDone>")
DOCUMENTS = (
    REQUEST, PRESERVATION, EMERGENCY, SERVICE, ARREST, EXTRADITION, ASSETS, SPONTANEOUS, DECISION, OUTCOME, RECEIPT, RESULT,
    WITHDRAWN,
)  # fmt: skip


def _request(*changes: tuple[str, str], also: tuple[str, ...] = ()) -> Broken:
    return Broken(REQUEST, changes, also)


def _kind(code: str, block: str = "") -> tuple[tuple[str, str], ...]:
    """Make the second measure one of this kind, with this block."""
    end = "</JudicialAuthorisationRef>\n </Measure>\n <r:Purpose>"
    return (
        ("<MeasureType>SEARCH_SEIZURE", f"<MeasureType>{code}"),
        (end, f"</JudicialAuthorisationRef>{block}</Measure><r:Purpose>"),
    )


_HEARD = (
    "<HearingBlock><WhyNotInPerson>w</WhyNotInPerson><ConductingAuthority/><PersonRef>{person}</PersonRef>{consent}"
    "<TimeWindow/></HearingBlock>"
)
_ASSET = "<AssetBlock><PropertyDescription>d</PropertyDescription></AssetBlock>"
_MINOR = "<SensitiveFlag>MINOR_VICTIM</SensitiveFlag></Handling>"
_COPY = "<CopyTo><AuthorityId>nl.om</AuthorityId></CopyTo><RequestingReference>"
_URGENT = ("<UrgencyLevel>PRIORITY", "<UrgencyLevel>URGENT")

BROKEN: dict[str, Broken] = {
    "BR-003": _request(("<AuthorityRole>CENTRAL", "<AuthorityRole>EXECUTING")),
    "BR-003a": _request(("<AuthorityRole>CENTRAL", "<AuthorityRole>NCB"), ("EU-JP-2009", "EIO")),
    "BR-004": _request(("LegalBasis>", "Elsewhere>")),
    "BR-004a": _request(("ADDITIONAL", "PRIMARY")),
    "BR-004b": _request((">BUD<", ">BILATERAL<")),
    "BR-004c": _request((">BUD<", ">RECIPROCITY<")),
    "BR-007": _request(("FactSummary>", "Elsewhere>")),
    "BR-008": _request(
        ("<Functions>Investigates and prosecutes serious computer crime; directs the judicial police.", "<Functions>"),
    ),
    "BR-009": _request(("r:Purpose>", "r:Elsewhere>")),
    "BR-010": _request(("<NexusToFacts>All 412 false pages were served from this machine.</NexusToFacts>", "")),
    "BR-011": _request(("<Nationality>JP</Nationality>", "")),
    "BR-012": _request(("<StatutoryProvisions>Penal Code, Article 246-2.", "<StatutoryProvisions>")),
    "BR-012a": _request(("<ProvisionTextAttachment>A-ORDER-EN</ProvisionTextAttachment>", "")),
    "BR-013": _request(("<AvailableInOwnLaw>true</AvailableInOwnLaw>", "")),
    "BR-013a": _request(("<AvailableInOwnLaw>true", "<AvailableInOwnLaw>0")),
    "BR-014": _request(("MaximumPenalty>", "Elsewhere>")),
    "BR-014a": _request(
        ("<DeathPenaltyPossible>false", "<DeathPenaltyPossible>1"),
        ("<Assurance>", "<Elsewhere>"),
        ("</Assurance>", "</Elsewhere>"),
    ),
    "BR-016": _request(("<TranslationQuality>OFFICIAL</TranslationQuality>", "")),
    "BR-017": _request(_URGENT, ("<UrgencyReason>EVIDENCE_LOSS</UrgencyReason>", "")),
    "BR-017a": _request(_URGENT, ("<TimeZone>Asia/Tokyo</TimeZone>", "")),
    "BR-018": _request(("<UrgencyLevel>PRIORITY", "<UrgencyLevel>EMERGENCY")),
    "BR-018a": Broken(EMERGENCY, (("true", "false"),)),
    "BR-019": _request(
        ("<Reason>The preservation ends soon, and the provider overwrites its logs after that.", "<Reason>"),
    ),
    "BR-020": _request(("<Date>2026-08-14", "<Date>2026-06-21")),
    "BR-021a": Broken(PRESERVATION, (("<c:Name>P</c:Name>", ""), ("<c:Name>Ministry</c:Name>", ""))),
    "BR-021b": Broken(PRESERVATION, (("<c:FactSummary/>", ""),)),
    "BR-021c": Broken(PRESERVATION, (("<RelationToOffence>r", "<RelationToOffence>"),)),
    "BR-021d": Broken(PRESERVATION, (("<c:ServiceProvider/>", ""),)),
    "BR-021e": Broken(PRESERVATION, (("<NecessityStatement>n", "<NecessityStatement>"),)),
    "BR-021f": Broken(PRESERVATION, (("<FollowUpIntended>true</FollowUpIntended>", ""),)),
    "BR-022": Broken(PRESERVATION, (("<FollowUpIntended>true", "<FollowUpIntended>false"),)),
    "BR-023": _request(("<PreservationReference>NL-24/7-2026-1183</PreservationReference>", "")),
    "BR-023a": _request(("<PreservedUntil>2026-08-21", "<PreservedUntil>2026-06-21")),
    "BR-024": _request(("<SourcePort>443</SourcePort>", "")),
    "BR-027": _request(*_kind("RT_CONTENT"), ("<JudicialAuthorisationRef>A-ORDER</JudicialAuthorisationRef>", "")),
    "BR-028": _request(*_kind("HEARING_VIDEO")),
    "BR-029": _request(*_kind("HEARING_VIDEO", _HEARD.format(person="P1", consent=""))),
    "BR-030": _request(*_kind("HEARING_TELEPHONE", _HEARD.format(person="P2", consent=""))),
    "BR-031": _request(*_kind("TEMP_TRANSFER_DETAINEE", "<CustodyTransferBlock><ReturnDate/></CustodyTransferBlock>")),
    "BR-032": _request(*_kind("BANK_ACCOUNT_IDENT", "<BankBlock><HolderPersonRef>P1</HolderPersonRef></BankBlock>")),
    "BR-033": _request(*_kind("BANK_RECORDS", "<BankBlock><Period/><HolderPersonRef>P1</HolderPersonRef></BankBlock>")),
    "BR-036": Broken(OUTCOME, (("<ReservationReliedOn>r", "<ReservationReliedOn>"),)),
    "BR-037": Broken(DECISION, (("<GroundCode>POLITICAL_OFFENCE</GroundCode>", ""),)),
    "BR-038": Broken(DECISION, (("<Held>true", "<Held>false"),)),
    "BR-039": Broken(DECISION, (("<ExpectedUnknown>true</ExpectedUnknown>", ""),)),
    "BR-042": Broken(SPONTANEOUS, (("true", "false"),)),
    "BR-044": Broken(SERVICE, (("<SummaryForAuthority>s", "<SummaryForAuthority>"),)),
    "BR-044a": _request(*_kind("SERVICE_DOCUMENTS", "<ServiceBlock/>")),
    "BR-045": Broken(SERVICE, (("<AllowanceStatement>a", "<AllowanceStatement>"),)),
    "BR-046": Broken(ARREST, (("<WarrantReference/>", ""),)),
    "BR-047": Broken(EXTRADITION, (("<OffenceStatement>o", "<OffenceStatement>"),)),
    "BR-049": Broken(ASSETS, (("<c:OrderFinal>1", "<c:OrderFinal>0"),)),
    "BR-049a": Broken(
        ASSETS,
        (("<c:OrderFinal>1", "<c:OrderFinal>0"),
         ("UNCAC", "BUD"),
         ("<c:FactSummary/>", "<c:FactSummary/><c:LegalBasis><c:InstrumentCode>UNTOC</c:InstrumentCode></c:LegalBasis>")),
    ),
    "BR-050": _request(*_kind("ASSET_FREEZE", _ASSET)),
    "BR-056a": _request(("<JudicialAuthorisationRef>A-ORDER<", "<JudicialAuthorisationRef>A-NONE<")),
    "BR-056b": Broken(RESULT, (("<c:Sha256>00</c:Sha256></c:HashEntry>", "<c:Sha256>01</c:Sha256></c:HashEntry>"),)),
    "BR-057": Broken(RESULT, (("<c:CustodyStep/>", ""),)),
    "BR-059a": Broken(WITHDRAWN, (("<DispositionDone>RETURNED</DispositionDone>", ""),)),
    "BR-062": _request(("CONFIDENTIAL<", "RESTRICTED<"), ("</Handling>", _MINOR)),
    "BR-062a": _request(("<RequestingReference>", _COPY), ("</Handling>", _MINOR)),
    "BR-063": Broken(ASSETS, (("SILVER", "RED"),)),
    "BR-063a": Broken(ARREST, (("RED", "BLUE"),)),
    "BR-063b": _request(("<Measure>\n  <MeasureId>M1<", "<NoticeRef/><Measure><MeasureId>M1<")),
    "BR-064": _request(
        ("<RequestingReference>", _COPY),
        ("</Handling>", "<ReleasableTo>nl.moj</ReleasableTo></Handling>"),
    ),
    "BR-064b": _request(("</Handling>", "<NotReleasableTo>nl.moj</NotReleasableTo></Handling>")),
    "BR-065": _request(("EU-JP-2009", "UNTOC")),
    "BR-066": Broken(RECEIPT, (("<OtherInformation>A referral notice follows.</OtherInformation>", ""),)),
}  # fmt: skip
