"""Servers for the tests, started before Django reads its settings (``-p`` in pyproject)."""

from __future__ import annotations

import os
from contextlib import ExitStack

import pytest

from demo.servers import running

_servers = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start PostgreSQL and Valkey once for all workers; one's own servers are used where named."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    os.environ.update(_servers.enter_context(running("test")).environment)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    _servers.close()
