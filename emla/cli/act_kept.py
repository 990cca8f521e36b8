"""What an officer has said of an act that is not written yet: a private file that `--answers` takes again.

Rule of this file: an answer is on the disk before the next question is asked; the file goes when the act is written.
"""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from emla.keyring.private_files import replace_private
from emla.model.errors import ConfigurationError


class KeptAnswers:
    """The answers of one conversation."""

    def __init__(self, path: Path) -> None:
        """Take the file; it is made with the first answer."""
        self._path = path

    @property
    def quoted(self) -> str:
        """Its path, as a shell takes it."""
        return shlex.quote(str(self._path))

    def keep(self, answers: Mapping[str, str]) -> None:
        """Keep the answers; durable when this returns.

        Raises:
            ConfigurationError: ``unwritable-file``.
        """
        said = {place: value for place, value in answers.items() if value}
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_private(self._path, json.dumps(said, ensure_ascii=False).encode())
        except OSError as error:
            raise ConfigurationError("unwritable-file", f"{self._path}: {error.strerror}.") from error

    def forget(self) -> None:
        """Remove the file: the act is written."""
        self._path.unlink(missing_ok=True)
