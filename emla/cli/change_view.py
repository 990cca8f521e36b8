"""A change as a person reads it: what it changes against today, who spoke, what comes next."""

from collections.abc import Sequence

from emla.cli import screen
from emla.cli.present import TITLES, Document, Present, decoded, version_of
from emla.cli.wording import instant, short
from emla.client.key_answers import ApprovalEntry, Change
from emla.model.act import DOES, Act
from emla.model.documents import Card, Officers, Root
from emla.steps.compare import Difference

_KINDS = {Card: "card", Root: "root"}
_DRAFTS = {"root": "next-root.json", "card": "card-draft.json"}
"""What the files are called when nobody says otherwise; a root is signed before the card under it."""
_UNSIGNED = ("officers", "act")
"""What takes effect without a root's signature."""


def title(document: Document) -> str:
    """Its name: ``Card version 3``, ``Act: Give up sending a package``."""
    if isinstance(document, Act):
        return f"Act: {DOES[document.kind]}"
    return f"{TITLES[_KINDS.get(type(document), 'officers')]} version {document.version}"


def show_differences(document: Document, differences: Sequence[Difference], change: Change | None) -> None:
    """Print what changes."""
    rows = [("Change", f"{short(change.hash)}  {title(document)}" if change else title(document))]
    rows += [("Authority", document.authority), *differences]
    if not differences:
        rows.append(("Changes", "nothing"))
    if change:
        rows += [
            (
                "Proposed by" if each.act == "propose" else "Approved by",
                f"{_who(each, document)}, {instant(each.at)}",
            )
            for each in change.approvals
        ]
    screen.facts(rows)


def _who(said: ApprovalEntry, document: Document) -> str:
    # Of the first list the server knows no names yet; the list itself does.
    offered = document.officers if isinstance(document, Officers) else ()
    name = said.name or next((each.name for each in offered if each.kid == said.officer), None)
    return name or f"somebody who is no officer any more (key {short(said.officer)})"


def approved(change: Change) -> bool:
    """Whether somebody other than the one who proposed has approved."""
    return any(each.act == "approve" for each in change.approvals)


def waits_for(change: Change) -> str:
    """What a proposed change waits for, in words."""
    if not approved(change):
        return "another officer's approval"
    return "publishing" if change.type in _UNSIGNED else "root signatures and publishing"


def next_commands(*changes: Change, present: Present | None = None, drafts: Sequence[str] = ()) -> list[str]:
    """The commands that bring changes to their end, in their order. A root and the card under it go together.

    Args:
        changes: what was proposed together.
        present: what there is today, to see whether a card is under a root that is still to come.
        drafts: the files of their drafts, where they are known; else the names that the commands give.
    """
    open_ones = [short(each.hash) for each in changes if not approved(each)]
    commands = [f"emla card approve {' '.join(open_ones)} --as OFFICER-KEY"] if open_ones else []
    # An act is carried out by its approval; published by hand only where something came between.
    commands += [
        f"emla card publish {short(each.hash)}"
        for each in changes
        if each.type == "officers" or (each.type == "act" and each.state == "PROPOSED" and approved(each))
    ]
    kinds = {each.type for each in changes}
    if "root" in kinds or (present and any(_under_next_root(each, present) for each in changes)):
        kinds.update(_DRAFTS)
    files = " ".join(drafts or [name for kind, name in _DRAFTS.items() if kind in kinds])
    if files:
        commands += [f"emla root sign {files} --key ROOT-KEY", f"emla card publish {files}"]
    return commands


def _under_next_root(change: Change, present: Present) -> bool:
    document = decoded(change)
    return isinstance(document, Card) and document.root_version > present.authority.root.version


def change_document(change: Change, present: Present) -> dict[str, object]:
    """The same as a JSON document."""
    document = decoded(change)
    return {
        "change": change.hash,
        "type": change.type,
        "version": version_of(document),
        "state": change.state,
        "proposed_at": change.proposed_at,
        "published_at": change.published_at,
        "approvals": change.approvals,
        "differences": differences_document(present.differences(document)),
    }


def differences_document(differences: Sequence[Difference]) -> list[dict[str, str]]:
    """Differences as a JSON document."""
    return [{"what": what, "words": words} for what, words in differences]


def together(changes: Sequence[Change]) -> list[list[Change]]:
    """Changes that wait, each by itself, but a root with the card under it."""
    groups: list[list[Change]] = []
    for change in sorted(changes, key=lambda each: each.type != "root"):
        document = decoded(change)
        roots = (
            group
            for group in groups
            if isinstance(document, Card)
            and isinstance(root := decoded(group[0]), Root)
            and root.version == document.root_version
        )
        if group := next(roots, None):
            group.append(change)
        else:
            groups.append([change])
    return groups
