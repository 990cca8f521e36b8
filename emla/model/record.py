"""Records: what an authority keeps, sealed under its own content key, to show a package and its case later."""

from dataclasses import dataclass

from emla.model.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Manifest bytes, content key (32 bytes) and findings of one package."""

    manifest: bytes
    cek: bytes
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedAct:
    """A legal act as it is kept: sealed, beside the random ids by which it is found."""

    case_id: bytes
    related: tuple[tuple[bytes, str], ...]
    """Other cases that it names, each with a code of CL-RELATION."""
    sealed: bytes
    files: tuple[bytes, ...] = ()
    """By what its files are found again (`formats.act_at_rest.file_tag`)."""
