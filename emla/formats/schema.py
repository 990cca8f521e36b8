"""XSD validation of messages: all errors at once, each with line, path, rule, source and a plain sentence.

Here: `Schemas`, compiled once when a process starts. Not here: what the words mean (`schema_index.py`),
sentences about single values (`schema_sentences.py`), rules that a schema cannot express (``steps.validate``,
``rules``).

Rules of this file:
- libxml2 alone decides whether a document is valid; the index only explains. A document with errors is read
  again, part by part, because libxml2 skips everything that follows a misplaced element in the same parent.
- Schema files are code: they come from the folder handed in (`schema_compile.py`), ``xsi:schemaLocation`` is ignored.
- At most `FINDINGS_MAX` findings are worded and `PARTS_MAX` parts read again; the last finding then says so.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from lxml import etree

from emla.formats.genericode import CodeLists
from emla.formats.instruments import Instruments
from emla.formats.quoting import shown, shown_name
from emla.formats.schema_compile import CompiledVersion
from emla.formats.schema_index import Child, SchemaIndex, read_index
from emla.formats.schema_sentences import describe
from emla.formats.schematron import RuleFiles
from emla.formats.xml import ElementPaths, XmlDocument, local_name, qualified_name
from emla.model.errors import ConfigurationError
from emla.model.findings import Finding, Severity

FINDINGS_MAX = 1000
PARTS_MAX = 5000
"""So many elements after misplaced ones are looked at: a large hostile document must not cost minutes to
explain."""
_STEP = re.compile(r"(?P<name>[^\[]+)(?:\[(?P<position>\d+)\])?")
_EXPECTED = re.compile(r"\{[^}]*\}([A-Za-z]+)")
_NAMED_ELEMENT = re.compile(r"Element '(?P<name>[^']+)'")
_CONTENT = "SCHEMAV_ELEMENT_CONTENT"


class Schemas:
    """The schemas of all message types, compiled once and keyed by the qualified name of the root element.

    Safe to use from several threads. libxml2 keeps the errors of a run at the schema object, so the shared
    object gives verdicts only; the errors of an invalid document are read from a second object made for that
    document.
    """

    def __init__(self, folder: Path) -> None:
        """Compile every message schema.

        Args:
            folder: the ``schemas`` folder, which has one folder per version (``1.0``). Where two versions
                define the same root, the higher one is used: a change that breaks messages gets a new
                namespace instead.

        Raises:
            ConfigurationError: ``unreadable-file``: a file is damaged, or one is missing that others need.
        """
        self._by_root: dict[str, CompiledVersion] = {}
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        versions = (path for path in folder.iterdir() if re.fullmatch(r"[0-9]+\.[0-9]+", path.name))
        for version in sorted(versions, key=lambda path: [int(part) for part in path.name.split(".")]):
            try:
                index = read_index(version, parser)
                compiled = CompiledVersion(version, index)
            except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
                raise ConfigurationError("unreadable-file", f"{version}: {error}.") from error
            self._by_root.update(dict.fromkeys(index.message_roots(), compiled))
        self.rules = RuleFiles(folder / "rules")
        self.instruments = Instruments(folder)
        self.countries = CodeLists(folder).find("CL-COUNTRY")
        if self.instruments.codes and (self.countries is None or next(self.rules.checks(), None) is None):
            # Without them the rules, or those about treaties, would find nothing, and nobody would know.
            raise ConfigurationError(
                "unreadable-file", f"{folder} has instruments, but no codes/CL-COUNTRY.gc or no rules/*.sch."
            )

    def preload(self) -> None:
        """Compile now what else is compiled for each invalid document, and keep it: after this no file is read.

        For a process that will not be able to read files. It must not validate from several threads then.
        """
        for compiled in set(self._by_root.values()):
            compiled.keep()
        self.instruments.preload()

    @property
    def roots(self) -> tuple[str, ...]:
        """Qualified names of the messages that can be validated."""
        return tuple(sorted(self._by_root))

    def index_of(self, root: str) -> SchemaIndex:
        """The words of the schema of one message, for whoever explains elements and codes."""
        return self._by_root[root].index

    def validate(self, document: XmlDocument) -> tuple[Finding, ...]:
        """Check a document against the schema of its root element.

        Returns:
            All schema errors, sorted by line; empty if the document is valid. Every finding is fatal.
        """
        compiled = self._by_root.get(qualified_name(document.root))
        if compiled is None:
            return (self._unknown(document.root),)
        if compiled.schema.validate(document.root):
            return ()
        explainer = _Explainer(compiled)
        explainer.explain_document(document.root)
        return explainer.sorted_findings()

    def _unknown(self, root: etree._Element) -> Finding:
        known = [etree.QName(name) for name in self.roots]
        same = [name for name in known if name.localname == local_name(root)]
        if same:
            message = (
                f"{same[0].localname} is a message, but not in the namespace "
                f"{shown(etree.QName(root).namespace or '(none)')}; "
                f"this gateway knows the namespace {same[0].namespace}."
            )
        else:
            said = shown_name(root)
            near = get_close_matches(said, [name.localname for name in known], n=1)
            hint = (
                f"did you mean {near[0]}?" if near else f"schemas/README.md lists the {len(known)} it knows."
            )
            message = f"{said} is not a message that this gateway knows; {hint}"
        return Finding(
            rule="XSD-unknown-message",
            severity=Severity.FATAL,
            message=message,
            line=root.sourceline,
            path="/" + shown_name(root),
            source="emla/1 schemas",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One error as libxml2 reports it."""

    element: etree._Element | None
    line: int
    error_type: str
    raw: str


def _run(schema: etree.XMLSchema, root: etree._Element) -> list[_Entry]:
    """Validate one element as a document and list the errors."""
    if schema.validate(root):
        return []
    by_line: dict[tuple[str, int | None], etree._Element] = {}
    places = _Places(root)
    entries: list[_Entry] = []
    for entry in islice(schema.error_log, FINDINGS_MAX + 1):
        if entry.path:
            element = places.find(entry.path)
        else:
            # References to ids that do not exist come without a path, but with line and name.
            by_line = by_line or {(qualified_name(one), one.sourceline): one for one in root.iter("*")}
            named = _NAMED_ELEMENT.match(entry.message)
            element = by_line.get((named["name"], entry.line)) if named else None
        entries.append(
            _Entry(element=element, line=entry.line, error_type=entry.type_name, raw=entry.message)
        )
    return entries


class _Places:
    """Follows libxml2's paths (``/*/*[3]/c:Name[2]``) by hand: prefixes in them are the document's own.

    The children of each parent are listed once, so that following many paths stays linear.
    """

    def __init__(self, root: etree._Element) -> None:
        self._root = root
        self._children: dict[tuple[etree._Element, str], list[etree._Element]] = {}

    def find(self, path: str) -> etree._Element | None:
        """The element at a path; None if there is none."""
        element = self._root
        for step in path.split("/")[2:]:
            parts = _STEP.fullmatch(step)
            if parts is None:
                return None
            children = self._named(element, parts["name"])
            position = int(parts["position"] or 1)
            if position > len(children):
                return None
            element = children[position - 1]
        return element

    def _named(self, parent: etree._Element, name: str) -> list[etree._Element]:
        if (parent, name) not in self._children:
            prefix, _, local = name.rpartition(":")
            self._children[parent, name] = [
                child
                for child in parent.iterchildren("*")
                if name == "*" or ((child.prefix or "") == prefix and local_name(child) == local)
            ]
        return self._children[parent, name]


class _Explainer:
    """Collects the findings of one invalid document."""

    def __init__(self, compiled: CompiledVersion) -> None:
        self._compiled = compiled
        self._index = compiled.index
        self._paths = ElementPaths()
        self._found: dict[tuple[str, str], Finding] = {}
        self._parents_done: set[etree._Element] = set()
        self._parts: etree.XMLSchema | None = None
        self._parts_read = 0
        self._more = False

    def sorted_findings(self) -> tuple[Finding, ...]:
        """Everything found, in the order of the document."""
        findings = sorted(self._found.values(), key=lambda finding: (finding.line or 0, finding.path))
        if self._more:
            message = "There may be more errors than those listed; mend these first and check again."
            findings.append(Finding(rule="XSD-more", severity=Severity.FATAL, message=message))
        return tuple(findings)

    def explain_document(self, root: etree._Element) -> None:
        """Find everything that is wrong with a document."""
        self._explain(_run(self._compiled.compile(), root), root)

    def _explain_part(self, element: etree._Element) -> None:
        """Find everything that is wrong with an element libxml2 skipped, as if it were a document."""
        self._parts_read += 1
        if self._parts_read > PARTS_MAX:
            self._more = True
            return
        self._parts = self._parts or self._compiled.compile_parts()
        self._explain(_run(self._parts, element), element)

    def _explain(self, entries: Sequence[_Entry], root: etree._Element) -> None:
        """Turn libxml2's errors of one run into findings; ``root`` stands for errors whose place is not
        known.
        """
        for entry in entries:
            if len(self._found) >= FINDINGS_MAX:
                self._more = True
                return
            element = entry.element if entry.element is not None else root
            if entry.error_type == _CONTENT:
                self._explain_content(element, entry)
            else:
                type_name = self._index.type_of(element)
                rule, sentence = describe(element, type_name, entry.error_type, entry.raw, self._index)
                self._add(rule, sentence, element, entry.line, self._source(element))

    def _explain_content(self, element: etree._Element, entry: _Entry) -> None:
        """Elements missing, unknown, repeated or misplaced in one parent; then the siblings libxml2 did not
        look at.
        """
        is_missing = "Missing child" in entry.raw
        parent = element if is_missing else element.getparent()
        if parent is None or parent in self._parents_done:
            return
        self._parents_done.add(parent)
        allowed = self._index.complex_types.get(self._index.type_of(parent) or "", {})
        before = len(self._found)
        self._explain_children(parent, element, allowed)
        if len(self._found) == before:
            self._explain_order(parent, None if is_missing else element, entry.raw)
        if not is_missing:
            for sibling in (element, *element.itersiblings("*")):
                if qualified_name(sibling) in allowed:
                    self._explain_part(sibling)
                if self._more:
                    return

    def _explain_children(
        self, parent: etree._Element, near: etree._Element, allowed: dict[str, Child]
    ) -> None:
        counted: Counter[str] = Counter()
        for child in parent.iterchildren("*"):
            tag = qualified_name(child)
            counted[tag] += 1
            if tag not in allowed:
                self._add("XSD-unexpected-element", _unexpected(child, parent, allowed), child, None, "")
            elif counted[tag] == 2 and not allowed[tag].repeatable:
                name = shown_name(child)
                sentence = f"{name} may stand only once in {shown_name(parent)}; take the second one out."
                self._add("XSD-repeated-element", sentence, child, None, allowed[tag].documentation.source)
            if len(self._found) >= FINDINGS_MAX:
                return
        for absent in _missing(allowed, counted):
            name = etree.QName(absent.name).localname
            where = f" before {shown_name(near)}" if near is not parent else ""
            sentence = f"{name} is missing in {shown_name(parent)}{where}: {absent.documentation.definition}."
            self._add(
                f"XSD-missing-element:{name}", sentence, parent, near.sourceline, absent.documentation.source
            )

    def _explain_order(self, parent: etree._Element, misplaced: etree._Element | None, raw: str) -> None:
        expected = " or ".join(_EXPECTED.findall(raw.partition("Expected is")[2])) or "the end of the element"
        if misplaced is None:
            sentence = f"{shown_name(parent)} is not complete; {expected} is still needed."
            self._add("XSD-missing-element", sentence, parent, None, self._source(parent))
        else:
            name = shown_name(misplaced)
            sentence = f"{name} stands in the wrong place; here {expected} is expected. The order is fixed."
            self._add("XSD-wrong-order", sentence, misplaced, None, self._source(misplaced))

    def _add(self, rule: str, message: str, element: etree._Element, line: int | None, source: str) -> None:
        """Keep the first finding about one thing. A rule may carry ``:detail`` so that one place can have
        several.
        """
        path = self._paths.of(element)
        about = rule if rule.startswith("XSD-missing-element") else "value"
        finding = Finding(
            rule=rule.partition(":")[0],
            severity=Severity.FATAL,
            message=message,
            line=line or element.sourceline,
            path=path,
            source=source or "emla/1 schemas",
        )
        self._found.setdefault((path, about), finding)

    def _source(self, element: etree._Element) -> str:
        child = self._index.child_of(element)
        return child.documentation.source if child is not None else ""


def _missing(allowed: dict[str, Child], counted: Counter[str]) -> Iterator[Child]:
    return (
        child
        for name, child in allowed.items()
        if child.required and not child.in_choice and not counted[name]
    )


def _unexpected(child: etree._Element, parent: etree._Element, allowed: dict[str, Child]) -> str:
    name = local_name(child)
    by_local_name = {etree.QName(known).localname: etree.QName(known) for known in allowed}
    if name in by_local_name:
        return f"{name} has the wrong namespace; it belongs to {by_local_name[name].namespace}."
    near = get_close_matches(name[:60], by_local_name, n=1)
    hint = (
        f"did you mean {near[0]}?"
        if near
        else f"it may hold {', '.join(list(by_local_name)[:12]) or 'text only'}."
    )
    return f"{shown_name(child)} is not an element of {shown_name(parent)}; {hint}"
