import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from emla.formats.xml import SHORT_DOCUMENT_BYTES, ElementPaths, parse_xml
from emla.model.errors import InvalidMessageError
from emla.model.findings import Severity
from emla.model.limits import XmlLimits
from tests.support.sample_case import s01

LIMITS = XmlLimits()
LONG = b"<!-- " + b"long " * (SHORT_DOCUMENT_BYTES // 5) + b"-->"


def refused(data: bytes, limits: XmlLimits = LIMITS) -> tuple[str, int | None]:
    with pytest.raises(InvalidMessageError) as caught:
        parse_xml(data, limits)
    assert caught.value.code == "malformed-xml"
    finding = caught.value.findings[0]
    assert finding.severity is Severity.FATAL
    assert finding.message.endswith((".", ";", "?"))
    return finding.rule, finding.line


def test_a_plain_document_becomes_a_tree_with_its_size() -> None:
    document = parse_xml(s01(), LIMITS)
    assert etree.QName(document.root).localname == "MLARequest"
    assert document.size_bytes == len(s01())


@pytest.mark.parametrize(
    ("data", "rule", "line"),
    [
        (b"", "XML-encoding", 1),
        (b"hello", "XML-encoding", 1),
        (b"\xef\xbb\xbf<a/>", "XML-encoding", 1),
        ("<a/>".encode("utf-16"), "XML-encoding", 1),
        ("<a/>".encode("utf-16-le"), "XML-encoding", 1),
        ("<a/>".encode("utf-16-be"), "XML-encoding", 1),
        ("<a/>".encode("utf-32-be"), "XML-encoding", 1),
        ("<?xml version='1.0'?><a/>".encode("cp500"), "XML-encoding", 1),
        (b"<?xml version='1.0' encoding='UTF-7'?>+ADw-a/+AD4-", "XML-encoding", 1),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "XML-encoding", 1),
        (b"<?xml version='1.1'?><a/>", "XML-version", 1),
        (b"\n<?xml version='1.0'?><a/>", "XML-not-well-formed", 2),
        (b"<!DOCTYPE a><a/>", "XML-doctype", 1),
        (b"<a>\n<?php x?></a>", "XML-instruction", 2),
        (b"<?xml-stylesheet href='x'?><a/>", "XML-instruction", 1),
        (b"<a/><?late x?>", "XML-instruction", 1),
        (b"<a>\n<b>\n</a>", "XML-not-well-formed", 3),
        (b"<a><b></b>", "XML-not-well-formed", 1),
        (b"<a>\n&court;</a>", "XML-not-well-formed", 2),
        (b"<a>\xff</a>", "XML-not-well-formed", 1),
        (b"<a>&#0;</a>", "XML-not-well-formed", 1),
        (b"<a/><b/>", "XML-not-well-formed", 1),
        (b"<x:a/>", "XML-not-well-formed", 1),
        (b"<a>\n<Id>AT-1<!-- -->23</Id></a>", "XML-comment-in-value", 2),
        (b"<a>\n<Id><!-- only --></Id></a>", "XML-comment-in-value", 2),
        (b"<a xml:id='i'>\n<b xml:id='i'/></a>", "XML-duplicate-id", 2),
        (b"<a>\xc3</a>", "XML-not-well-formed", 1),
    ],
)
def test_what_is_not_plain_utf8_xml_is_refused_with_its_line(data: bytes, rule: str, line: int) -> None:
    assert refused(data) == (rule, line)


def test_a_wrong_closing_tag_is_explained_by_what_was_opened() -> None:
    with pytest.raises(InvalidMessageError) as caught:
        parse_xml(b"<a>\n<Offence>\n</a>", LIMITS)
    assert "Offence" in caught.value.findings[0].message
    assert "line 2" in caught.value.findings[0].message


def test_comments_between_elements_are_allowed() -> None:
    root = parse_xml(b"<a><!-- between --><b>1</b>\n<!-- and -->\n<b>2</b></a>", LIMITS).root
    assert [b.text for b in root.iterchildren("b")] == ["1", "2"]


def test_a_cdata_section_is_read_whole() -> None:
    root = parse_xml(b"<Id>AT-<![CDATA[1]]>23</Id>", LIMITS).root
    assert "".join(root.itertext()) == root.text == "AT-123"


@pytest.mark.parametrize("prefix", [b"", LONG], ids=["short way", "long way"])
@pytest.mark.parametrize(
    ("limits", "within", "beyond", "rule"),
    [
        (XmlLimits(depth_max=3), b"<a><b><c/></b></a>", b"<a><b><c><d/></c></b></a>", "XML-depth"),
        (XmlLimits(elements_max=4), b"<a><b/><c/></a>", b"<a><b/><c/><d/><e/></a>", "XML-elements"),
        (XmlLimits(children_max=2), b"<a><b/><c><d/></c></a>", b"<a><b/><c/><d/></a>", "XML-children"),
        (XmlLimits(attributes_max=2), b"<a b='' c=''/>", b"<a b='' c='' d=''/>", "XML-attributes"),
        (
            XmlLimits(attributes_total_max=3),
            b"<a b=''><c d='' e=''/></a>",
            b"<a b='' c=''><c d='' e=''/></a>",
            "XML-attributes",
        ),
        (
            XmlLimits(namespaces_max=2),
            b"<a xmlns='u:1' xmlns:b='u:2'/>",
            b"<a xmlns='u:1' xmlns:b='u:2'><c xmlns:d='u:3'/></a>",
            "XML-namespaces",
        ),
        (XmlLimits(), b"<a xml:id='x'/>", b"<a xml:id='x'><b xml:id='x'/></a>", "XML-duplicate-id"),
    ],
)
def test_each_limit_holds_on_both_ways(
    prefix: bytes, limits: XmlLimits, within: bytes, beyond: bytes, rule: str
) -> None:
    limits = XmlLimits(
        depth_max=limits.depth_max,
        elements_max=limits.elements_max,
        children_max=limits.children_max,
        attributes_max=limits.attributes_max,
        attributes_total_max=limits.attributes_total_max,
        namespaces_max=limits.namespaces_max,
        tag_bytes_max=2 * SHORT_DOCUMENT_BYTES,
    )
    parse_xml(prefix + within, limits)
    assert refused(prefix + beyond, limits)[0] == rule


def test_size_and_tag_length_are_limited() -> None:
    assert refused(b"<a>" + b"x" * 100 + b"</a>", XmlLimits(size_bytes_max=100))[0] == "XML-size"
    long_tag = b"<a x='" + b"y" * 300_000 + b"'/>"
    assert refused(long_tag)[0] == "XML-tag-length"
    assert refused(b"<a>" + b"<!--" + b"y" * 300_000 + b"--></a>")[0] == "XML-tag-length"


def test_long_text_is_not_a_long_tag() -> None:
    assert parse_xml(b"<a>" + b"text " * 400_000 + b"</a>", LIMITS).size_bytes == 2_000_007


def test_paths_count_siblings_of_the_same_name() -> None:
    root = parse_xml(b"<r:a xmlns:r='u'><b/><c/><b><d/></b></r:a>", LIMITS).root
    paths = ElementPaths()
    assert [paths.of(element) for element in root.iter("*")] == [
        "/a",
        "/a/b[1]",
        "/a/c",
        "/a/b[2]",
        "/a/b[2]/d",
    ]


fragments = st.sampled_from(
    [
        "<a>",
        "</a>",
        "<b/>",
        "text",
        "<!-- c -->",
        "<!DOCTYPE a>",
        "<?p?>",
        "&amp;",
        "&x;",
        "<![CDATA[<a>]]>",
        "<a b='1'>",
        "<a xml:id='1'>",
        "<a xmlns='u'>",
        " ",
        "\n",
        "é",
        "<",
        ">",
        "]]>",
        "<!",
        "--",
        "=",
    ]
)


def verdict(data: bytes) -> str:
    try:
        parse_xml(data, LIMITS)
    except InvalidMessageError as error:
        return error.findings[0].rule
    return "accepted"


@settings(max_examples=400, deadline=None)
@given(st.lists(fragments, max_size=14).map("".join))
def test_the_short_way_and_the_long_way_agree(inner: str) -> None:
    document = f"<a>{inner}</a>".encode()
    assert verdict(document) == verdict(LONG + document)


@pytest.mark.parametrize(
    ("text", "padded"),
    [
        ("<a>\n <b>X</b>\n <!-- c -->\n</a>", False),
        ('<a c=" X ">\n\t<b>X Y</b>\r\n</a>', False),
        ('<?xml version="1.0"?>\n<a><b>X</b></a>\n', False),
        ('<?xml version="1.0"?>\n<b> X</b>', True),
        ("<a><b>X> </b></a>", True),
        ("<a><b> X</b></a>", True),
        ("<a><b>X\n</b></a>", True),
        ("<a><b>\n  X</b></a>", True),
        ("<a><b>X\n   </b></a>", True),
        ("<a><b>&#32;X</b></a>", True),
        ("<a><b><![CDATA[ X]]></b></a>", True),
    ],
)
def test_white_space_around_a_value_is_noticed(text: str, *, padded: bool) -> None:
    assert parse_xml(text.encode(), XmlLimits()).padded is padded
