"""One running service for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service import Service, service


@pytest.fixture(scope="session")
def running_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with all its processes but the web."""
    with service("journeys", tmp_path_factory.mktemp("service")) as made:
        made.start()
        yield made
