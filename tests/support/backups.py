"""Backups in tests: a key, and gateways in one process whose folders are worth a backup."""

import hashlib
import io
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from emla.bootstrap.backup_create import CreatedBackup, create_backup
from emla.bootstrap.backup_restore import FindKey
from emla.formats import backup, cc1, h1
from emla.formats.backup import BackupHeader
from emla.keyring.media import MediaUse, PublicKeyFile
from emla.keyring.media import make_media_key as make
from emla.model.settings import Settings, StoreSettings
from tests.support.folders import make_folder
from tests.support.in_process import DirectLine, InlineOpener, Station, TestClock
from tests.support.locking import PASSPHRASE, QUICK, fresh
from tests.support.messages import make_template

SEED = hashlib.sha256(b"the backup key of the tests").digest()
MADE = make(
    MediaUse.BACKUP,
    seed=SEED,
    name="safe 1",
    passphrase=PASSPHRASE,
    created=1,
    work=QUICK,
    fresh=fresh(),
)
RECIPIENT: PublicKeyFile = MADE.about
KEY = h1.SealingKey(SEED, RECIPIENT.kid)
AT = 1_790_000_000
SENDER, RECEIVER = "at.moj", "jp.moj"
LARGE = 300 * 1024


def find_key(header: BackupHeader) -> h1.SealingKey:
    """The key, whatever the backup asks for."""
    return KEY


FIND: FindKey = find_key


def settings_of(data: Path) -> Settings:
    return Settings(data=data, store=StoreSettings(disk_floor_bytes=0, disk_floor_percent=0))


def back_up(data: Path, target: Path, *, insist: bool = False, now: int = AT) -> CreatedBackup:
    return create_backup(settings_of(data), target, RECIPIENT, now=now, insist=insist)


@dataclass
class Pair:
    """Two gateways that know each other."""

    sender: Station
    recipient: Station
    line: dict[str, Station]

    async def exchange(self, attachment_bytes: int = LARGE) -> bytes:
        """Send one message and let everything about it come home."""
        template = make_template(
            sender=SENDER, recipient=RECEIVER, attachment=hashlib.shake_128(b"x").digest(attachment_bytes)
        )
        submitted = await self.sender.hand_in(template, hashlib.shake_128(bytes(self._next())).digest(16))
        await self.sender.deliver(RECEIVER)
        await self.recipient.open()
        await self.recipient.deliver(SENDER)
        return submitted.pid

    def _next(self) -> int:
        self._count = getattr(self, "_count", 0) + 1
        return self._count


@asynccontextmanager
async def pair(folder: Path) -> AsyncIterator[Pair]:
    stations: dict[str, Station] = {}
    line = DirectLine(lambda peer: stations[peer])
    for name in (SENDER, RECEIVER):
        make_folder(folder / name, name)
        stations[name] = Station(folder / name, line, TestClock(), InlineOpener(folder / name))
        stations[name].start()
    for name, other in ((SENDER, RECEIVER), (RECEIVER, SENDER)):
        await stations[name].pin(folder / other)
    try:
        yield Pair(stations[SENDER], stations[RECEIVER], stations)
    finally:
        for each in stations.values():
            await each.close()


def unsealed(path: Path) -> bytes:
    """The archive inside a backup, as another program would find it from the specification alone."""
    data = path.read_bytes()
    header, start = backup.decode_header(data)
    cek = KEY.unwrap(header.stanza, backup.binding_of(header))
    assert cek is not None
    plain = cc1.open_all(
        backup.stream_key(cek, backup.binding_of(header)), data[start : len(data) - backup.END_BYTES]
    )
    assert plain is not None
    return plain


def sealed_again(path: Path, target: Path, archive: bytes) -> None:
    """A backup with another archive inside, made by somebody who has the public half of the key."""
    header, _ = backup.decode_header(path.read_bytes())
    cek, binding = bytes(range(32)), backup.binding_of(header)
    forged = BackupHeader(
        authority=header.authority,
        at=header.at,
        id=header.id,
        kid=header.kid,
        stanza=h1.wrap(RECIPIENT.public, cek, binding),
    )
    body = backup.encode_header(forged) + cc1.seal_all(backup.stream_key(cek, binding), archive)
    target.write_bytes(body + backup.encode_end(len(body), hashlib.sha256(body).digest()))


def names_in(archive: bytes) -> list[str]:
    """The names in an archive, as Python's own tar reads it."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
        return tar.getnames()
