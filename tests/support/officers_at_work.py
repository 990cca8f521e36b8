"""What officers do together with the pages of docs/how-to: each function is one ceremony, or a part of one."""

import re

from tests.support.ministries import FINGERPRINT, KEY_ID, Ministry, Walk, hidden_groups
from tests.support.terminals import Answer

_CHANGE = re.compile(r"change ([0-9a-f]{8,64})\.")


def make(ministry: Ministry, name: str, country: str, *, page: str = "new-ministry-joins") -> Walk:
    """An authority is made, by answering every question."""
    walk = ministry.walk(page)
    answers: dict[str, Answer] = {
        r"Authority id[^\n]*: ": lambda _: ministry.id,
        r"Official name[^\n]*: ": lambda _: name,
        r"Language of that name[^\n]*: ": lambda _: "en",
        r"Country [^\n]*: ": lambda _: country,
        r"Address at which[^\n]*: ": lambda _: f"https://127.0.0.1:{ministry.port}",
        r"Telephone[^\n]*: ": lambda _: "+31 70 555 0100",
        r"E-mail[^\n]*: ": lambda _: f"desk@{ministry.id}.example.org",
        r"Time zone[^\n]*: ": lambda _: "Europe/Amsterdam",
        r"Office hours[^\n]*: ": lambda _: "",
    }
    walk.do("emla init", answers=answers)
    return walk


def meet(one: Ministry, other: Ministry) -> None:
    """first-exchange.md, by two officers on the telephone."""
    pairs = ((one, other), (other, one))
    walks = {each.id: each.walk("first-exchange", peer=there.id) for each, there in pairs}
    for each in (one, other):
        walks[each.id].do("emla card export")
    for each, there in pairs:
        sent = walks[there.id].courier / "our-card.json"
        (walks[each.id].courier / "their-card.json").write_bytes(sent.read_bytes())
        assert there.id in walks[each.id].do("emla card show their-card.json")
        each.fingerprint = " ".join(FINGERPRINT.findall(walks[each.id].do("emla card show"))[-1].split())
    for each, there in pairs:
        screen = walks[each.id].do("emla peer import", answers={r"Group \d+[^\n]*: ": hidden_groups(there)})
        assert screen.count("?????") == 2
        assert f"{there.id} is pinned" in screen
    for each, there in pairs:
        walks[each.id].do("emla peer ping")
        assert there.id in walks[each.id].do("emla peer list")


def appoint(ministry: Ministry) -> None:
    """appoint-key-officers.md."""
    walk = ministry.walk("appoint-key-officers")
    for name in ("Anna Berg", "Ben Kato", "Cleo Duval"):
        assert name in walk.do("emla keys new --officer")
    learn_changes(walk, walk.do("emla card propose"))
    assert "Cleo Duval" in walk.do("emla card approve")
    walk.do("emla card publish")


def move_root(ministry: Ministry) -> None:
    """move-root-to-media.md."""
    walk = ministry.walk("move-root-to-media")
    walk.do("emla card export")
    kids = [KEY_ID.findall(walk.do("emla root new"))[0] for _ in range(3)]
    ministry.root_kids = kids
    (first,) = (each for each in (ministry.data / "root").glob("root-*.json") if ".pub." not in each.name)
    screen = walk.do("emla root rotate", words={"ROOT-KID": first.stem.removeprefix("root-")})
    assert "2 of 3" in screen
    assert all(kid in screen for kid in kids)
    learn_changes(walk, walk.do("emla card propose"))
    walk.do("emla card approve")
    for _ in range(3):
        walk.do("emla root sign")
    walk.do("emla card publish")
    assert "version 2" in walk.do("emla card show")
    walk.do("shred")
    assert not first.exists()


def rotate(ministry: Ministry, *, at_once: bool) -> str:
    """rotate-keys-yearly.md for the sealing key; the new key's id."""
    walk = ministry.walk("rotate-keys-yearly")
    walk.do("emla keys status")
    walk.do("emla card export")
    if at_once:
        kid = begin_rotation(walk, "emla keys rotate seal --begin now")
        walk.begin_again()
    else:
        kid = begin_rotation(walk, "emla keys rotate seal --as")
    finish_rotation(walk)
    screen = walk.do("emla keys list")
    assert short(kid) in screen
    assert at_once or "announced" in screen
    return kid


def begin_rotation(walk: Walk, command: str) -> str:
    """A key is made and proposed; its id."""
    before = key_files(walk.ministry)
    learn_changes(walk, walk.do(command))
    (made,) = key_files(walk.ministry) - before
    return made


def finish_rotation(walk: Walk) -> None:
    """What is proposed is approved, signed by two holders and published."""
    walk.do("emla card approve")
    walk.do("emla root sign")
    walk.do("emla root sign")
    walk.do("emla card publish")


def revoke(ministry: Ministry, kid: str) -> str:
    """stolen-key.md, A: the key is revoked and another takes its place, whose id is returned."""
    walk = ministry.walk("stolen-key")
    assert short(kid) in walk.do("emla keys list")
    walk.do("emla card export")
    walk.do("emla keys revoke", words={"KID": short(kid)})
    walk.do("emla card publish revocation.json")
    new = begin_rotation(walk, "emla keys rotate seal")
    finish_rotation(walk)
    assert "revoked" in walk.do("emla keys list")
    return new


def freeze(ministry: Ministry) -> Walk:
    """stolen-key.md, B, until nobody trusts the authority any more."""
    walk = ministry.walk("stolen-key")
    walk.turn_to("emla root freeze", before=1)
    walk.do("emla card export")
    walk.do("emla root freeze")
    walk.do("emla card publish freeze.json")
    return walk


def recover(walk: Walk) -> None:
    """stolen-key.md, B, from the new keys to the end of the freeze."""
    made = [KEY_ID.findall(walk.do("emla keys new"))[0] for _ in range(3)]
    walk.do("emla root rotate")
    words = {f"KID-{number}": kid for number, kid in enumerate(made, 1)}
    proposed = walk.do("emla card propose", words=words)
    assert proposed.count("the passphrase of the server") == 1
    learn_changes(walk, proposed)
    walk.do("emla card approve")
    for _ in range(2):
        walk.do("emla root sign")
    walk.do("emla card publish")
    screen = walk.do("emla keys list")
    assert all(short(kid) in screen for kid in made)


def recover_ledger(ministry: Ministry, *, lost: str) -> None:
    """recover-a-restored-ledger.md, B: a ledger that is behind ends, the next epoch begins, and a lost key is replaced."""
    walk = ministry.walk("recover-a-restored-ledger")
    walk.turn_to("emla card export", before=1)
    shown = walk.do("emla ledger show").replace("\n", " ")
    assert "ledger-behind" in shown
    assert lost in shown
    walk.do("emla card export")
    learn_changes(walk, walk.do("emla ledger recover"))
    finish_rotation(walk)
    shown = walk.do("emla ledger show")
    assert "The ledger is open" in shown
    assert "Former ledger" in walk.do("emla ledger verify")


def replace_officer_and_root_key(ministry: Ministry) -> None:
    """lost-key.md, A and B: Cleo's key and that of safe 3 are gone."""
    walk = ministry.walk("lost-key")
    walk.do("emla keys new --officer")
    learn_changes(walk, walk.do("emla card propose --officer"))
    walk.do("emla card approve")
    walk.do("emla card publish")
    walk.do("emla root new")
    walk.do("emla card export")
    walk.do("emla root rotate", words={"LOST-KID": ministry.root_kids[2]})
    learn_changes(walk, walk.do("emla card propose --root"))
    walk.do("emla card approve")
    for _ in range(2):
        walk.do("emla root sign")
    walk.do("emla card publish")


def new_passphrase(ministry: Ministry, phrase: str) -> None:
    """unlock-at-start.md: the gateway is stopped, its keys locked anew, and started."""
    walk = ministry.walk("unlock-at-start")
    walk.do("systemctl stop")
    walk.do(
        "emla keys wrap",
        answers={
            r"Choose the new passphrase[^\n]*: ": lambda _: phrase,
            r"Type it again: ": lambda _: phrase,
        },
    )
    ministry.phrase = phrase
    walk.do("systemctl start")


def learn_changes(walk: Walk, screen: str) -> None:
    """The changes a screen named."""
    changes = _CHANGE.findall(screen)
    assert changes, screen
    walk.words["CHANGE"] = changes[0]
    walk.words |= {f"CHANGE-{number}": each for number, each in enumerate(changes, 1)}


def short(kid: str) -> str:
    """As much of a key id as `emla keys list` shows, and as every command takes."""
    return kid[:8]


def key_files(ministry: Ministry) -> frozenset[str]:
    """The ids of the private keys in the gateway's folder."""
    return frozenset(KEY_ID.findall(" ".join(each.name for each in (ministry.data / "keys").iterdir())))


def rotate_into_token(walk: Walk) -> None:
    """use-a-hardware-token.md for an authority that exists, brought to its end with rotate-keys-yearly.md."""
    before = key_files(walk.ministry)
    learn_changes(walk, walk.do("emla keys rotate"))
    assert len(key_files(walk.ministry) - before) == 2
    yearly = walk.ministry.walk("rotate-keys-yearly", **walk.words)
    yearly.do("emla card export")
    (walk.courier / "card-draft.json").rename(yearly.courier / "card-draft.json")
    finish_rotation(yearly)
