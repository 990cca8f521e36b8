"""A ministry whose officers follow printed pages at a terminal: its folders, what its people know, and what they have read.

A command whose page hands it the exported documents (``--from``) is run as on the machine without network: it knows no data
folder. Paths below ``/media`` are a folder of the ministry. `systemctl` starts and stops the gateway at a terminal.
"""

import re
import secrets
import shlex
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.commands import QUICK_EMLA, start_emla
from tests.support.pages import Library, Page, filled
from tests.support.servers import ROOT
from tests.support.terminals import Answer, Served, Talk, converse, start

GATEWAY_PHRASE = "orbit lamp canal stork fig"
PIN = "734029"
FINGERPRINT = re.compile(r"\d{5}(?:\s+\d{5}){11}")
KEY_ID = re.compile(r"\b[0-9a-f]{32}\b")
HIDDEN = "?????"


def lasting_port() -> int:
    """A free port below those that systems give to outgoing connections: it stays free while a gateway is stopped."""
    while True:
        port = 12_000 + secrets.randbelow(20_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def phrase_of(medium: str) -> str:
    """The passphrase of a key on a medium: each has another one."""
    return f"{Path(medium).parent.name} velvet moss anchor tin"


@dataclass
class Ministry:
    """One authority and its people."""

    id: str
    folder: Path
    library: Library
    port: int = field(default_factory=lasting_port)
    operations_port: int = field(default_factory=lasting_port)
    environment: dict[str, str] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    """Paths that a page names, and where they are on this machine."""
    gateway: Served | None = None
    phrase: str = GATEWAY_PHRASE
    fingerprint: str = ""
    """As it was last read from the own screen."""
    root_kids: list[str] = field(default_factory=list)
    """Of the root keys on media, in the order of the safes."""
    screens: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        (self.folder / "media").mkdir()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def medium(self, path: str) -> str:
        """A path below /media, and the medium itself, plugged in."""
        there = self.folder / path.lstrip("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        return str(there)

    def walk(self, page: str, **words: str) -> "Walk":
        """Begin a page, on an empty courier medium."""
        courier = self.folder / f"courier-{len(list(self.folder.glob('courier-*')))}"
        courier.mkdir()
        return Walk(self, self.library.page(page), courier, dict(words))

    def start(self) -> None:
        """Start the gateway at a terminal and type what it asks for."""
        assert self.gateway is None
        child = start_emla(
            "serve", module=QUICK_EMLA, environment=self._environment(offline=False), folder=self.folder
        )
        self.gateway = Served(
            child,
            self.folder / "log",
            [
                ("Type the passphrase of the private keys: ", lambda _: self.phrase),
                ("Type the PIN of the token: ", lambda _: PIN),
            ],
        )

    def stop(self) -> None:
        """Stop the gateway, where it runs."""
        if self.gateway is not None:
            self.gateway.stop()
            self.gateway = None

    def _environment(self, *, offline: bool) -> dict[str, str]:
        found = {
            "PYTHONPATH": str(ROOT),
            "HOME": str(self.folder),
            "EMLA_PEER__ALLOW_LOOPBACK_ENDPOINTS": "true",
            "EMLA_OPERATIONS__LISTEN_PORT": str(self.operations_port),
            "EMLA_STORE__DISK_FLOOR_BYTES": "0",
            "EMLA_STORE__DISK_FLOOR_PERCENT": "0",
            **self.environment,
        }
        return found if offline else found | {"EMLA_DATA": str(self.data)}


@dataclass
class Walk:
    """One walk through a page, from its first line to its last."""

    ministry: Ministry
    page: Page
    courier: Path
    words: dict[str, str]
    next: int = 0

    def do(
        self,
        beginning: str,
        *,
        code: int = 0,
        answers: dict[str, Answer] | None = None,
        words: dict[str, str] | None = None,
    ) -> str:
        """Do the page's next command that begins so; what stands on the screen afterwards.

        Args:
            beginning: which command is meant; those before it are passed over.
            code: the exit code expected.
            answers: questions (regular expressions) that only this caller can answer.
            words: what the reader has learned meanwhile, for placeholders.
        """
        self.words |= words or {}
        number = self._find(beginning)
        command = self.page.commands[number]
        talk = self._run(command, answers or {})
        self.ministry.screens.append(f"$ {command}\n{talk.screen}")
        assert talk.code == code, "\n".join(self.ministry.screens[-3:])
        self.next = number + 1
        self.page.done.add(number)
        return talk.screen

    def turn_to(self, beginning: str, *, before: int = 0) -> None:
        """Turn the page to a command, or to so many before it."""
        self.next = self._find(beginning) - before

    def begin_again(self) -> None:
        """Turn back to the first line."""
        self.next = 0

    def _find(self, beginning: str) -> int:
        for number in range(self.next, len(self.page.commands)):
            if self.page.commands[number].startswith(beginning):
                return number
        raise AssertionError(f"{self.page.name}.md has no further command '{beginning}'")

    def _run(self, command: str, answers: dict[str, Answer]) -> Talk:
        ministry = self.ministry
        words = [
            each.replace("$EMLA_DATA", str(ministry.data))
            for each in shlex.split(filled(command, self.words), comments=True)
        ]
        words = [self.words["peer"] if each == "nl.minjus" else each for each in words]
        words = [ministry.elsewhere.get(each, each) for each in words]
        words = [ministry.medium(each) if each.startswith("/media/") else each for each in words]
        if words[0] == "systemctl":
            return self._systemctl(words[1:])
        if words[0] == "shred":
            subprocess.run(words, check=True, cwd=self.courier)
            return Talk(0, "")
        environment = ministry._environment(offline="--from" in words)
        if words[0] == "emla":
            child = start_emla(*words[1:], module=QUICK_EMLA, environment=environment, folder=self.courier)
        else:
            assert words[0] == "softhsm2-util", words
            child = start(words, environment, self.courier)
        return converse(child, [*answers.items(), *self._questions(words)])

    def _systemctl(self, words: list[str]) -> Talk:
        assert words[1:] == ["emla"]
        if words[0] in ("stop", "restart"):
            self.ministry.stop()
        if words[0] in ("start", "restart"):
            self.ministry.start()
        return Talk(0, "")

    def _questions(self, words: list[str]) -> list[tuple[str, Answer]]:
        """What every officer can answer."""
        media = [
            each for each in words if "/media/" in each and each.endswith(".json") and ".pub." not in each
        ]
        keys = [words[words.index(each) + 1] for each in ("--key", "--as") if each in words]
        locked = (keys or media or [""])[0]
        of_key = phrase_of(locked) if "/media/" in locked else self.ministry.phrase
        return [
            (r"Type the passphrase of the (?:server's )?private keys: ", lambda _: self.ministry.phrase),
            (r"Type the passphrase of [^\n]*: ", lambda _: of_key),
            (r"Type the PIN of the token: ", lambda _: PIN),
            (r"Choose a passphrase for the private keys[^\n]*: ", lambda _: self.ministry.phrase),
            (r"Choose [^\n]*: ", lambda _: of_key),
            (r"Type it again: ", lambda screen: of_key if media else self.ministry.phrase),
            (r"\[y/N\]: ", lambda _: "y"),
            (r"\[Y/n\]: ", lambda _: "y"),
            (r"(?:SO|user) PIN: ", lambda _: PIN),
        ]


def hidden_groups(other: Ministry) -> Answer:
    """The answer of somebody who hears the other officer read the own fingerprint from the own screen."""
    heard = other.fingerprint.split()
    assert len(heard) == 12

    def answer(screen: str) -> str:
        number = int(re.findall(r"Group (\d+)", screen)[-1])
        return heard[number - 1]

    return answer
