"""The engine for rule files: it agrees with ISO Schematron, names line and path, refuses what it does not know, is linear."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, isoschematron

from emla.formats.schematron import FINDINGS_MAX, SAME_MAX, RuleFiles
from emla.formats.xml import XmlDocument
from emla.model.errors import ConfigurationError

SPACES = 'xmlns="http://purl.oclc.org/dsdl/schematron" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"'
HEAD = f'<schema {SPACES} queryBinding="xslt">'


def rules(folder: Path, content: str, phase: str | None = None) -> RuleFiles:
    (folder / "one.sch").write_text(f"{HEAD}{content}</schema>", encoding="utf-8")
    return RuleFiles(folder, phase)


def document(text: str) -> XmlDocument:
    return XmlDocument(root=etree.fromstring(text), size_bytes=len(text))


def pattern(context: str, test: str, *, kind: str = "assert", name: str = "R1", lets: str = "") -> str:
    check = f'<{kind} id="{name}" role="error" test="{test}">words</{kind}>'
    return f'<pattern id="p-{name}"><rule context="{context}">{lets}{check}</rule></pattern>'


def test_a_finding_has_line_path_severity_words_remedy_and_source(tmp_path: Path) -> None:
    made = rules(
        tmp_path,
        """<pattern id="p"><rule context="/a/b">
          <assert id="BR-900" role="warning" test="@n" diagnostics="BR-900.mend BR-900.source">The
            <name/> called <value-of select="c"/> has no <emph>number</emph>.</assert></rule></pattern>
        <diagnostics><diagnostic id="BR-900.mend">Give <value-of select="c"/> one.</diagnostic>
          <diagnostic id="BR-900.source">UNCAC 46</diagnostic></diagnostics>""",
    )
    (found,) = made.check(document("<a>\n<b n='1'/>\n<b><c>first\nsecond</c></b>\n</a>"))
    assert (found.rule, found.severity, found.line, found.path) == ("BR-900", "warning", 3, "/a/b[2]")
    assert found.message == "The b called first second has no number."
    assert (found.remedy, found.source) == ("Give first second one.", "UNCAC 46")


def test_of_the_rules_of_a_pattern_the_first_that_matches_counts_alone(tmp_path: Path) -> None:
    first = '<rule context="b[@x]"><assert id="R1" role="error" test="c">1</assert></rule>'
    second = '<rule context="b | c"><assert id="R2" role="error" test="false()">2</assert></rule>'
    made = rules(tmp_path, f'<pattern id="p">{first}{second}</pattern>')
    found = made.check(document("<a><b x=''/><b x=''><c/></b><b/></a>"))
    assert sorted((each.rule, each.path) for each in found) == [
        ("R1", "/a/b[1]"),
        ("R2", "/a/b[2]/c"),
        ("R2", "/a/b[3]"),
    ]


def test_lets_of_schema_pattern_and_rule_are_known_where_they_should_be(tmp_path: Path) -> None:
    made = rules(
        tmp_path,
        '<let name="all" value="count(//b)"/>'
        '<pattern id="p"><let name="twice" value="2 * $all"/><rule context="b"><let name="own" value="count(c)"/>'
        '<let name="rest" value="$twice - $own"/>'
        '<report id="R1" role="info" test="$rest = 3"><value-of select="$rest"/> of <value-of select="$all"/></report>'
        "</rule></pattern>",
    )
    assert [each.message for each in made.check(document("<a><b/><b><c/></b></a>"))] == ["3 of 2"]


def test_a_phase_runs_its_patterns_alone(tmp_path: Path) -> None:
    content = (
        '<phase id="one"><active pattern="p-R1"/></phase>' + pattern("a", "b") + pattern("a", "c", name="R2")
    )
    assert [each.rule for each in rules(tmp_path, content, "one").check(document("<a/>"))] == ["R1"]
    assert [each.rule for each in rules(tmp_path, content).check(document("<a/>"))] == ["R1", "R2"]
    with pytest.raises(ConfigurationError, match="no phase two"):
        rules(tmp_path, content, "two")


def test_a_key_finds_elements_by_their_value(tmp_path: Path) -> None:
    content = '<xsl:key name="by-id" match="b" use="@id"/>' + pattern("c", "key('by-id', @ref)")
    made = rules(tmp_path, content)
    found = made.check(document("<a><b id='1'/><c ref='1'/><c ref='2'/></a>"))
    assert [each.path for each in found] == ["/a/c[2]"]
    assert not made.check(
        document("<a><b id='2'/><c ref='2'/></a>")
    )  # nothing is kept from one document to the next


def test_white_space_around_a_code_makes_no_difference(tmp_path: Path) -> None:
    made = rules(tmp_path, pattern("b", ". = 'X'"))
    assert not made.check(document("<a><b>\n X\n</b></a>"))
    (found,) = made.check(document("<a>\n<b> Y </b></a>"))
    assert (found.line, found.path) == (2, "/a/b")


def test_an_id_given_thousands_of_times_is_not_walked_over_at_each_reference(tmp_path: Path) -> None:
    content = '<xsl:key name="by-id" match="b" use="@id"/>' + pattern(
        "c", f"count(key('by-id', @ref)) &lt;= {SAME_MAX}"
    )
    made = rules(tmp_path, content)
    assert made.check(document("<a>" + "<b id='1'/>" * (SAME_MAX + 9) + "<c ref='1'/></a>")) == ()


def test_what_a_value_says_is_cut_and_cannot_turn_a_line_around(tmp_path: Path) -> None:
    check = '<assert id="R1" role="error" test="b">&lt;<value-of select="."/>></assert>'
    content = f'<pattern id="p"><rule context="a">{check}</rule></pattern>'
    (found,) = rules(tmp_path, content).check(document("<a>\u202eevil" + "x" * 500 + "</a>"))
    assert found.message == "<?evil" + "x" * 75 + "…>"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("<unknown/>", "not known here"),
        ('<pattern id="p" abstract="true"/>', "abstract is not known"),
        ('<pattern id="p"><rule context="a"><extends rule="x"/></rule></pattern>', "not known here"),
        (
            '<pattern id="p"><rule context="a"><assert id="R" test="b">x</assert></rule></pattern>',
            "role is missing",
        ),
        (
            '<pattern id="p"><rule context="a"><assert id="R" role="bad" test="b">x</assert></rule></pattern>',
            "no severity",
        ),
        (pattern("a/@b", "c"), "does not select elements"),
        (pattern("a/text()", "c"), "does not select elements"),
        (pattern("a/ancestor::b", "c"), "does not select elements"),
        (pattern("a", "$unheard"), r"\$unheard is not known"),
        (pattern("a", "key('unheard', b)"), "key unheard does not exist"),
        (pattern("a", "b ="), "one.sch"),
        (pattern("a", "x:b"), "prefix x is not declared"),
        (pattern("a", "b") + pattern("a", "b").replace("p-R1", "p2"), "R1 is given twice"),
        ('<let name="x" value="count(b)"/>', "not absolute"),
        (pattern("a", "$x", lets='<let name="x" value="b/@c"/>'), "something else than elements"),
        ('<let name="x" value="/a"/><let name="x" value="/b"/>', "given twice"),
        (
            pattern("a", "b").replace('role="error"', 'role="error" diagnostics="x"'),
            "diagnostic x does not exist",
        ),
    ],
)
def test_what_is_not_known_is_refused_and_never_skipped(tmp_path: Path, content: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as refused:
        rules(tmp_path, content)
    assert refused.value.code == "unreadable-file"


def test_a_function_that_is_not_known_is_refused(tmp_path: Path) -> None:
    for called in ("document", "position", "current", "id", "exslt:node-set"):
        with pytest.raises(ConfigurationError, match=rf"function {called}\(\) is not known"):
            rules(tmp_path, pattern("a", f"{called}()"))


def test_two_files_may_not_give_one_id(tmp_path: Path) -> None:
    (tmp_path / "two.sch").write_text(f"{HEAD}{pattern('a', 'b')}</schema>", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="have the id R1"):
        rules(tmp_path, pattern("a", "b"))


def test_many_findings_are_counted_out_and_the_last_says_so(tmp_path: Path) -> None:
    made = rules(tmp_path, pattern("b", "c"))
    found = made.check(document("<a>" + "<b/>" * (FINDINGS_MAX + 1) + "</a>"))
    assert len(found) == FINDINGS_MAX + 1
    assert (found[-1].rule, found[-1].severity) == ("BR-more", "fatal")
    assert len(made.check(document("<a>" + "<b/>" * FINDINGS_MAX + "</a>"))) == FINDINGS_MAX


NAMES = st.sampled_from("abc")
CONTEXTS = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "*",
        "a/b",
        "b//c",
        "/r/a",
        "/r",
        "b[c]",
        "a[@x]",
        "a | b",
        "c[1]",
        "*[not(*)]",
        "/r/*/b[2]",
        "b[@x='1']|/r/c",
    ]
)
TESTS = st.sampled_from(
    ["a", "@x", "not(b)", "count(*) > 1", "@x = '1'", ".//c", "../a", "following-sibling::b", "string(.) = ''", "key('k', @x)",
     "key('k', */@x)/c", "a and not(@x)", "b/@x = c/@x", "$all > 4", "sum(//@x) > 2", "$all or b", "$any",
     "not($any) and a", "name(..) = 'r' and $all = 2"]
)  # fmt: skip
LETS = st.sampled_from(["", '<let name="own" value="count(*)"/>'])
TREES = st.recursive(
    st.builds(
        lambda name, x: etree.Element(name, {} if x is None else {"x": x}),
        NAMES,
        st.sampled_from([None, "1", "2"]),
    ),
    lambda inner: st.builds(
        lambda name, x, children: _tree(name, x, children),
        NAMES,
        st.sampled_from([None, "1", "2"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)


def _tree(name: str, x: str | None, children: Sequence[etree._Element]) -> etree._Element:
    made = etree.Element(name, {} if x is None else {"x": x})
    made.extend([etree.fromstring(etree.tostring(each)) for each in children])
    return made


@st.composite
def rule_files(draw: st.DrawFn) -> str:
    number = 0
    patterns = []
    for at in range(draw(st.integers(1, 3))):
        inner = ""
        for _ in range(draw(st.integers(1, 3))):
            checks = ""
            for _ in range(draw(st.integers(1, 2))):
                number += 1
                kind = draw(st.sampled_from(["assert", "report"]))
                checks += f'<{kind} id="R{number}" role="error" test="{draw(TESTS)}">words</{kind}>'
            inner += f'<rule context="{draw(CONTEXTS)}">{draw(LETS)}{checks}</rule>'
        patterns.append(f'<pattern id="p{at}">{inner}</pattern>')
    return (
        '<xsl:key name="k" match="a|b[c]" use="@x"/><let name="all" value="count(//*)"/>'
        '<let name="any" value="boolean(//b[@x])"/>' + "".join(patterns)
    )


@given(content=rule_files(), trees=st.lists(TREES, max_size=4))
@settings(max_examples=150, deadline=None)
def test_the_oracle_finds_the_same(
    tmp_path_factory: pytest.TempPathFactory, content: str, trees: list[etree._Element]
) -> None:
    root = etree.fromstring(etree.tostring(_tree("r", None, trees)))
    folder = tmp_path_factory.mktemp("rules")
    ours = sorted(each.rule for each in rules(folder, content).check(XmlDocument(root=root, size_bytes=1)))
    oracle = isoschematron.Schematron(etree.fromstring(f"{HEAD}{content}</schema>"), store_report=True)
    oracle.validate(root)
    svrl = "{http://purl.oclc.org/dsdl/svrl}"
    report = oracle.validation_report
    assert report is not None
    theirs = [
        str(each.get("id"))
        for each in report.getroot()
        if each.tag in (svrl + "failed-assert", svrl + "successful-report")
    ]
    assert ours == sorted(theirs)


def test_looking_up_each_of_many_elements_stays_linear(tmp_path: Path) -> None:
    """20,000 elements that each look another up: with a comparison of every pair this would be four hundred million steps."""
    content = '<xsl:key name="by-id" match="/a/b" use="@id"/>' + pattern("/a/c", "key('by-id', @ref)")
    made = rules(tmp_path, content)
    root = etree.Element("a")
    for number in range(20_000):
        etree.SubElement(root, "b", id=str(number))
        etree.SubElement(root, "c", ref=str(number))
    assert not made.check(XmlDocument(root=root, size_bytes=1))
    root[-1].set("ref", "unheard")
    assert len(made.check(XmlDocument(root=root, size_bytes=1))) == 1
