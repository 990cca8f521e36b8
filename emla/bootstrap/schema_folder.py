"""Where the schemas are. Resolved here and nowhere else."""

from importlib import resources
from pathlib import Path


def schema_folder() -> Path:
    """The folder ``schemas``: inside the package where a wheel was installed, beside it in a checkout."""
    package = Path(str(resources.files("emla")))
    # In an editable install `emla` is the checkout's folder, which has no `schemas` in it.
    inside, beside = package / "schemas", package.parent / "schemas"
    return inside if inside.is_dir() else beside
