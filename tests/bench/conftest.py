"""A tenant as the benchmarks fill it, only smaller."""

from __future__ import annotations

import pytest
from django.utils import timezone

from bench.held_rows import fill
from tenants.models import Tenant

COUNT = 400


@pytest.fixture
def filled(tenant: Tenant) -> Tenant:
    """The tenant alpha with 400 held mails."""
    fill(tenant, COUNT, timezone.now())
    return tenant
