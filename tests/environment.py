"""Servers for the tests, started before Django reads its settings (``-p`` in pyproject).

It also says which tests stay together on one worker. xdist's own groups are lost with pytest 9,
which does not take the names that they put behind a test's id.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

from demo.servers import running

if TYPE_CHECKING:
    from xdist.remote import Producer

_servers = ExitStack()

# Folders and files whose tests share one running service or program: on two workers each would wait
# for the other's, which ends with its session.
_TOGETHER = (
    "tests/journeys/",
    "tests/faults/test_scanner.py",
    "tests/faults/",
    "tests/browser/",
    "tests/gateway/clients/test_real_clamd.py",
)


class Together(LoadScopeScheduling):
    """Every test goes to the next free worker, but for those that share a service."""

    def _split_scope(self, nodeid: str) -> str:
        return next((place for place in _TOGETHER if nodeid.startswith(place)), nodeid)


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    """Our order of work instead of one of xdist's."""
    return Together(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start PostgreSQL and Valkey once for all workers; one's own servers are used where named."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    os.environ.update(_servers.enter_context(running("test")).environment)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    _servers.close()
