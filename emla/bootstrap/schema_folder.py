"""Where the schemas are: the one place that knows.

Rules of this file:
- In a wheel the top-level ``schemas`` folder is packed as ``emla/schemas``; an editable install and a
  checkout have it beside ``emla``. Whoever needs it is handed the path, so that tests and other schema sets
  stay possible.
"""

from pathlib import Path

from emla.model.errors import ConfigurationError

_PACKAGE = Path(__file__).resolve().parent.parent


def schema_folder() -> Path:
    """Find the folder that holds ``1.0`` and ``samples``.

    Raises:
        ConfigurationError: ``unreadable-file`` if this installation has no schemas.
    """
    for folder in (_PACKAGE / "schemas", _PACKAGE.parent / "schemas"):
        if (folder / "1.0" / "common.xsd").is_file():
            return folder
    raise ConfigurationError(
        "unreadable-file", f"This installation has no schemas: neither in {_PACKAGE} nor beside it."
    )
