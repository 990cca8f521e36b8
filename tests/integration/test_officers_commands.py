"""Key officers at the command line, with a running gateway: list, rotation, approval, the root's signature, publication."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emla.bootstrap import ceremony
from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.first_keys import Protection
from emla.keyring.pkcs11 import Token
from tests.support.cli import Outcome, emla, short_folder
from tests.support.locking import PASSPHRASE, QUICK, SECRET_TEXT
from tests.support.servers import Server, make_server, started

pytestmark = pytest.mark.xdist_group("softhsm")


def secret(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


class House:
    """A ministry whose private keys are locked, and the files its people have."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.server = server
        self.phrase = folder / "phrase"
        (self.root,) = (
            each for each in (server.data / "root").glob("root-*.json") if ".pub." not in each.name
        )

    def run(self, *words: str | Path) -> Outcome:
        return emla(*words, "--data", self.server.data)

    def done(self, *words: str | Path) -> dict[str, object]:
        outcome = self.run(*words, "--json")
        assert outcome.code == 0, outcome.out + outcome.err
        return outcome.document

    def speak(self, *words: str | Path, who: str) -> dict[str, object]:
        """A command that an officer gives."""
        key, phrase = self.folder / f"{who}.json", self.folder / f"{who}.phrase"
        return self.done(*words, "--as", key, "--passphrase-file", phrase, "--yes")

    def refused(self, *words: str | Path, who: str) -> str:
        key, phrase = self.folder / f"{who}.json", self.folder / f"{who}.phrase"
        outcome = self.run(*words, "--as", key, "--passphrase-file", phrase, "--yes", "--json")
        assert outcome.code == 3, outcome.out + outcome.err
        error = outcome.document["error"]
        assert isinstance(error, dict)
        return str(error["code"])

    def person(self, who: str, name: str) -> Path:
        phrase = secret(self.folder / f"{who}.phrase", f"{who} walks by the river")
        key = self.folder / f"{who}.json"
        self.done("keys", "new", key, "--officer", name, "--passphrase-file", phrase)
        return self.folder / f"{who}.pub.json"

    def appoint(self) -> None:
        anna, ben = self.person("anna", "Anna Berg"), self.person("ben", "Ben Roth")
        change = first(self.speak("card", "propose", "--officer", anna, "--officer", ben, who="anna"))
        self.speak("card", "approve", change, who="ben")
        self.done("card", "publish", change, "--yes")

    def rotate(self, use: str, *words: str | Path) -> tuple[str, Path]:
        draft = self.folder / f"{use}-card.json"
        made = self.speak(
            "keys", "rotate", use, "--out", draft, "--server-passphrase-file", self.phrase, *words, who="anna"
        )
        return first(made), draft

    def sign(self, draft: Path) -> None:
        self.done("root", "sign", draft, "--key", self.root, "--passphrase-file", self.phrase, "--yes")


def first(document: dict[str, object]) -> str:
    """The first change of an answer."""
    changes = document["changes"]
    assert isinstance(changes, list)
    return str(changes[0]["change"])


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(ceremony, "Work", lambda: QUICK)
    with short_folder() as folder:
        phrase = secret(folder / "phrase", SECRET_TEXT)
        protection = Protection(passphrase=PASSPHRASE, work=QUICK)
        server = make_server(folder, "at.moj", protection, {"passphrase_file": str(phrase)})
        with started(server):
            yield House(folder, server)


def test_a_key_is_rotated_by_two_officers_and_the_root_with_passphrases_from_files(house: House) -> None:
    house.appoint()
    change, draft = house.rotate("seal", "--begin", "now")
    approved = house.run(
        "card", "approve", change[:8], "--as", house.folder / "ben.json",
        "--passphrase-file", house.folder / "ben.phrase", "--yes",
    )  # fmt: skip
    assert approved.code == 0, approved.err
    assert "New seal key" in approved.out
    assert "Anna Berg" in approved.out
    house.sign(draft)
    house.done("card", "publish", draft, "--yes")
    listed = house.done("keys", "list")["keys"]
    assert isinstance(listed, list)
    assert sorted(str(each["life"]) for each in listed if each["use"] == "seal") == ["active", "verify-only"]
    assert verify_ledger(house.server.data).problems == ()


def test_what_is_not_approved_or_not_signed_is_not_published(house: House) -> None:
    house.appoint()
    change, draft = house.rotate("sign")
    unsigned = house.run("card", "publish", draft, "--yes", "--json")
    assert unsigned.code == 2
    assert "emla root sign" in unsigned.out
    house.sign(draft)
    assert "approval-missing" in house.run("card", "publish", draft, "--yes", "--json").out
    assert house.refused("card", "approve", change, who="anna") == "same-officer"
    assert "approval-missing" in house.run("card", "publish", draft, "--yes", "--json").out
    house.speak("card", "approve", change, who="ben")
    house.done("card", "publish", draft, "--yes")


def test_a_rotation_that_would_end_the_old_key_before_the_card_is_published_is_not_begun(
    house: House,
) -> None:
    house.appoint()
    words = ("--begin", "now", "--overlap-days", "0", "--as", house.folder / "anna.json")
    refused = house.run("keys", "rotate", "sign", *words)
    assert refused.code == 2
    assert "goes on signing until the card is published" in " ".join(refused.err.split())
    assert not (house.folder / "card-draft.json").exists()


def test_a_stranger_neither_proposes_nor_approves(house: House) -> None:
    house.appoint()
    change, _ = house.rotate("ledger")
    house.person("eve", "Eve")
    assert house.refused("card", "approve", change, who="eve") == "approval-missing"
    out = house.folder / "eve-card.json"
    assert house.refused("card", "propose", "--out", out, who="eve") == "approval-missing"
    assert not out.exists()


def test_a_new_root_and_the_card_under_it_are_published_together(house: House) -> None:
    house.appoint()
    root, card = house.folder / "next-root.json", house.folder / "card.json"
    house.done("root", "rotate", root)
    proposed = house.speak("card", "propose", "--root", root, "--out", card, who="anna")["changes"]
    assert isinstance(proposed, list)
    house.speak("card", "approve", *(str(each["change"]) for each in proposed), who="ben")
    for draft in (root, card):
        house.sign(draft)
    for alone in (root, card):
        refused = house.run("card", "publish", alone, "--yes")
        assert refused.code == 2
        assert "in one call" in " ".join(refused.err.split())
    published = house.done("card", "publish", card, root, "--yes")["published"]
    assert isinstance(published, list)
    assert {(each["type"], each["version"]) for each in published} == {("root", 2), ("card", 2)}


def test_a_stolen_key_is_revoked_and_the_list_of_officers_changes(house: House) -> None:
    house.appoint()
    change, draft = house.rotate("sign", "--begin", "now")
    house.speak("card", "approve", change, who="ben")
    house.sign(draft)
    old = house.server.made.authority.card.keys[0].kid
    revocation = house.folder / "revocation.json"
    house.done(
        "keys", "revoke", old[:8], revocation, "--reason", "server stolen", "--key", house.root,
        "--passphrase-file", house.phrase, "--yes",
    )  # fmt: skip
    published = house.done("card", "publish", draft, revocation, "--yes")
    assert published["revoked"] == [
        {"kid": old, "invalid_since": published["revoked"][0]["invalid_since"], "reason": "server stolen"}  # type: ignore[index]
    ]
    shown = house.done("keys", "show", old[:8])
    assert shown["life"] == "revoked"
    eve = house.person("eve", "Eve Moll")
    change = first(
        house.speak(
            "card", "propose", "--officer", eve, "--officer", house.folder / "ben.pub.json", who="anna"
        )
    )
    house.speak("card", "approve", change, who="ben")
    house.done("card", "publish", change, "--yes")
    assert (
        house.refused("card", "propose", "--out", house.folder / "x.json", who="anna") == "approval-missing"
    )


@pytest.mark.needs("softhsm2-util")
def test_a_key_in_a_token_is_rotated_and_takes_over_in_the_running_gateway(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tests.support.tokens import PIN, token_box

    monkeypatch.setattr(ceremony, "Work", lambda: QUICK)
    with short_folder() as folder, token_box(folder / "hsm") as box:
        phrase, pin = secret(folder / "phrase", SECRET_TEXT), secret(folder / "pin", PIN.octets.decode())
        token = Token(box.make("hall"), PIN)
        protection = Protection(passphrase=PASSPHRASE, token=token, work=QUICK)
        server = make_server(
            folder, "at.moj", protection, {"passphrase_file": str(phrase), "token_pin_file": str(pin)}
        )
        token.close()
        with started(server):
            house = House(folder, server)
            house.appoint()
            change, draft = house.rotate(
                "sign", "--token", "hall", "--token-pin-file", pin, "--begin", "now", "--overlap-days", "1"
            )
            house.speak("card", "approve", change, who="ben")
            house.sign(draft)
            house.done("card", "publish", draft, "--yes")
            listed = house.done("keys", "list")["keys"]
            assert isinstance(listed, list)
            signs = {str(each["life"]): str(each["place"]) for each in listed if each["use"] == "sign"}
            assert signs == {"active": "token", "verify-only": "token"}
            assert verify_ledger(server.data).problems == ()
