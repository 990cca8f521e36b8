"""Schematron files to values: the subset of ISO/IEC 19757-3 that emla's rules are written in.

Here: `read_rule_file`, which reads one ``.sch`` file into frozen values. Not here: running it (`schematron.py`).

Rules of this file:
- Known are ns, let, title, p, phase, pattern, rule, assert, report, diagnostics, value-of, name, emph and ``xsl:key``. What
  is not known is refused, never skipped: a rule that is silently not run is worse than none.
- Expressions are XPath 1.0 with its own functions and ``key()``. ``position()``, ``last()`` and ``current()`` are refused: a test
  may not depend on how a processor walks.
- A context selects elements by name. It may begin with ``/``; otherwise it matches anywhere, as in XSLT. Paths in the lets of a
  schema, phase or pattern are absolute: they stand for the whole document. No let is a set of attributes.
- A diagnostic whose id ends in ``.mend`` says how to mend it, one that ends in ``.source`` says where the rule comes from.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from lxml import etree

from emla.model.errors import ConfigurationError
from emla.model.findings import Severity

SCH = "{http://purl.oclc.org/dsdl/schematron}"
_XSL_KEY = "{http://www.w3.org/1999/XSL/Transform}key"
_ALL_PATTERNS = "#ALL"

# Per element: the attributes it must have, those it may have.
_ATTRIBUTES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    SCH + "schema": (frozenset(), frozenset({"queryBinding", "schemaVersion", "defaultPhase"})),
    SCH + "ns": (frozenset({"prefix", "uri"}), frozenset()),
    SCH + "let": (frozenset({"name", "value"}), frozenset()),
    SCH + "phase": (frozenset({"id"}), frozenset()),
    SCH + "active": (frozenset({"pattern"}), frozenset()),
    SCH + "pattern": (frozenset({"id"}), frozenset()),
    SCH + "rule": (frozenset({"context"}), frozenset({"id"})),
    SCH + "assert": (frozenset({"id", "test", "role"}), frozenset({"diagnostics"})),
    SCH + "report": (frozenset({"id", "test", "role"}), frozenset({"diagnostics"})),
    SCH + "diagnostics": (frozenset(), frozenset()),
    SCH + "diagnostic": (frozenset({"id"}), frozenset()),
    SCH + "value-of": (frozenset({"select"}), frozenset()),
    SCH + "name": (frozenset(), frozenset()),
    SCH + "emph": (frozenset(), frozenset()),
    SCH + "title": (frozenset(), frozenset()),
    SCH + "p": (frozenset(), frozenset()),
    _XSL_KEY: (frozenset({"name", "match", "use"}), frozenset()),
}
_FUNCTIONS = frozenset(
    {
        "boolean", "ceiling", "concat", "contains", "count", "false", "floor", "key", "local-name", "name", "namespace-uri",
        "normalize-space", "not", "number", "round", "starts-with", "string", "string-length", "substring", "substring-after",
        "substring-before", "sum", "translate", "true",
    }
)  # fmt: skip
_NOT_FUNCTIONS = frozenset({"and", "or", "div", "mod", "node", "text", "comment"})
_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_CALLED = re.compile(r"([A-Za-z_][\w.:-]*)\s*\(")
_VARIABLE = re.compile(r"\$([A-Za-z_][\w.-]*)")
_RELATIVE = re.compile(r"(?<![\w/$:.-])(?!(?:and|or|div|mod)\b)(?:@|\.|[A-Za-z_][\w.:-]*+(?!\s*\())")
_PREFIX = re.compile(r"([A-Za-z_][\w.-]*):(?=[A-Za-z_*])")
_NO_ELEMENTS = re.compile(r"(?:@[\w:.*-]+|\b(?:text|comment|node)\s*\(\s*\))\s*$")
_STEPS = re.compile(
    r"/{0,2}(?:[A-Za-z_][\w.-]*:)?(?:[A-Za-z_][\w.-]*|\*)(?:/{1,2}(?:[A-Za-z_][\w.-]*:)?(?:[A-Za-z_][\w.-]*|\*))*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A sentence with places to fill: strings, and expressions whose value stands there."""

    parts: tuple["str | Value", ...]

    def template(self) -> str:
        """The sentence for a page: where a value would stand, there are dots."""
        return collapse("".join(each if isinstance(each, str) else "..." for each in self.parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """An expression whose string value is shown."""

    select: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Let:
    """A named value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An index of elements: those that `match` selects, found by what `use` gives."""

    name: str
    match: tuple[str, ...]
    use: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One assert or report."""

    id: str
    severity: Severity
    fails: str
    """XPath that is true where there is something to say."""
    message: Text
    remedy: Text
    source: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is checked at each element that one of `contexts` selects."""

    contexts: tuple[str, ...]
    lets: tuple[Let, ...]
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Rules of which the first that matches an element is the one that counts for it."""

    id: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """One file."""

    name: str
    namespaces: dict[str, str]
    lets: tuple[Let, ...]
    """Values of the whole document."""
    keys: tuple[Key, ...]
    patterns: tuple[Pattern, ...]


def collapse(text: str) -> str:
    """Text with each run of white space made one blank."""
    return " ".join(text.split())


def read_rule_file(root: etree._Element, name: str, phase: str | None = None) -> RuleFile:
    """Read one file.

    Args:
        root: its root element.
        name: how errors call it.
        phase: read the patterns of this phase alone; None reads all.

    Raises:
        ConfigurationError: ``unreadable-file``: something in it is not known, with the line.
    """
    return _Reader(name).read(root, phase)


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._texts: dict[str, Text] = {}
        self._keys: set[str] = set()
        self._prefixes: set[str | None] = set()
        self._ids: set[str] = set()

    def read(self, root: etree._Element, phase: str | None) -> RuleFile:
        if root.tag != SCH + "schema":
            self._refuse(root, "the root element is not a Schematron schema")
        for element in root.iter("*"):
            self._check_form(element)
        if root.get("queryBinding", "xslt") not in ("xslt", "xslt1"):
            self._refuse(root, "only the query binding xslt (XPath 1.0) is known")
        self._prefixes = {each.get("prefix") for each in root.iterchildren(SCH + "ns")}
        self._texts = {
            str(each.get("id")): self._text(each)
            for each in root.iterfind(f"{SCH}diagnostics/{SCH}diagnostic")
        }
        keys = tuple(self._key(each) for each in root.iterchildren(_XSL_KEY))
        self._keys.update(each.name for each in keys)
        active, lets = self._phase(root, phase)
        lets = (*self._lets(root, ()), *lets)
        elements = [
            each for each in root.iterchildren(SCH + "pattern") if active is None or each.get("id") in active
        ]
        for each in elements:
            lets = (*lets, *self._lets(each, lets))
        names = tuple(each.name for each in lets)
        return RuleFile(
            name=self._name,
            namespaces={
                str(each.get("prefix")): str(each.get("uri")) for each in root.iterchildren(SCH + "ns")
            },
            lets=lets,
            keys=keys,
            patterns=tuple(self._pattern(each, names) for each in elements),
        )

    def _refuse(self, element: etree._Element, why: str) -> NoReturn:
        raise ConfigurationError("unreadable-file", f"{self._name}, line {element.sourceline}: {why}.")

    def _check_form(self, element: etree._Element) -> None:
        known = _ATTRIBUTES.get(str(element.tag))
        if known is None:
            self._refuse(element, f"the element {element.tag!s} is not known here")
        must, may = known
        there = frozenset(map(str, element.keys()))
        if must - there:
            self._refuse(element, f"the attribute {min(must - there)} is missing")
        if there - must - may:
            self._refuse(element, f"the attribute {min(there - must - may)} is not known here")

    def _phase(
        self, root: etree._Element, phase: str | None
    ) -> tuple[frozenset[str] | None, tuple[Let, ...]]:
        if phase in (None, _ALL_PATTERNS):
            return None, ()
        wanted = [each for each in root.iterchildren(SCH + "phase") if each.get("id") == phase]
        if not wanted:
            self._refuse(root, f"there is no phase {phase}")
        active = frozenset(str(each.get("pattern")) for each in wanted[0].iterchildren(SCH + "active"))
        missing = active - {each.get("id") for each in root.iterchildren(SCH + "pattern")}
        if missing:
            self._refuse(wanted[0], f"the pattern {min(missing)} does not exist")
        return active, self._lets(wanted[0], ())

    def _lets(self, parent: etree._Element, before: tuple[Let, ...]) -> tuple[Let, ...]:
        lets: list[Let] = []
        for each in parent.iterchildren(SCH + "let"):
            known = tuple(one.name for one in (*before, *lets))
            if each.get("name") in known:
                self._refuse(each, f"the name {each.get('name')} is given twice")
            value = self._expression(each, "value", known)
            if _NO_ELEMENTS.search(_outside_predicates(value)):
                self._refuse(each, f"{value} gives something else than elements, text or a number")
            if parent.tag != SCH + "rule" and _RELATIVE.search(_outside_predicates(value)):
                self._refuse(each, f"the path in {value} is not absolute")
            lets.append(Let(name=str(each.get("name")), value=value))
        return tuple(lets)

    def _key(self, element: etree._Element) -> Key:
        return Key(
            name=str(element.get("name")),
            match=self._context(element, "match", ()),
            use=self._expression(element, "use", ()),
        )

    def _pattern(self, element: etree._Element, variables: tuple[str, ...]) -> Pattern:
        return Pattern(
            id=str(element.get("id")),
            rules=tuple(self._rule(each, variables) for each in element.iterchildren(SCH + "rule")),
        )

    def _rule(self, element: etree._Element, variables: tuple[str, ...]) -> Rule:
        outer = tuple(Let(name=each, value="") for each in variables)
        lets = self._lets(element, outer)
        known = (*variables, *(each.name for each in lets))
        checks = (each for each in element if each.tag in (SCH + "assert", SCH + "report"))
        return Rule(
            contexts=self._context(element, "context", variables),
            lets=lets,
            checks=tuple(self._check(each, known) for each in checks),
        )

    def _check(self, element: etree._Element, variables: tuple[str, ...]) -> Check:
        rule, role = str(element.get("id")), str(element.get("role"))
        if rule in self._ids:
            self._refuse(element, f"the id {rule} is given twice")
        self._ids.add(rule)
        if role not in [each.value for each in Severity]:
            self._refuse(element, f"the role {role} is no severity")
        test = self._expression(element, "test", variables)
        return Check(
            id=rule,
            severity=Severity(role),
            fails=f"boolean({test})" if element.tag == SCH + "report" else f"not({test})",
            message=self._text(element, variables),
            remedy=self._diagnostic(element, ".mend"),
            source=self._diagnostic(element, ".source"),
        )

    def _diagnostic(self, element: etree._Element, ending: str) -> Text:
        names = element.get("diagnostics", "").split()
        for each in names:
            if each not in self._texts:
                self._refuse(element, f"the diagnostic {each} does not exist")
        return next((self._texts[each] for each in names if each.endswith(ending)), Text(parts=()))

    def _text(self, element: etree._Element, variables: tuple[str, ...] = ()) -> Text:
        parts: list[str | Value] = [element.text or ""]
        for child in element.iterchildren("*"):
            if child.tag == SCH + "value-of":
                parts.append(Value(select=self._expression(child, "select", variables)))
            elif child.tag == SCH + "name":
                parts.append(Value(select="local-name()"))
            elif child.tag == SCH + "emph":
                parts.append("".join(map(str, child.itertext())))
            else:
                self._refuse(child, "only value-of, name and emph stand inside a text")
            parts.append(child.tail or "")
        return Text(parts=tuple(parts))

    def _context(
        self, element: etree._Element, attribute: str, variables: tuple[str, ...]
    ) -> tuple[str, ...]:
        context = self._expression(element, attribute, variables)
        alternatives = [each.strip() for each in _split_union(context)]
        for each in alternatives:
            if not _STEPS.fullmatch("".join(part for depth, part in _by_depth(each) if depth == 0)):
                self._refuse(element, f"the {attribute} {each} does not select elements by their names")
        return tuple(each if each.startswith("/") else f"//{each}" for each in alternatives)

    def _expression(self, element: etree._Element, attribute: str, variables: tuple[str, ...]) -> str:
        expression = str(element.get(attribute))
        bare = _LITERAL.sub("''", expression)
        for called in _CALLED.findall(bare):
            if called not in _FUNCTIONS | _NOT_FUNCTIONS:
                self._refuse(element, f"the function {called}() is not known")
        for name in _VARIABLE.findall(bare):
            if name not in variables:
                self._refuse(element, f"the variable ${name} is not known here")
        for prefix in _PREFIX.findall(bare):
            if prefix not in self._prefixes:
                self._refuse(element, f"the prefix {prefix} is not declared")
        for name in re.findall(r"\bkey\s*\(\s*'([^']*)'", expression):
            if name not in self._keys:
                self._refuse(element, f"the key {name} does not exist")
        return expression


def _by_depth(expression: str) -> Iterator[tuple[int, str]]:
    """Every piece of an expression with the number of predicates it stands in; literals are whole pieces."""
    depth = 0
    for piece in re.findall(r"'[^']*'|\"[^\"]*\"|.", expression, re.DOTALL):
        if piece == "]":
            depth -= 1
            yield depth + 1, piece
        elif piece == "[":
            depth += 1
            yield depth, piece
        else:
            yield depth, piece


def _outside_predicates(expression: str) -> str:
    """An expression without literals and without what stands in square brackets."""
    bare, before = _LITERAL.sub("1", expression), ""
    while bare != before:
        bare, before = re.sub(r"\[[^\[\]]*\]", "", bare), bare
    return bare


def _split_union(expression: str) -> list[str]:
    parts = [""]
    for depth, piece in _by_depth(expression):
        if depth == 0 and piece == "|":
            parts.append("")
        else:
            parts[-1] += piece
    return parts
