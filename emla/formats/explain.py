"""What a word of the schemas means: an element, a type, a code, a list, an instrument or a rule, by its name.

Here: `Vocabulary`, which reads all of ``schemas`` and finds what a name stands for. Not here: how an explanation is
shown (`emla.cli.schema_show`).

Rules of this file:
- Everything said is said by the files; nothing is worded anew here.
- A name that means several things gets several explanations, in the order message, element, type, list, code,
  instrument, rule. Capitals do not matter where nothing bears the name as it was written.
- Labels are in the language asked for, definitions in English: they are the contract.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from lxml import etree

from emla.formats.genericode import CodeLists
from emla.formats.instruments import Instruments
from emla.formats.schema_index import Child, SimpleType, read_index
from emla.formats.schema_shape import read_shape
from emla.formats.schema_tree import Node, tree_of
from emla.formats.schematron import RuleFiles
from emla.model.codelist import LANGUAGES, CodeEntry
from emla.model.explanation import Explanation, Member, RuleWords
from emla.model.instrument import DatedFact

VERSION = "1.0"
_LIST = re.compile(r"\s*Code list: (?P<list>CL-[A-Z]+)\.")
_NUMBER = re.compile(r"\[\d+\]")
_TYPE_OF_XML = "{http://www.w3.org/2001/XMLSchema}"


class Vocabulary:
    """All words of one ``schemas`` folder."""

    def __init__(self, folder: Path, language: str = "en", *, more_rules: Iterable[RuleWords] = ()) -> None:
        """Read what is needed to find a name.

        Args:
            folder: the ``schemas`` folder.
            language: of the labels, one of `LANGUAGES`.
            more_rules: those that are not written in Schematron.
        """
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        self._language = language
        self._index = read_index(folder / VERSION, parser)
        self._shape = read_shape(folder / VERSION, parser)
        self._lists = CodeLists(folder)
        self._instruments = Instruments(folder)
        self._rules = {each.id: each for each in (*_written_rules(folder), *more_rules)}
        self._messages = {_local(root): root for root in self._index.message_roots()}
        self._simple = {_local(name): found for name, found in self._index.simple_types.items()}
        self._complex = {_local(name): children for name, children in self._index.complex_types.items()}
        self._elements: dict[str, list[tuple[str, Child]]] = {}
        for owner, children in self._complex.items():
            for name, child in children.items():
                self._elements.setdefault(_local(name), []).append((owner, child))

    def find(self, name: str) -> tuple[Explanation, ...]:
        """What a name, or a path of elements from a message, stands for; empty if nothing bears it."""
        wanted = _NUMBER.sub("", name.strip()).strip("/")
        if "/" in wanted:
            return tuple(self._path(wanted))
        found = tuple(self._by_name(wanted))
        if found:
            return found
        same = next((each for each in self.names() if each.casefold() == wanted.casefold()), None)
        return tuple(self._by_name(same)) if same else ()

    def near(self, name: str) -> tuple[str, ...]:
        """Names that may have been meant, the nearest first."""
        wanted = _NUMBER.sub("", name.strip()).strip("/")
        before, slash, last = wanted.rpartition("/")
        parent = next(iter(self._path(before)), None) if "/" in before else None
        members = (
            [each.name for each in (parent or next(iter(self._by_name(before)), _NOTHING)).members]
            if slash
            else list(self.names())
        )
        by_fold = {each.casefold(): each for each in members}
        close = difflib.get_close_matches(last[:80].casefold(), by_fold, n=3, cutoff=0.6)
        return tuple(f"{before}{slash}{by_fold[each]}" for each in close)

    def names(self) -> Iterator[str]:
        """Every name there is."""
        yield from self._messages
        yield from self._elements
        yield from self._simple
        yield from self._complex
        for name in self._lists.names:
            yield name
            yield from self._lists.get(name).codes
        yield from self._instruments.codes
        yield from self._rules

    def messages(self) -> tuple[Member, ...]:
        """All messages."""
        return tuple(
            Member(
                name=name,
                note=etree.QName(root).namespace or "",
                text=self._index.elements[root].documentation.definition,
            )
            for name, root in self._messages.items()
        )

    def lists(self) -> tuple[Member, ...]:
        """All code lists."""
        found = (self._lists.get(name) for name in self._lists.names)
        return tuple(Member(name=each.name, note=str(len(each.codes)), text=each.title) for each in found)

    def rules(self) -> tuple[Member, ...]:
        """All rules."""
        return tuple(
            Member(name=each.id, note=each.severity, text=each.message)
            for each in sorted(self._rules.values(), key=lambda rule: rule.id)
        )

    def _by_name(self, name: str) -> Iterator[Explanation]:
        finders: tuple[Callable[[str], Iterator[Explanation]], ...] = (
            self._message,
            self._element,
            self._type,
            self._list,
            self._codes,
            self._instrument,
            self._rule,
        )
        for finder in finders:
            yield from finder(name)

    def _message(self, name: str) -> Iterator[Explanation]:
        if name in self._messages:
            node = tree_of(self._index, self._shape, self._messages[name])
            yield self._node(node, "message")

    def _path(self, path: str) -> Iterator[Explanation]:
        first, _, rest = path.partition("/")
        root = self._messages.get(first)
        if root is not None:
            node = tree_of(self._index, self._shape, root).find(rest)
            if node is not None:
                yield self._node(node, "element")
            return
        # A path that begins below the message: Measure/NecessityStatement.
        for _, child in self._elements.get(first, [])[:1]:
            here: Child | None = child
            for step in rest.split("/"):
                children = self._complex.get(_local(here.type_name), {}) if here else {}
                here = next((each for name, each in children.items() if _local(name) == step), None)
            if here is not None:
                yield self._child(here, path, ())

    def _element(self, name: str) -> Iterator[Explanation]:
        if name not in self._messages and name in self._elements:
            places = self._elements[name]
            owners = ", ".join(dict.fromkeys(owner for owner, _ in places))
            yield self._child(places[0][1], name, (("Stands in", owners),))

    def _type(self, name: str) -> Iterator[Explanation]:
        if name in self._simple:
            found = self._simple[name]
            words = found.documentation
            yield Explanation(
                kind="type",
                name=name,
                label="",
                definition=_LIST.sub("", words.text),
                source=words.source,
                facts=tuple(self._value_facts(found)),
                members=self._codes_of(found),
            )
        elif name in self._complex:
            yield Explanation(
                kind="type",
                name=name,
                label="",
                definition="A group of elements.",
                source="emla/1",
                facts=(),
                members=tuple(_member(child) for child in self._complex[name].values()),
            )

    def _list(self, name: str) -> Iterator[Explanation]:
        found = self._lists.find(name)
        if found is not None:
            yield Explanation(
                kind="list",
                name=name,
                label="",
                definition=found.title,
                source=f"schemas/codes/{name}.gc",
                facts=(("Address", found.uri), ("Codes", str(len(found.codes)))),
                members=tuple(self._code_member(entry) for entry in found.codes.values()),
            )

    def _codes(self, name: str) -> Iterator[Explanation]:
        for list_name in self._lists.names:
            entry = self._lists.get(list_name).find(name)
            if entry is not None:
                yield Explanation(
                    kind="code",
                    name=name,
                    label=entry.label(self._language),
                    definition=entry.definition,
                    source=entry.source,
                    facts=tuple(_code_facts(list_name, entry)),
                    members=(),
                )

    def _instrument(self, name: str) -> Iterator[Explanation]:
        found = self._instruments.find(name)
        if found is not None:
            covers = "all States" if found.covers is None else " ".join(sorted(found.covers)) or "no State"
            facts = [
                ("Kind", found.kind.value),
                ("Opened for signature", _fact(found.opened_for_signature)),
                ("Entry into force", _fact(found.entry_into_force)),
                ("Complete for", covers),
                *(("Declared", f"{d.state} {d.article} {d.subject}: {d.value}") for d in found.declarations),
                *([("Note", found.note)] if found.note else []),
            ]
            yield Explanation(
                kind="instrument",
                name=name,
                label="",
                definition=found.title,
                source=found.source,
                facts=tuple(facts),
                members=tuple(
                    Member(
                        name=party.state,
                        note=f"since {party.since}" + (f" until {party.until}" if party.until else ""),
                        text=("" if party.verified else "not verified")
                        + "".join(f"; {code} since {since.day}" for code, since in party.territories.items()),
                    )
                    for party in found.parties
                ),
            )

    def _rule(self, name: str) -> Iterator[Explanation]:
        # BR-020 is also asked for where it was written as BR-020a and BR-020b.
        for rule in self._rules.values():
            if rule.id == name or (rule.id[:-1] == name and name[-1:].isdigit() and rule.id[-1:].islower()):
                yield Explanation(
                    kind="rule",
                    name=rule.id,
                    label="",
                    definition=rule.message,
                    source=rule.source,
                    facts=(("Severity", rule.severity), ("To mend it", rule.remedy)),
                    members=(),
                )

    def _node(self, node: Node, kind: str) -> Explanation:
        facts = [
            ("Path", node.path),
            ("Cardinality", _cardinality(required=node.required, repeatable=node.repeatable)),
        ]
        if node.alternative is not None:
            facts.append(("Choice", "one of several alternatives"))
        return Explanation(
            kind=kind,
            name=node.local_name,
            label="",
            definition=node.documentation.text,
            source=node.documentation.source,
            facts=(*facts, *self._type_facts(node.type_name)),
            members=tuple(
                Member(
                    name=child.local_name,
                    note=_cardinality(required=child.required, repeatable=child.repeatable),
                    text=child.documentation.definition,
                )
                for child in node.children
            )
            or self._codes_of(node.value),
        )

    def _child(self, child: Child, name: str, facts: tuple[tuple[str, str], ...]) -> Explanation:
        children = self._index.complex_types.get(child.type_name, {})
        return Explanation(
            kind="element",
            name=name,
            label="",
            definition=child.documentation.text,
            source=child.documentation.source,
            facts=(*facts, *self._type_facts(child.type_name)),
            members=tuple(_member(each) for each in children.values())
            or self._codes_of(self._index.simple_types.get(child.type_name)),
        )

    def _type_facts(self, type_name: str) -> Iterator[tuple[str, str]]:
        yield "Type", _local(type_name)
        value = self._index.simple_types.get(type_name)
        if value is not None:
            yield from self._value_facts(value)

    def _value_facts(self, value: SimpleType) -> Iterator[tuple[str, str]]:
        if value.form:
            yield "Form", value.form
        named = _LIST.search(value.documentation.text)
        if named:
            yield "Code list", named["list"]

    def _codes_of(self, value: SimpleType | None) -> tuple[Member, ...]:
        """The codes a value may have, with their labels; of a list that is data, its name is enough."""
        named = _LIST.search(value.documentation.text) if value is not None else None
        if value is None or named is None or not value.codes:
            return ()
        return tuple(self._code_member(self._lists.get(named["list"]).codes[code]) for code in value.codes)

    def _code_member(self, entry: CodeEntry) -> Member:
        note = "" if entry.verified else "not verified"
        return Member(name=entry.code, note=note, text=entry.label(self._language))


def _written_rules(folder: Path) -> Iterator[RuleWords]:
    for check in RuleFiles(folder / "rules").checks():
        yield RuleWords(
            id=check.id,
            severity=check.severity.value,
            message=check.message.template(),
            remedy=check.remedy.template(),
            source=check.source.template(),
        )


_NOTHING = Explanation(kind="", name="", label="", definition="", source="", facts=(), members=())


def _code_facts(list_name: str, entry: CodeEntry) -> Iterator[tuple[str, str]]:
    yield "List", list_name
    for language in LANGUAGES:
        yield f"Label ({language})", entry.labels[language]
    yield from entry.more.items()
    until = f" to {entry.valid_to}" if entry.valid_to else ""
    yield "Valid", f"from {entry.valid_from}{until}"
    yield "Verified", "yes" if entry.verified else "no: a jurist should compare it with the source"


def _member(child: Child) -> Member:
    return Member(
        name=_local(child.name),
        note=_cardinality(required=child.required, repeatable=child.repeatable),
        text=child.documentation.definition,
    )


def _cardinality(*, required: bool, repeatable: bool) -> str:
    words = "required" if required else "optional"
    return f"{words}, repeatable" if repeatable else words


def _fact(found: DatedFact | None) -> str:
    if found is None:
        return "none"
    return f"{found.day}" if found.verified else f"{found.day} (not verified)"


def _local(name: str) -> str:
    if name.startswith(_TYPE_OF_XML):
        return f"xs:{etree.QName(name).localname}"
    return str(etree.QName(name).localname)
