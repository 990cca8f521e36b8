"""unseal: a verified package and its sealed bytes -> OpenedPackage. Rungs 16 to 19 of the ladder. Runs in the opener only.

Nothing is released before the last chunk and every hash hold. Each failure has one text for every cause, so that the answer
teaches a prober nothing about keys.
"""

import hashlib
import hmac
from collections.abc import Callable

from emla.formats import cc1, h1
from emla.formats import header as header_form
from emla.formats import manifest as manifest_form
from emla.model.errors import InvalidPackageError, MalformedError
from emla.model.package import Header, Manifest, OpenedPackage, PartRole

ReadPayload = Callable[[int, int], bytes | memoryview]
"""Returns the payload's bytes from a first position up to, not including, an end position."""


def unseal(
    header: Header, read: ReadPayload, keys: Callable[[str], h1.SealingKey | None], main_bytes_max: int
) -> OpenedPackage:
    """Open a payload and check everything inside against the signed header.

    Args:
        header: of a package that passed rungs 1 to 15.
        read: access to the payload; positions are within the size the header names.
        keys: the sealing key of a kid.
        main_bytes_max: the largest main part that is held in memory.

    Raises:
        InvalidPackageError: ``stanza-mismatch``, ``commit-mismatch``, ``chunk-damaged``, ``manifest-mismatch``,
            ``part-mismatch`` or ``too-large``.
    """
    cek = open_stanza(header, keys)
    stream = PayloadStream(header, cek, read)
    manifest_bytes, manifest = check_manifest(header, stream)
    main = _check_parts(stream, manifest, len(manifest_bytes), main_bytes_max)
    return OpenedPackage(header=header, manifest=manifest, manifest_bytes=manifest_bytes, cek=cek, main=main)


def open_stanza(header: Header, keys: Callable[[str], h1.SealingKey | None]) -> bytes:
    """Rung 16: unwrap the content key and compare it with the header's commitment, in constant time."""
    key = keys(header.kid)
    cek = key.unwrap(header.stanza, header_form.header_binding(header)) if key else None
    if cek is None:
        raise InvalidPackageError("stanza-mismatch")
    pbind = header_form.payload_binding(cc1.NAME, header.sender, header.payload.id)
    if not hmac.compare_digest(header_form.key_commitment(cek, pbind), header.payload.commit):
        raise InvalidPackageError("commit-mismatch")
    return cek


class PayloadStream:
    """The plaintext stream of a payload, read chunk by chunk (rung 17)."""

    def __init__(self, header: Header, cek: bytes, read: ReadPayload) -> None:
        size = cc1.stream_size(header.payload.size)
        if size is None:
            raise InvalidPackageError("chunk-damaged")
        self.size = size
        self._payload_bytes = header.payload.size
        self._read = read
        pbind = header_form.payload_binding(cc1.NAME, header.sender, header.payload.id)
        self._opener = cc1.Opener(header_form.payload_key(cek, pbind), header.payload.size)
        self._newest: tuple[int, bytes] | None = None

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return self._opener.chunks

    def chunk(self, number: int) -> bytes:
        """Open one chunk; the newest is kept, because manifest and last part often share it."""
        if self._newest and self._newest[0] == number:
            return self._newest[1]
        sealed = self._read(*cc1.chunk_range(number, self._payload_bytes))
        plain = self._opener.open(number, sealed)
        if plain is None:
            raise InvalidPackageError("chunk-damaged")
        self._newest = (number, plain)
        return plain

    def tail(self, length: int) -> bytes:
        """The last `length` bytes of the stream."""
        if length > self.size:
            raise InvalidPackageError("manifest-mismatch")
        first = (self.size - length) // cc1.CHUNK_BYTES
        plain = b"".join(self.chunk(number) for number in range(first, self.chunks))
        return plain[len(plain) - length :]


def check_manifest(header: Header, stream: PayloadStream) -> tuple[bytes, Manifest]:
    """Rung 18: the manifest repeats the header's identities and is the content the header commits to."""
    try:
        length = manifest_form.manifest_length(stream.tail(manifest_form.LENGTH_BYTES))
        data = stream.tail(length + manifest_form.LENGTH_BYTES)[:length]
        if not hmac.compare_digest(header_form.content_commitment(data), header.content):
            raise InvalidPackageError("manifest-mismatch")
        manifest = manifest_form.decode(data)
    except MalformedError as error:
        raise InvalidPackageError("manifest-mismatch", error.detail) from error
    if manifest.sender != header.sender or manifest.payload_id != header.payload.id:
        raise InvalidPackageError(
            "manifest-mismatch", "Manifest and header name different senders or payloads."
        )
    if header.recipient not in manifest.recipients:
        raise InvalidPackageError("manifest-mismatch", "The manifest does not list the recipient.")
    return data, manifest


def _check_parts(
    stream: PayloadStream, manifest: Manifest, manifest_length: int, main_bytes_max: int
) -> bytes:
    """Rungs 17 and 19 in one pass: every chunk opens, every part has its hash, the rest is zeros."""
    if manifest.parts[0].size > main_bytes_max:
        raise InvalidPackageError("too-large", "The main part is larger than accepted.")
    parts_bytes = sum(part.size for part in manifest.parts)
    if stream.size != manifest_form.stream_size(parts_bytes, manifest_length):
        raise InvalidPackageError("part-mismatch", "The stream does not have its Padme length.")
    zeros_end = stream.size - manifest_length - manifest_form.LENGTH_BYTES
    walk = PartWalk(manifest, zeros_end)
    main = bytearray()
    for number in range(stream.chunks):
        for role, piece in walk.take(stream.chunk(number)):
            if role is PartRole.MAIN:
                main += piece
    walk.finish()
    return bytes(main)


class PartWalk:
    """Cuts the plaintext stream into its parts and checks each part's hash when its last byte has passed."""

    def __init__(self, manifest: Manifest, zeros_end: int) -> None:
        self._parts = manifest.parts
        self._index = 0
        self._left = manifest.parts[0].size
        self._digest = hashlib.sha256()
        self._zeros = zeros_end - sum(part.size for part in manifest.parts)
        if self._zeros < 0:
            raise InvalidPackageError("part-mismatch", "The parts do not fit into the stream.")

    @property
    def index(self) -> int:
        """The part the next byte belongs to; the number of parts when all have passed."""
        return self._index

    def take(self, plain: bytes) -> list[tuple[PartRole, memoryview]]:
        """Take the next bytes of the stream; return the slices that belong to parts."""
        view = memoryview(plain)
        slices: list[tuple[PartRole, memoryview]] = []
        while self._index < len(self._parts):
            piece = view[: self._left]
            self._digest.update(piece)
            self._left -= len(piece)
            if piece:
                slices.append((self._parts[self._index].role, piece))
            view = view[len(piece) :]
            if self._left:
                return slices
            self._end_part()
        filler = view[: self._zeros]
        self._zeros -= len(filler)
        if filler.tobytes().strip(b"\0"):
            raise InvalidPackageError("part-mismatch", "The filler is not zeros.")
        return slices

    def _end_part(self) -> None:
        if not hmac.compare_digest(self._digest.digest(), self._parts[self._index].sha256):
            raise InvalidPackageError("part-mismatch")
        self._index += 1
        self._digest = hashlib.sha256()
        if self._index < len(self._parts):
            self._left = self._parts[self._index].size

    def finish(self) -> None:
        """Refuse a stream that ended before all parts had passed."""
        if self._index < len(self._parts) or self._zeros:
            raise InvalidPackageError("part-mismatch")
