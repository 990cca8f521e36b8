"""One workshop for each process of a run: to make one is to copy the project and to import all of it."""

from collections.abc import Iterator

import pytest

from tests.ablation.workshop import Workshop


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    one = Workshop(tmp_path_factory.mktemp("workshop"))
    yield one
    one.close()
