"""Write every vector anew: `python -m tests.vectors.generate`. The same bytes each time, or a format has
changed.

Keys, clock and the randomness of the HPKE wrap are derived from names; the stanzas come from xwing.py, a
second implementation, so nothing here is random and no vector of h1 was made by the library that opens it.
"""

from pathlib import Path

from tests.support.vector_files import FOLDER, SUFFIX, Vector, encode
from tests.vectors import (
    cases_accesses,
    cases_acknowledgement,
    cases_backup,
    cases_calls,
    cases_channel,
    cases_documents,
    cases_encoding,
    cases_header,
    cases_ledger,
    cases_package,
    cases_requirements,
    cases_standing,
)


def vectors() -> list[Vector]:
    """Every vector, in the order of the folders' README."""
    return [
        *cases_encoding.strict_json_vectors(),
        *cases_encoding.dsse_vectors(),
        *cases_encoding.cc1_vectors(),
        *cases_encoding.manifest_vectors(),
        *cases_header.header_vectors(),
        *cases_package.package_vectors(),
        *cases_acknowledgement.acknowledgement_vectors(),
        *cases_documents.documents_vectors(),
        *cases_requirements.requirements_vectors(),
        *cases_standing.standing_vectors(),
        *cases_ledger.ledger_vectors(),
        *cases_backup.backup_vectors(),
        *cases_calls.call_vectors(),
        *cases_channel.channel_vectors(),
        *cases_accesses.access_vectors(),
    ]


def write(root: Path = FOLDER) -> int:
    """Write the files and remove those nobody generates; return how many there are."""
    wanted = {root / vector.folder / (vector.name + SUFFIX): encode(vector) for vector in vectors()}
    for stale in set(root.glob(f"*/*{SUFFIX}")) - set(wanted):
        stale.unlink()
    for path, data in wanted.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    return len(wanted)


if __name__ == "__main__":
    print(write(), "vectors")
