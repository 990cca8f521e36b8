"""Messages for tests and bench: a valid MLARequest with one attachment, of a size asked for, cut from the sample case."""

import hashlib
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from emla.model.ids import UUID_BYTES, uuid7

SAMPLE = Path(__file__).resolve().parents[2] / "schemas" / "samples" / "S01" / "mla-request.xml"
_COMMON = "{urn:emla:common:1}"
ATTACHMENT_NAME = "annex.bin"
_MESSAGE, _CASE, _PRESERVATION = "a" * 31 + "1", "b" * 31 + "2", "c" * 31 + "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A valid request whose ids are placeholders: filling them in is a byte replacement."""

    data: bytes
    attachment: bytes

    def fresh(self) -> bytes:
        """The document with ids as emla's own writers make them."""
        at = int(time.time())
        return self.fill(uuid7(at, secrets.token_bytes(UUID_BYTES)), secrets.token_bytes(UUID_BYTES))

    def fill(self, message_id: bytes, case_id: bytes) -> bytes:
        """The document with its ids (16 bytes each). Each case follows a preservation of its own."""
        ids = {_MESSAGE: message_id.hex(), _CASE: case_id.hex()}
        ids[_PRESERVATION] = hashlib.sha256(case_id).hexdigest()[:32]
        data = self.data
        for placeholder, value in ids.items():
            data = data.replace(placeholder.encode(), value.encode())
        return data


def make_template(
    *, sender: str, recipient: str, attachment: bytes, size_bytes: int | None = None
) -> Template:
    """Cut the sample down to one attachment; pad the facts until the document has `size_bytes`."""
    root = etree.fromstring(SAMPLE.read_bytes(), etree.XMLParser(remove_blank_text=True))
    attachments = root.findall(f"{_COMMON}Attachment") or root.findall(".//{*}Attachment")
    for each in attachments[1:]:
        _drop(each)
    for name in ("OriginalRetainedBy", "PageCount"):
        for each in root.findall(f".//{{*}}{name}"):
            _drop(each)
    measures = root.findall("./{*}Measure")
    for each in measures[1:]:
        _drop(each)
    for element, value in zip(root.findall(".//{*}AuthorityId")[:2], (sender, recipient), strict=True):
        element.text = value
    for path, text in (
        (".//{*}MessageId", _MESSAGE),
        (".//{*}CaseId", _CASE),
        (".//{*}RelatesTo/{*}CaseId", _PRESERVATION),
    ):
        _one(root, path).text = text
    _one(root, ".//{*}PreservedUntil").text = "2039-12-31"
    kept = attachments[0]
    for each in root.findall(".//{*}ProvisionTextAttachment"):
        each.text = _one(kept, "{*}AttachmentId").text
    _one(kept, "{*}FileName").text = ATTACHMENT_NAME
    _one(kept, "{*}MediaType").text = "application/octet-stream"
    _one(kept, "{*}SizeBytes").text = str(len(attachment))
    _one(kept, "{*}Sha256").text = hashlib.sha256(attachment).hexdigest()
    data = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    if size_bytes is not None:
        facts = _one(root, ".//{*}FactSummary/{*}Paragraph")
        filler = "The bank's records confirm each of these transfers. " * (size_bytes // 40)
        facts.text = (facts.text or "") + " " + filler[: size_bytes - len(data) - 1]
        data = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return Template(data=data, attachment=attachment)


def _one(parent: etree._Element, path: str) -> etree._Element:
    found = parent.find(path)
    assert found is not None, path
    return found


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)
