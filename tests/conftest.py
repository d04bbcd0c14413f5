"""Fixtures for tests that need Django: a database with two tenants, provisioned once per worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

# On a loaded machine any example may take a second: no test asserts how long something takes.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The test database with the tenants alpha and beta."""
    from tenants import services
    from tenants.models import Tenant
    from tenants.values import Order

    with django_db_blocker.unblock():
        for slug, menu in (("alpha", 4), ("beta", 6)):
            if Tenant.objects.filter(slug=slug).exists():
                continue
            tenant = services.provision(Order(slug=slug, name=f"Company {slug}", menu=menu))
            services.add_domain(tenant, f"{slug}.example.jp")


@pytest.fixture
def tenant(db: None) -> Any:
    """The tenant alpha, menu 4, mail domain alpha.example.jp."""
    from tenants.selectors import tenant_named

    return tenant_named("alpha")


@pytest.fixture
def other_tenant(db: None) -> Any:
    """The tenant beta, menu 6, mail domain beta.example.jp."""
    from tenants.selectors import tenant_named

    return tenant_named("beta")


@pytest.fixture(autouse=True)
def _nothing_kept_between_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty what the processes keep for seconds: the next test has another database state."""
    yield
    if "db" not in request.fixturenames:
        return
    from encryption import selectors as encryption
    from policies import selectors as policies
    from quarantine import kept
    from tenants import selectors as tenants
    from threats import selectors as threats

    encryption._kept.clear()
    policies._kept.clear()
    policies._lists.clear()
    policies._rules.clear()
    policies._groups.clear()
    tenants._kept.clear()
    threats.forget()
    kept.forget_models()
