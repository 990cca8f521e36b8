"""Bytes to XML tree, hardened: what reaches the schema is small, plain UTF-8 XML without any of XML's trap
doors.

Here: `parse_xml`, the only way from bytes to a tree, and `ElementPaths`, which names places in it. Not here:
schema and meaning.

Rules of this file:
- A streaming pass (expat) judges the bytes first and stops at the first violation. Only then does libxml2
  build a tree.
- Refused: any encoding but UTF-8, a byte-order mark, DOCTYPE (so there are no entities but the five of XML
  itself), processing instructions, comments inside values, equal xml:id values, and whatever exceeds
  `XmlLimits`.
- Documents that are short and have no markup but tags and comments skip the streaming pass, because it could
  not find anything in them: the same limits then are asked of the bytes and of the small tree. Whatever is
  unusual takes the long way, so both ways agree.
- Attribute values are never read from the tree: collecting those of very many attributes takes time quadratic
  in their number.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn
from xml.parsers import expat

from lxml import etree

from emla.formats.quoting import shown, shown_name
from emla.model.errors import InvalidMessageError
from emla.model.findings import Finding, Severity
from emla.model.limits import XmlLimits

SHORT_DOCUMENT_BYTES = 65_536
"""Up to this size a tree cannot become large enough to hurt, whatever is in it."""

_CHUNK_BYTES = 65_536
_SAID_MAX = 200
"""libxml2's words may quote the document."""
_PLAIN_START = re.compile(
    rb"""(?:<\?xml\ version=["']1\.0["']"""
    rb"""(?:\ encoding=["'](?:UTF-8|utf-8)["'])?(?:\ standalone=["'](?:yes|no)["'])?\ ?\?>)?"""
    rb"""[ \t\r\n]*<[A-Za-z_]""",
    re.VERBOSE,
)
_SPACED = re.compile(r"[\t\r\n]|  |\A | \Z")
"""White space that collapsing would change."""
_WHITE_SPACE = re.compile(r"[ \t\r\n]+")
_SPACE_BEGINS_TEXT = re.compile(rb">[ \t\r\n]++[^<]")
_SPACE_BEFORE_TAG = re.compile(rb"<(?<=[ \t\r\n]<)")
"""Begins with what is rare: one character is found many times faster than one of several."""
_SPACE_BETWEEN_TAGS = re.compile(rb">[ \t\r\n]++<")
_COMMENT_IN_VALUE = etree.XPath("//*[comment() and (not(*) or text()[normalize-space()])]")
_TREE_PARSER = etree.XMLParser(
    encoding="utf-8",
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    dtd_validation=False,
    attribute_defaults=False,
    huge_tree=False,
    recover=False,
    collect_ids=False,
)

_PLAIN_WORDS = {
    "XML_ERROR_NO_ELEMENTS": "The document ends before its last element is closed, or has no element at all.",
    "XML_ERROR_INVALID_TOKEN": "A character stands where XML forbids it; write &lt; for < and &amp; for &.",
    "XML_ERROR_UNCLOSED_TOKEN": "A tag, comment or section is begun here and never ended.",
    "XML_ERROR_PARTIAL_CHAR": "The bytes here are not complete UTF-8; the file may have been cut.",
    "XML_ERROR_TAG_MISMATCH": "The closing tag is not that of the element opened last.",
    "XML_ERROR_DUPLICATE_ATTRIBUTE": "An attribute is given twice in one tag.",
    "XML_ERROR_JUNK_AFTER_DOC_ELEMENT": "Something stands after the end of the document.",
    "XML_ERROR_UNDEFINED_ENTITY": "This entity does not exist; there are only &lt; &gt; &amp; &quot; &apos;.",
    "XML_ERROR_BAD_CHAR_REF": "A character reference names a character that XML does not allow.",
    "XML_ERROR_MISPLACED_XML_PI": "The XML declaration must be the very first thing in the file.",
    "XML_ERROR_XML_DECL": "The XML declaration is not well formed.",
    "XML_ERROR_UNCLOSED_CDATA_SECTION": "A CDATA section is begun here and never ended.",
    "XML_ERROR_INCORRECT_ENCODING": "The bytes here are not UTF-8.",
    "XML_ERROR_UNKNOWN_ENCODING": "The encoding must be UTF-8.",
}
_WORDS_BY_CODE = {
    expat.errors.codes[getattr(expat.errors, name)]: words for name, words in _PLAIN_WORDS.items()
}
_TAG_MISMATCH = expat.errors.codes[expat.errors.XML_ERROR_TAG_MISMATCH]


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlDocument:
    """A document that passed the pre-pass: its tree and how many bytes it was read from."""

    root: etree._Element
    size_bytes: int
    padded: bool = True
    """Whether white space may stand around the value of an element, which the schema does not see and an XPath does."""


def parse_xml(data: bytes, limits: XmlLimits) -> XmlDocument:
    """Read a message's main XML document.

    Args:
        data: the document exactly as received.
        limits: caps that are checked before a tree is built.

    Returns:
        The tree (comments kept, CDATA merged into text) with its size.

    Raises:
        InvalidMessageError: ``malformed-xml`` with the finding (rule ``XML-...``, line, sentence).
    """
    plain = _is_plain(data, limits)
    if not plain:
        _read_through(data, limits)
    try:
        root = etree.fromstring(data, _TREE_PARSER)
    except etree.XMLSyntaxError as error:
        if plain:
            _read_through(data, limits)
        _refuse(
            "XML-not-well-formed",
            f"The document is not well-formed XML: {shown(str(error.msg), _SAID_MAX)}.",
            error.lineno or None,
        )
    if plain and _deeper_than(limits.depth_max)(root):
        _read_through(data, limits)
    if not plain or (b"!" in data and b"<!--" in data):
        _refuse_comments_in_values(root)
    return XmlDocument(root=root, size_bytes=len(data), padded=_may_be_padded(data))


class ElementPaths:
    """Names the places of elements of one document: ``/MLARequest/Offence[2]/MaximumPenalty``.

    Positions count siblings of the same name from 1 and are left out where there is only one. They are kept
    per parent, so that naming many children of one parent stays linear.
    """

    def __init__(self) -> None:
        self._positions: dict[etree._Element, dict[etree._Element, int | None]] = {}

    def of(self, element: etree._Element) -> str:
        """The path of an element, without namespace prefixes."""
        steps: list[str] = []
        current: etree._Element | None = element
        while current is not None:
            parent = current.getparent()
            position = None if parent is None else self._among_siblings(parent)[current]
            steps.append(shown_name(current) + (f"[{position}]" if position else ""))
            current = parent
        return "/" + "/".join(reversed(steps))

    def _among_siblings(self, parent: etree._Element) -> dict[etree._Element, int | None]:
        if parent not in self._positions:
            counted: dict[str, int] = {}
            positions: dict[etree._Element, int | None] = {}
            for child in parent.iterchildren("*"):
                name = qualified_name(child)
                counted[name] = positions[child] = counted.get(name, 0) + 1
            for child in positions:
                if counted[qualified_name(child)] == 1:
                    positions[child] = None
            self._positions[parent] = positions
        return self._positions[parent]


def text_of(element: etree._Element) -> str:
    """An element's whole text with white space collapsed as XML does it: four characters, not all that
    Unicode has.
    """
    if not len(element):
        text = element.text or ""
        # Codes, numbers and ids have no white space at all, and to see that is cheaper than the expression.
        if not (" " in text or "\n" in text or "\t" in text or "\r" in text) or not _SPACED.search(text):
            return text
    return _WHITE_SPACE.sub(" ", "".join(element.itertext())).strip(" ")


def qualified_name(element: etree._Element) -> str:
    """An element's name as ``{namespace}LocalName``."""
    return str(element.tag)


def local_name(element: etree._Element) -> str:
    """An element's name without its namespace."""
    return qualified_name(element).rpartition("}")[2]


def _is_plain(data: bytes, limits: XmlLimits) -> bool:
    """Whether the document is short and so simple that the streaming pass could find nothing in it but its
    depth.

    Every ``<!`` begins a comment, so there is no DOCTYPE and no CDATA; no ``<?`` follows the declaration, so
    there is no processing instruction; every attribute has its ``=``; every element and comment has its
    ``<``. Characters that are rare in requests are looked for alone first: that is the cheapest search there is.
    """
    start = _PLAIN_START.match(data)
    return (
        start is not None
        and len(data) <= min(SHORT_DOCUMENT_BYTES, limits.size_bytes_max, limits.tag_bytes_max)
        and data.count(b"<") <= min(limits.elements_max, limits.children_max)
        and data.count(b"=") <= min(limits.attributes_max, limits.attributes_total_max, limits.namespaces_max)
        and (data.find(b"?", start.end()) < 0 or data.find(b"<?", start.end()) < 0)
        and (data.find(b"!") < 0 or data.count(b"<!") == data.count(b"<!--"))
        and b"xml:id" not in data
    )


@lru_cache(maxsize=8)
def _deeper_than(depth: int) -> etree.XPath:
    return etree.XPath(f"boolean({'/*' * (depth + 1)})")


def _may_be_padded(data: bytes) -> bool:
    """Whether a value may begin or end with white space; sometimes yes where there is none, never no where there is some."""
    # Single characters are found faster than two, and most documents have neither.
    if (b"&" in data and b"&#" in data) or (b"!" in data and b"<![" in data):
        return True
    # The line that ends the declaration is in no value.
    begin = data.find(b"<", 1) + 1 if data.startswith(b"<?") else 0
    if _SPACE_BEGINS_TEXT.search(data, begin):
        return True
    before = len(_SPACE_BEFORE_TAG.findall(data, begin))
    # What ends no value stands between two tags, unless a value ends in ``>``.
    return before > 0 and (
        before != len(_SPACE_BETWEEN_TAGS.findall(data, begin)) or data.count(b"<") != data.count(b">")
    )


def _refuse(rule: str, message: str, line: int | None) -> NoReturn:
    finding = Finding(
        rule=rule, severity=Severity.FATAL, message=message, line=line, source="emla/1 limits, XML 1.0"
    )
    raise InvalidMessageError("malformed-xml", message, findings=(finding,))


def _refuse_comments_in_values(root: etree._Element) -> None:
    """``<Id>AT-1<!-- -->23</Id>`` reads as AT-1 in one program and as AT-123 in another, so it is neither."""
    places = _COMMENT_IN_VALUE(root)
    if not isinstance(places, list) or not places:
        return
    paths = ElementPaths()
    findings = tuple(
        Finding(
            rule="XML-comment-in-value",
            severity=Severity.FATAL,
            message=f"A comment stands inside the value of {shown_name(place)}; take it out.",
            line=place.sourceline,
            path=paths.of(place),
            source="emla/1 limits",
        )
        for place in places[:1000]
        if isinstance(place, etree._Element)
    )
    raise InvalidMessageError("malformed-xml", findings[0].message, findings=findings)


def _read_through(data: bytes, limits: XmlLimits) -> None:
    """The streaming pass: read every token once, hold none, stop at the first violation."""
    if len(data) > limits.size_bytes_max:
        _refuse(
            "XML-size",
            f"The document has {len(data)} bytes; at most {limits.size_bytes_max} are accepted.",
            None,
        )
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        _refuse("XML-encoding", "The file begins with a byte-order mark; save it as UTF-8 without one.", 1)
    if b"\x00" in data[:4] or not data.lstrip(b" \t\r\n").startswith(b"<"):
        _refuse("XML-encoding", "The file is not XML in UTF-8: it does not begin with <.", 1)
    tokens = _Tokens(limits)
    try:
        tokens.feed(data)
    except expat.ExpatError as error:
        words = _WORDS_BY_CODE.get(
            error.code, f"The document is not well-formed XML: {expat.ErrorString(error.code)}."
        )
        if error.code == _TAG_MISMATCH:
            words = _name_mismatch(data) or words
        _refuse("XML-not-well-formed", words, error.lineno)


class _Tokens:
    """Counts what expat reports against the limits. One count of children for each open element."""

    def __init__(self, limits: XmlLimits) -> None:
        self._limits = limits
        self._nodes = 0
        self._children = [0]
        self._attributes = 0
        self._namespaces = 0
        self._xml_ids: set[str] = set()
        # The encoding is given from outside, so that expat can never be led to guess another one.
        self._parser = expat.ParserCreate("utf-8")
        self._parser.ordered_attributes = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CommentHandler = self._comment
        self._parser.XmlDeclHandler = self._declaration
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.ProcessingInstructionHandler = self._instruction

    def feed(self, data: bytes) -> None:
        """Read the document in chunks; between them, refuse a tag that has grown too long."""
        for start in range(0, len(data), _CHUNK_BYTES):
            end = min(start + _CHUNK_BYTES, len(data))
            self._parser.Parse(data[start:end], False)
            # Text is reported as it comes, so what stays behind the read position is one unfinished tag or
            # comment.
            if end - self._parser.CurrentByteIndex > self._limits.tag_bytes_max + _CHUNK_BYTES:
                self._refuse(
                    "XML-tag-length", f"One tag or comment is longer than {self._limits.tag_bytes_max} bytes."
                )
        self._parser.Parse(b"", True)

    def _refuse(self, rule: str, message: str) -> NoReturn:
        _refuse(rule, message, self._parser.CurrentLineNumber)

    def _start(self, name: str, attributes: list[str]) -> None:
        self._count_node()
        self._children[-1] += 1
        if self._children[-1] > self._limits.children_max:
            self._refuse("XML-children", f"One element holds more than {self._limits.children_max} elements.")
        self._children.append(0)
        if len(self._children) - 1 > self._limits.depth_max:
            self._refuse("XML-depth", f"Elements are nested more than {self._limits.depth_max} deep.")
        if attributes:
            self._count_attributes(attributes)

    def _end(self, name: str) -> None:
        self._children.pop()

    def _count_node(self) -> None:
        self._nodes += 1
        if self._nodes > self._limits.elements_max:
            self._refuse("XML-elements", f"The document has more than {self._limits.elements_max} elements.")

    def _count_attributes(self, attributes: list[str]) -> None:
        count = len(attributes) // 2
        self._attributes += count
        if count > self._limits.attributes_max:
            self._refuse(
                "XML-attributes", f"One element has more than {self._limits.attributes_max} attributes."
            )
        if self._attributes > self._limits.attributes_total_max:
            self._refuse(
                "XML-attributes",
                f"There are more than {self._limits.attributes_total_max} attributes in all.",
            )
        for name, value in zip(attributes[::2], attributes[1::2], strict=True):
            if name.startswith("xmlns"):
                self._namespaces += 1
                if self._namespaces > self._limits.namespaces_max:
                    self._refuse(
                        "XML-namespaces", f"More than {self._limits.namespaces_max} namespaces are declared."
                    )
            elif name == "xml:id":
                if value in self._xml_ids:
                    self._refuse("XML-duplicate-id", f"The xml:id {shown(value)} is given twice.")
                self._xml_ids.add(value)

    def _comment(self, text: str) -> None:
        self._count_node()

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if version != "1.0":
            self._refuse("XML-version", "The XML version must be 1.0.")
        if encoding is not None and encoding.upper() != "UTF-8":
            self._refuse("XML-encoding", f"The declared encoding is {shown(encoding, 40)}; it must be UTF-8.")

    def _doctype(self, name: str, system_id: str | None, public_id: str | None, internal_subset: int) -> None:
        self._refuse(
            "XML-doctype",
            "The document has a DOCTYPE; take it out. Definitions of entities are not accepted.",
        )

    def _instruction(self, target: str, content: str) -> None:
        self._refuse(
            "XML-instruction",
            f"The document has a processing instruction (<?{shown(target, 40)} ...); take it out.",
        )


def _name_mismatch(data: bytes) -> str | None:
    """Read again, this time remembering open tags, to say which element was not closed."""
    opened: list[tuple[str, int]] = []
    parser = expat.ParserCreate("utf-8")

    def start(name: str, attributes: dict[str, str]) -> None:
        opened.append((name, parser.CurrentLineNumber))

    def end(name: str) -> None:
        opened.pop()

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        if opened:
            name, line = opened[-1]
            return f"The element {shown(name)}, opened on line {line}, is closed by another name."
    return None
