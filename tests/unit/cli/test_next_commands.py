"""What the screens say comes next: a root and the card under it go together, everything else goes by itself."""

from dataclasses import replace
from datetime import UTC, datetime

from emla.cli.change_view import next_commands, together
from emla.cli.present import Present, decoded
from emla.client.key_answers import ApprovalEntry, Change
from emla.formats import documents as form
from emla.formats.documents import document_hash
from tests.support.authorities import NOW, party
from tests.support.ceremony import fresh_root_key, next_card, next_root

NL = party("nl.minjus").authority
PRESENT = Present(authority=NL, officers=None, officers_document=None, changes=())
AT = datetime(2026, 11, 26, tzinfo=UTC)


def change(kind: str, document: bytes, *, approved: bool = False) -> Change:
    words = [ApprovalEntry(act="propose", officer="aa" * 16, name="Anna Berg", at=AT)]
    if approved:
        words.append(ApprovalEntry(act="approve", officer="bb" * 16, name="Ben Kato", at=AT))
    return Change(
        hash=document_hash(document).hex(),
        type=kind,
        state="PROPOSED",
        proposed_at=AT,
        published_at=None,
        document=document,
        approvals=tuple(words),
    )


ROOT = change("root", form.encode_root(next_root(NL, NOW, fresh_root_key())))
UNDER_IT = change("card", form.encode_card(next_card(NL, NOW, root_version=2)))
CARD = change("card", form.encode_card(next_card(NL, NOW)))


def id_of(each: Change) -> str:
    return each.hash[:12]


def test_a_root_and_the_card_under_it_are_approved_signed_and_published_together_the_root_first() -> None:
    assert next_commands(UNDER_IT, ROOT) == [
        f"emla card approve {id_of(UNDER_IT)} {id_of(ROOT)} --as OFFICER-KEY",
        "emla root sign next-root.json card-draft.json --key ROOT-KEY",
        "emla card publish next-root.json card-draft.json",
    ]


def test_one_of_the_two_alone_still_names_both_files() -> None:
    for alone in (ROOT, UNDER_IT):
        signed = next_commands(alone, present=PRESENT)[1:]
        assert signed == next_commands(UNDER_IT, ROOT)[1:]


def test_a_card_by_itself_names_its_own_file_and_what_is_approved_is_not_approved_again() -> None:
    approved = replace(CARD, approvals=change("card", CARD.document, approved=True).approvals)
    assert next_commands(approved, present=PRESENT, drafts=["here.json"]) == [
        "emla root sign here.json --key ROOT-KEY",
        "emla card publish here.json",
    ]


def test_what_waits_is_told_in_groups() -> None:
    groups = together([CARD, UNDER_IT, ROOT])
    assert [[decoded(each) for each in group] for group in groups] == [
        [decoded(ROOT), decoded(UNDER_IT)],
        [decoded(CARD)],
    ]
