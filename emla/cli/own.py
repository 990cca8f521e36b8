"""This authority's own documents, read from the data folder: no server is needed for them."""

from pathlib import Path

from emla.cli.invocation import OWN_DOCUMENTS
from emla.formats import documents as form
from emla.formats import export
from emla.model.documents import Authority
from emla.model.errors import ConfigurationError, InvalidDocumentError, MalformedError
from emla.model.limits import WIRE
from emla.model.signed import PayloadType
from emla.steps.trust import trust_documents


def read_documents(path: Path) -> bytes:
    """The bytes of an export file.

    Raises:
        ConfigurationError: ``unreadable-file``.
        InvalidDocumentError: ``invalid-document`` when it is too large to be one.
    """
    try:
        with path.open("rb") as file:
            data = file.read(WIRE.documents_bytes + 1)
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.strerror}.") from error
    if len(data) > WIRE.documents_bytes:
        raise InvalidDocumentError("invalid-document", f"{path} is larger than any authority document.")
    return data


def read_authority(data: bytes) -> Authority:
    """Decode and verify an export: the documents fit each other. Whose they are, only a fingerprint tells.

    Raises:
        InvalidDocumentError: ``invalid-document``.
    """
    try:
        return trust_documents(export.decode_export(data))
    except MalformedError as error:
        raise InvalidDocumentError("invalid-document", error.detail) from error


def fingerprint(authority: Authority) -> str:
    """The 12 groups of 5 digits that people compare: they stand for the newest root."""
    root = form.decode_signed(authority.documents.roots[-1], PayloadType.ROOT)
    return export.fingerprint(root.payload, authority.id)


def own_authority_id(data: Path) -> str | None:
    """The id of the authority in this data folder; None where there is none."""
    path = data / OWN_DOCUMENTS
    return read_authority(read_documents(path)).id if path.exists() else None
