"""Attack rows 66 to 68 of the protocol design: XML that wants to read, to burst or to be read in two ways.

What is refused is refused by the pre-pass, with one finding; memory is measured in a process of its own as
the growth of the peak over what the interpreter and the input take anyway. Nothing is timed.
"""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.sample_case import changed, refusal, s01, validated

ROOT = Path(__file__).resolve().parents[2]
MEMORY_GROWTH_MAX_KIB = 64 * 1024

ENTITY = '<!DOCTYPE a [<!ENTITY x SYSTEM "{target}">]>\n<a>&x;</a>'
PARAMETER_ENTITY = '<!DOCTYPE a [<!ENTITY % x SYSTEM "{target}"> %x;]>\n<a/>'
EXTERNAL_SUBSET = '<!DOCTYPE a SYSTEM "{target}">\n<a/>'


def attributes(count: int) -> bytes:
    return b" ".join(b'a%d=""' % n for n in range(count))


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "billion laughs": (
        lambda: (
            b'<!DOCTYPE a [<!ENTITY l0 "ha">'
            + b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
            + b"]><a>&l9;</a>"
        ),
        "XML-doctype",
    ),
    "quadratic blow-up": (
        lambda: b'<!DOCTYPE a [<!ENTITY x "' + b"y" * 100_000 + b'">]><a>' + b"&x;" * 100_000 + b"</a>",
        "XML-doctype",
    ),
    "entities in an attribute": (
        lambda: b'<!DOCTYPE a [<!ENTITY x "' + b"y" * 100_000 + b'">]><a b="' + b"&x;" * 9_000 + b'"/>',
        "XML-doctype",
    ),
    "depth 300": (lambda: b"<a>" * 300 + b"</a>" * 300, "XML-depth"),
    "depth 1,000,000": (lambda: b"<a>" * 1_000_000 + b"</a>" * 1_000_000, "XML-depth"),
    "500,000 attributes": (lambda: b"<a %s/>" % attributes(500_000), "XML-tag-length"),
    "64 attributes everywhere": (
        lambda: b"<a>" + b"<b %s/>" % attributes(64) * 20_000 + b"</a>",
        "XML-attributes",
    ),
    "1,000,000 siblings": (lambda: b"<a>" + b"<b/>" * 1_000_000 + b"</a>", "XML-children"),
    "1,000,000 comments": (lambda: b"<a>" + b"<!---->" * 1_000_000 + b"</a>", "XML-elements"),
    "11 MB of text": (lambda: b"<a>" + b"x" * 11_000_000 + b"</a>", "XML-size"),
    "5 MB attribute": (lambda: b'<a b="' + b"x" * 5_000_000 + b'"/>', "XML-tag-length"),
    "5 MB comment": (lambda: b"<a><!--" + b"x" * 5_000_000 + b"--></a>", "XML-tag-length"),
    "50,000 namespaces": (
        lambda: b"<a>" + b"".join(b'<b xmlns:n%d="u"/>' % n for n in range(50_000)) + b"</a>",
        "XML-namespaces",
    ),
    "UTF-16": (lambda: ("<a>" + "x" * 1_000_000 + "</a>").encode("utf-16"), "XML-encoding"),
    "UTF-16 without a mark": (lambda: ("<a>" + "x" * 1_000_000 + "</a>").encode("utf-16-le"), "XML-encoding"),
    "UTF-7": (lambda: b'<?xml version="1.0" encoding="UTF-7"?>+ADw-a/+AD4-', "XML-encoding"),
    "EBCDIC": (lambda: '<?xml version="1.0"?><a/>'.encode("cp037"), "XML-encoding"),
    "byte-order mark": (lambda: b"\xef\xbb\xbf<a/>", "XML-encoding"),
    "UTF-16 mark before UTF-8": (lambda: b"\xff\xfe<a/>", "XML-encoding"),
    "declared as UTF-16": (lambda: b'<?xml version="1.0" encoding="UTF-16"?><a/>', "XML-encoding"),
}

MEASURE = """
import pathlib, resource, sys
from emla.formats.xml import parse_xml
from emla.model.errors import InvalidMessageError
from emla.model.limits import XmlLimits
parse_xml(b"<a/>", XmlLimits())
data = pathlib.Path(sys.argv[1]).read_bytes()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    parse_xml(data, XmlLimits())
    print("accepted", 0)
except InvalidMessageError as error:
    print(error.findings[0].rule, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server that must never be called."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server
        with pytest.raises(BlockingIOError):
            server.accept()


def address(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}/x"


@pytest.mark.parametrize("attack", [ENTITY, PARAMETER_ENTITY, EXTERNAL_SUBSET])
def test_row_66_nothing_is_fetched_from_a_file_or_the_net(
    attack: str, listener: socket.socket, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the-secret")
    for target in (secret.as_uri(), str(secret), address(listener)):
        code, findings = refusal(attack.format(target=target).encode())
        assert code == "malformed-xml"
        assert [finding.rule for finding in findings] == ["XML-doctype"]
        assert "the-secret" not in repr(findings)


def test_row_66_an_entity_hidden_in_a_real_request_is_refused() -> None:
    data = changed("<r:MLARequest", '<!DOCTYPE r:MLARequest [<!ENTITY e "x">]><r:MLARequest')
    assert [finding.rule for finding in refusal(data)[1]] == ["XML-doctype"]


def test_row_66_xinclude_is_an_element_like_any_other(listener: socket.socket, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the-secret")
    for target in (secret.as_uri(), address(listener)):
        include = f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{target}" parse="text"/>'
        code, findings = refusal(changed("<r:Purpose>", f"<r:Purpose>{include}"))
        assert code == "invalid-message"
        assert [finding.rule for finding in findings] == ["XSD-elements-in-value"]
        assert "the-secret" not in repr(findings)


def test_row_66_a_schema_named_by_the_message_is_not_fetched(listener: socket.socket) -> None:
    instance = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    location = f'{instance} xsi:schemaLocation="urn:emla:request:1 {address(listener)}"'
    assert validated(changed("<r:MLARequest ", f"<r:MLARequest {location} ")).message.sender == "jp.moj"
    unknown = f'<a xmlns="urn:x" {instance} xsi:schemaLocation="urn:x {address(listener)}"/>'
    assert [finding.rule for finding in refusal(unknown.encode())[1]] == ["XSD-unknown-message"]


@pytest.mark.parametrize("name", HOSTILE)
def test_rows_66_and_67_what_would_burst_is_refused_by_the_pre_pass_in_little_memory(
    name: str, tmp_path: Path
) -> None:
    make, rule = HOSTILE[name]
    hostile = tmp_path / "hostile.xml"
    hostile.write_bytes(make())
    command = [sys.executable, "-c", MEASURE, str(hostile)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    found, growth_kib = run.stdout.split()
    assert found == rule
    assert int(growth_kib) < MEMORY_GROWTH_MAX_KIB


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("<MessageId>6f1c", "<MessageId>6f1c<!-- -->", "XML-comment-in-value"),
        ("<MessageId>6f1c", "<MessageId><!-- -->6f1c", "XML-comment-in-value"),
        ("<MessageId>6f1c", "<MessageId>6f1c<?x?>", "XML-instruction"),
        (">jp.moj<", ">jp.moj<!-- .evil --><", "XML-comment-in-value"),
    ],
)
def test_row_68_an_identifier_cannot_be_split(old: str, new: str, rule: str) -> None:
    code, findings = refusal(changed(old, new))
    assert code == "malformed-xml"
    assert [finding.rule for finding in findings] == [rule]


def test_row_68_two_equal_xml_ids_are_refused() -> None:
    data = changed("<Proceeding>", '<Proceeding xml:id="x">').replace(b"<Handling>", b'<Handling xml:id="x">')
    assert [finding.rule for finding in refusal(data)[1]] == ["XML-duplicate-id"]


def test_row_68_a_split_by_cdata_is_read_whole_by_schema_and_application_alike() -> None:
    split = changed("<MessageId>6f1c0a9d", "<MessageId><![CDATA[6f1c]]>0a<![CDATA[9d]]>")
    assert validated(split).message == validated(s01()).message
    wrong = changed("<MessageId>6f1c0a9d", "<MessageId><![CDATA[6F1C]]>0a<![CDATA[9d]]>")
    assert [finding.rule for finding in refusal(wrong)[1]] == ["XSD-pattern"]


def test_row_68_character_references_are_the_characters_they_name() -> None:
    assert validated(changed("<MessageId>6f1c", "<MessageId>&#x36;f1c")).message == validated(s01()).message
