"""Rules that need only the document: Schematron files, compiled once, run over a document with line and path for each finding.

Here: `RuleFiles`. Not here: reading the files (`schematron_read.py`), rules that need more than the document (``emla.rules``).

Rules of this file:
- What a file says, any processor of ISO Schematron finds too (`lxml.isoschematron` is the oracle of the tests). Within a pattern
  the first rule that matches an element is the only one that counts for it.
- First one expression asks whether any check of this kind of message fails at all; only then are the checks asked one by one.
  Most documents are in order, so most cost one evaluation.
- Nothing is quadratic in the size of a document: a check at many elements looks others up with ``key()``, which gives the first
  `SAME_MAX` of one value, and unions are put together here, because libxml2 compares every pair.
- At most `FINDINGS_MAX` findings are worded; the last then says so.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from copy import deepcopy
from pathlib import Path
from typing import Protocol

from lxml import etree

from emla.formats.quoting import shown
from emla.formats.schematron_read import (
    Check,
    Key,
    Pattern,
    Rule,
    RuleFile,
    Text,
    Value,
    collapse,
    read_rule_file,
)
from emla.formats.xml import ElementPaths, XmlDocument, qualified_name, text_of
from emla.model.errors import ConfigurationError
from emla.model.findings import Finding, Severity

FINDINGS_MAX = 500
"""So many findings of the rules are worded: with those of the schema they fit a record."""
SAME_MAX = 64
"""So many elements of one value an index holds. Where a hostile document gives one id four thousand times and refers to it a
hundred thousand times, each lookup would walk over all of them. That ids are unique, schema and identity say.
"""
_GATES_MAX = 256
"""So many gates are kept: one for each kind of message and each combination of what is true of it."""
_FIRST_STEP = re.compile(r"/(?!/)(?:([\w.-]+):)?([\w.-]+)")

_SPACED = etree.XPath("boolean(//*[not(*)][normalize-space() != string()])")


class _XPathContext(Protocol):
    """What libxml2 hands a function: where it is called."""

    context_node: etree._Element


_Value = bool | float | str | list[etree._Element]
_Variables = dict[str, _Value]
_indexes: ContextVar[dict[tuple[str, str], dict[str, list[etree._Element]]]] = ContextVar("indexes")


class RuleFiles:
    """The rules of a folder. Safe to use from several threads: what belongs to one document lives while it is checked."""

    def __init__(self, folder: Path, phase: str | None = None) -> None:
        """Read and compile every ``.sch`` file of a folder; afterwards no file is read.

        Args:
            folder: ``schemas/rules``.
            phase: run the patterns of this phase alone; None runs all.

        Raises:
            ConfigurationError: ``unreadable-file``: a file holds something that is not known, or two give the same id.
        """
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
        )
        self._compiled: list[_Compiled] = []
        for path in sorted(folder.glob("*.sch")):
            try:
                root = etree.parse(path, parser).getroot()
                self._compiled.append(_Compiled(read_rule_file(root, path.name, phase)))
            except (etree.XMLSyntaxError, etree.XPathError) as error:
                raise ConfigurationError("unreadable-file", f"{path.name}: {error}.") from error
        ids = [each.id for each in self.checks()]
        if len(set(ids)) < len(ids):
            twice = min(each for each in ids if ids.count(each) > 1)
            raise ConfigurationError("unreadable-file", f"Two rules of {folder.name} have the id {twice}.")

    def checks(self) -> Iterator[Check]:
        """Every check, for whoever lists or explains the rules."""
        for compiled in self._compiled:
            for pattern in compiled.file.patterns:
                for rule in pattern.rules:
                    yield from rule.checks

    def check(self, document: XmlDocument) -> tuple[Finding, ...]:
        """Run the rules over a document.

        Returns:
            Every finding, in the order of the document.
        """
        before = _indexes.set({})
        try:
            findings: list[Finding] = []
            paths, root = ElementPaths(), _as_the_schema_reads(document)
            for compiled in self._compiled:
                for finding in compiled.run(root, paths):
                    findings.append(finding)
                    if len(findings) > FINDINGS_MAX:
                        return (*_in_order(findings[:FINDINGS_MAX]), MORE)
        finally:
            _indexes.reset(before)
        return _in_order(findings)


MORE = Finding(
    rule="BR-more",
    severity=Severity.FATAL,
    message="There may be more findings than those listed; mend these first and check again.",
    source="emla/1 limits",
)
"""Fatal: behind it may be what no reason makes good, so no reason may make this good."""


def _in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda each: each.line or 0))


class _Compiled:
    """One file, compiled."""

    def __init__(self, file: RuleFile) -> None:
        self.file = file
        self._xpaths: dict[str, etree.XPath] = {}
        self._functions = {(None, "key"): _Lookup(file, self._xpath)}
        self._lets = [(each.name, self._xpath(each.value)) for each in file.lets]
        flags = [each for each in file.lets if each.value.startswith("boolean(") and "$" not in each.value]
        self._flags = [each.name for each in flags]
        # All of them are asked at once, as the bits of one number.
        bits = [f"{2**at} * number({each.value})" for at, each in enumerate(flags)]
        self._bits = self._xpath(f"string({' + '.join(bits)})") if bits else None
        self._gates: dict[tuple[str, int], etree.XPath | None] = {}
        for pattern in file.patterns:  # everything once, so that nothing is compiled or refused later
            for rule in pattern.rules:
                self._prepare(rule)

    def run(self, root: etree._Element, paths: ElementPaths) -> Iterator[Finding]:
        """Every finding at a document."""
        name = qualified_name(root)
        bits = int(str(self._bits(root))) if self._bits else 0
        flags: _Variables = {flag: bool(bits >> at & 1) for at, flag in enumerate(self._flags)}
        others: _Variables = {}
        for let, value in self._lets:
            if let not in flags:
                others[let] = _named(value(root, **flags, **others))
        gate = self._gate(name, bits)
        if gate is None or not gate(root, **others):
            return
        variables = flags | others
        for pattern in self.file.patterns:
            yield from self._run_pattern(pattern, root, name, variables, paths)

    def _gate(self, name: str, bits: int) -> etree.XPath | None:
        """Whether anything fails in a document of this root, as one expression; None where no rule concerns it.

        What is true or false of the whole document stands in it as such, which is cheaper than to hand it in.
        """
        if (name, bits) not in self._gates:
            if len(self._gates) >= _GATES_MAX:
                self._gates.clear()
            terms = [
                # What a rule names itself, the gate cannot know: there it asks only whether the rule applies.
                f"{context}[{' or '.join(each.fails for each in rule.checks) if not rule.lets else 'true()'}]"
                for pattern in self.file.patterns
                for rule in pattern.rules
                if rule.checks
                for context in rule.contexts
                if self._concerns(context, name)
            ]
            gate = " or ".join(f"boolean({each})" for each in terms)
            for at, flag in enumerate(self._flags):
                known = "true()" if bits >> at & 1 else "false()"
                gate = re.sub(rf"\${re.escape(flag)}(?![\w.-])", known, gate)
            self._gates[name, bits] = self._compile(gate) if terms else None
        return self._gates[name, bits]

    def _concerns(self, context: str, name: str) -> bool:
        first = _FIRST_STEP.match(context)
        if first is None:
            return True
        namespace = self.file.namespaces.get(first[1]) if first[1] else None
        return name == (f"{{{namespace}}}{first[2]}" if namespace else first[2])

    def _run_pattern(
        self, pattern: Pattern, root: etree._Element, name: str, variables: _Variables, paths: ElementPaths
    ) -> Iterator[Finding]:
        taken: set[etree._Element] = set()
        for number, rule in enumerate(pattern.rules):
            contexts = [each for each in rule.contexts if self._concerns(each, name)]
            if rule.lets:
                yield from self._run_with_lets(rule, contexts, root, variables, paths, taken)
            else:
                for check in rule.checks:
                    seen: set[etree._Element] = set()
                    for context in contexts:
                        for element in _elements(self._xpath(f"{context}[{check.fails}]")(root, **variables)):
                            if element not in taken and element not in seen:
                                seen.add(element)
                                yield self._finding(check, element, variables, paths)
            if number + 1 < len(pattern.rules):
                for context in contexts:
                    taken.update(_elements(self._xpath(context)(root, **variables)))

    def _run_with_lets(
        self,
        rule: Rule,
        contexts: list[str],
        root: etree._Element,
        variables: _Variables,
        paths: ElementPaths,
        taken: set[etree._Element],
    ) -> Iterator[Finding]:
        matched: dict[etree._Element, None] = {}
        for context in contexts:
            matched.update(dict.fromkeys(_elements(self._xpath(context)(root, **variables))))
        for element in matched:
            if element in taken:
                continue
            known = dict(variables)
            for let in rule.lets:
                known[let.name] = _named(self._xpath(let.value)(element, **known))
            for check in rule.checks:
                if self._xpath(check.fails)(element, **known):
                    yield self._finding(check, element, known, paths)

    def _finding(
        self, check: Check, element: etree._Element, variables: _Variables, paths: ElementPaths
    ) -> Finding:
        return Finding(
            rule=check.id,
            severity=check.severity,
            message=self._words(check.message, element, variables),
            line=element.sourceline,
            path=paths.of(element),
            source=self._words(check.source, element, variables),
            remedy=self._words(check.remedy, element, variables),
        )

    def _words(self, text: Text, element: etree._Element, variables: _Variables) -> str:
        parts = []
        for each in text.parts:
            if isinstance(each, str):
                parts.append(each)
            else:
                parts.append(shown(str(self._xpath(f"string({each.select})")(element, **variables))))
        return collapse("".join(parts))

    def _prepare(self, rule: Rule) -> None:
        for context in rule.contexts:
            self._xpath(context)
        for let in rule.lets:
            self._xpath(let.value)
        for check in rule.checks:
            for context in () if rule.lets else rule.contexts:
                self._xpath(f"{context}[{check.fails}]")
            self._xpath(check.fails)
            for text in (check.message, check.remedy, check.source):
                for each in text.parts:
                    if isinstance(each, Value):
                        self._xpath(f"string({each.select})")

    def _xpath(self, expression: str) -> etree.XPath:
        if expression not in self._xpaths:
            self._xpaths[expression] = self._compile(expression)
        return self._xpaths[expression]

    def _compile(self, expression: str) -> etree.XPath:
        return etree.XPath(
            expression,
            namespaces=self.file.namespaces,
            extensions=(self._functions,),
            smart_strings=False,
        )


class _Lookup:
    """``key(name, value)``: the elements of an index, which is made when it is first asked and forgotten with the document."""

    def __init__(self, file: RuleFile, xpath: Callable[[str], etree.XPath]) -> None:
        self._file = file.name
        self._keys = {each.name: each for each in file.keys}
        self._xpath = xpath

    def __call__(self, context: _XPathContext, name: str, value: object) -> list[etree._Element]:
        index = _indexes.get()
        found = index.get((self._file, name))
        if found is None:
            found = self._make(self._keys[name], context.context_node)
            index[self._file, name] = found
        elements: dict[etree._Element, None] = {}
        for each in _strings(value):
            elements.update(dict.fromkeys(found.get(each, ())))
        return list(elements)

    def _make(self, key: Key, at: etree._Element) -> dict[str, list[etree._Element]]:
        made: dict[str, list[etree._Element]] = {}
        for match in key.match:
            for element in _elements(self._xpath(match)(at)):
                for value in _strings(self._xpath(key.use)(element)):
                    same = made.setdefault(value, [])
                    if len(same) < SAME_MAX:
                        same.append(element)
        return made


def _strings(value: object) -> Iterator[str]:
    """The string values of what an expression gave."""
    if isinstance(value, list):
        for each in value:
            yield "".join(each.itertext()) if isinstance(each, etree._Element) else str(each)
    else:
        yield str(value)


def _as_the_schema_reads(document: XmlDocument) -> etree._Element:
    """The document with the white space of its texts collapsed: a code with a line break around it is that code.

    Such documents are rare, and only they are copied.
    """
    if not document.padded or not _SPACED(document.root):
        return document.root
    copied = deepcopy(document.root)
    for element in copied.iter("*"):
        if not len(element):
            element.text = text_of(element)
    return copied


def _named(found: object) -> _Value:
    if isinstance(found, list):
        return list(_elements(found))
    return found if isinstance(found, bool | float | str) else ""


def _elements(found: object) -> Iterator[etree._Element]:
    if isinstance(found, list):
        yield from (each for each in found if isinstance(each, etree._Element))
