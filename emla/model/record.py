"""Records: what an authority keeps, sealed under its own content key, to show a package later."""

from dataclasses import dataclass

from emla.model.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Manifest bytes, content key (32 bytes) and findings of one package."""

    manifest: bytes
    cek: bytes
    findings: tuple[Finding, ...] = ()
