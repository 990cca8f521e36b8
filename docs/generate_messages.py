"""Writes docs/reference/messages/: one page for each family of messages, one for what they share, and the list of all.

Run it with `make docs`. Everything on these pages comes from the schemas and from `emla.model.message_types`.
`tests/documentation/test_message_pages.py` checks that the pages are fresh.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from emla.formats.schema_index import XS, Child, SchemaIndex, SimpleType, read_index
from emla.formats.schema_shape import Choice, SchemaShape, read_shape
from emla.model.message_types import MESSAGE_TYPES

ROOT = Path(__file__).resolve().parents[1]
VERSION = ROOT / "schemas" / "1.0"
FOLDER = ROOT / "docs" / "reference" / "messages"
FRAME = tuple(
    f"{{urn:emla:common:1}}{name}" for name in ("MessageHeader", "Handling", "Attachment", "SigningOfficer")
)
"""What every message has, told once on the first page."""


def page_of(namespace: str) -> str:
    """Name of the page of a namespace: ``urn:emla:reply:1`` to ``reply.md``."""
    return namespace.split(":")[2] + ".md"


class Writer:
    """Writes the pages of one version folder."""

    def __init__(self) -> None:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        self.index: SchemaIndex = read_index(VERSION, parser)
        self.shape: SchemaShape = read_shape(VERSION, parser)
        self.roots = {etree.QName(root).localname: root for root in self.index.message_roots()}
        self.words = dict(self._words(parser))

    def _words(self, parser: etree.XMLParser) -> Iterator[tuple[str, str]]:
        """What each file and each complex type says of itself."""
        for path in sorted(VERSION.glob("*.xsd")):
            schema = etree.parse(path, parser).getroot()
            yield path.name, _text(schema)
            for type_ in schema.iterchildren(XS + "complexType"):
                yield f"{{{schema.get('targetNamespace')}}}{type_.get('name')}", _text(type_)

    def pages(self) -> dict[Path, str]:
        """Every page and its text."""
        families = {
            FOLDER / page_of(namespace): self._family(namespace, path)
            for namespace, path in self.index.entry_files.items()
        }
        return {FOLDER / "README.md": self._list(), **families}

    def _list(self) -> str:
        rows = "\n".join(
            f"| [{name}]({row.family}.md#{name.lower()}) | {row.writer.value} | {'yes' if row.answers else ''} "
            f"| {row.urgency} | {self.index.elements[self.roots[name]].documentation.definition} |"
            for name, row in MESSAGE_TYPES.items()
        )
        return f"""# Messages

What authorities say to one another, made from `schemas/1.0` ([how to validate](../../../schemas/README.md)).
Each message begins with a [MessageHeader](common.md#messageheadertype) and ends with [Handling](common.md#handlingtype), any
number of [Attachments](common.md#attachmenttype) and a [SigningOfficer](common.md#signingofficertype). These four are not
repeated on the pages.

- **Who writes it**: the authority that asks or the one that is asked; the sides do not change in a case.
- **Answers**: it is refused without InReplyTo, the MessageId of the message it is about.
- **Urgency**: how fast it travels when it does not say so itself.

| Message | Who writes it | Answers | Urgency | What it is |
|---|---|---|---|---|
{rows}
"""

    def _family(self, namespace: str, path: Path) -> str:
        words = self.words[path.name].partition(": ")[2]
        parts = [f"# {path.stem}\n\nNamespace `{namespace}`, file `schemas/1.0/{path.name}`: {words}\n"]
        messages = [root for root in self.roots.values() if etree.QName(root).namespace == namespace]
        root_types = {self.index.elements[root].type_name for root in messages}
        for root in messages:
            element = self.index.elements[root]
            parts.append(
                self._section(
                    etree.QName(root).localname,
                    element.type_name,
                    f"{element.documentation.text} *{element.documentation.source}*",
                )
            )
        parts.extend(
            self._section(etree.QName(name).localname, name, self.words[name])
            for name in self.index.complex_types
            if etree.QName(name).namespace == namespace and name not in root_types
        )
        parts.append(self._values(namespace))
        return "\n".join(part for part in parts if part)

    def _section(self, title: str, type_name: str, words: str) -> str:
        rows = "\n".join(self._rows(type_name, without=FRAME if title in MESSAGE_TYPES else ()))
        return f"## {title}\n\n{words}\n\n| Element | Holds | How often | |\n|---|---|---|---|\n{rows}\n"

    def _rows(self, type_name: str, without: tuple[str, ...]) -> Iterator[str]:
        children = self.index.complex_types[type_name]
        for each in self.shape.content[type_name]:
            if each in without:
                continue
            if not isinstance(each, Choice):
                yield self._row(children[each], _often(children[each]))
                continue
            often = "one of these" if each.required else "one of these, or none"
            for number, names in enumerate(each.branches):
                for name in names:
                    yield self._row(children[name], f"{often}, {'abcdefgh'[number]}")

    def _row(self, child: Child, often: str) -> str:
        said = child.documentation
        return f"| {etree.QName(child.name).localname} | {self._link(child.type_name)} | {often} | {said.text} *{said.source}* |"

    def _link(self, type_name: str) -> str:
        type_ = etree.QName(type_name)
        if f"{{{type_.namespace}}}" == XS:
            return f"`{type_.localname}`"
        root = next((root for root, one in self.index.elements.items() if one.type_name == type_name), None)
        title = etree.QName(root).localname if root and root in self.roots.values() else type_.localname
        return f"[{title}]({page_of(type_.namespace or '')}#{title.lower()})"

    def _values(self, namespace: str) -> str:
        own = {n: t for n, t in self.index.simple_types.items() if etree.QName(n).namespace == namespace}
        parts = []
        for name, type_ in own.items():
            parts.append(
                f"## {etree.QName(name).localname}\n\n{type_.documentation.text} *{type_.documentation.source}*\n"
            )
            if type_.codes:
                codes = self.shape.codes[name]
                rows = "\n".join(
                    f"| `{code}` | {said.text} | {said.source} |" for code, said in codes.items()
                )
                parts.append(f"| Code | What it says | Source |\n|---|---|---|\n{rows}\n")
            else:
                parts.append(_form(type_))
        return "\n".join(parts)


def _often(child: Child) -> str:
    return {(True, False): "once", (True, True): "once or more", (False, False): "at most once"}.get(
        (child.required, child.repeatable), "any number"
    )


def _form(type_: SimpleType) -> str:
    said = {
        "minLength": "at least {} characters",
        "maxLength": "at most {} characters",
        "maxInclusive": "at most {}",
    }
    facets = ", ".join(said[name].format(value) for name, value in type_.facets.items() if name in said)
    return f"{facets[0].upper()}{facets[1:]}.\n" if facets else ""


def _text(declaration: etree._Element) -> str:
    words = declaration.find(f"{XS}annotation/{XS}documentation")
    said = " ".join("".join(words.itertext()).split()) if words is not None else ""
    text, _, source = said.rpartition(" Source: ")
    return f"{text} *{source.rstrip('.')}*"


def pages() -> dict[Path, str]:
    """Every generated page and its text as it should be."""
    return Writer().pages()


def main() -> int:
    """Write every page that is not fresh and name it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for page, text in pages().items():
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
            print(f"wrote {page.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
