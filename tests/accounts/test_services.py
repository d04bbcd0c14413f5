"""Accounts: sign-in, lockout, audit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.errors import InvalidUser
from accounts.models import AuditEntry, TenantRole
from accounts.services import create_user, sign_in
from tenants.models import Tenant
from tenants.scope import tenant_scope

NOW = datetime(2026, 4, 1, tzinfo=UTC)
PASSWORD = "correct horse battery"


@pytest.fixture
def scope(tenant: Tenant) -> object:
    with tenant_scope(tenant):
        yield


def make(email: str = "admin@alpha.example.jp") -> None:
    create_user(email=email, role=TenantRole.ADMIN, password=PASSWORD)


@pytest.mark.usefixtures("scope")
class TestSignIn:
    def test_the_right_password_opens_in_any_letter_case_of_the_address(self) -> None:
        """Addresses are compared in lower case."""
        make()
        assert sign_in("Admin@Alpha.example.jp", PASSWORD, NOW) is not None

    def test_five_failures_lock_even_the_right_password_for_ten_minutes(self) -> None:
        """The lock ends by itself, and leaves an audit entry."""
        make()
        for _ in range(5):
            assert sign_in("admin@alpha.example.jp", "wrong", NOW) is None
        assert sign_in("admin@alpha.example.jp", PASSWORD, NOW) is None
        assert AuditEntry.objects.filter(action="user.lock").count() == 1
        later = NOW + timedelta(minutes=11)
        assert sign_in("admin@alpha.example.jp", PASSWORD, later) is not None

    def test_a_success_forgives_earlier_failures(self) -> None:
        """Four failures, a success, four failures: not locked."""
        make()
        for _ in range(2):
            for _ in range(4):
                sign_in("admin@alpha.example.jp", "wrong", NOW)
            assert sign_in("admin@alpha.example.jp", PASSWORD, NOW) is not None

    def test_an_unknown_address_is_refused(self) -> None:
        """Without an error that would tell it from a wrong password."""
        assert sign_in("nobody@alpha.example.jp", PASSWORD, NOW) is None


@pytest.mark.usefixtures("scope")
@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("no address", PASSWORD),
        ("a@alpha.example.jp", "short"),
        ("a@alpha.example.jp", "1234567890"),
        ("a@alpha.example.jp", "password123"),
    ],
)
def test_bad_accounts_are_refused_with_the_reason(email: str, password: str) -> None:
    """Nothing is stored."""
    with pytest.raises(InvalidUser):
        create_user(email=email, role=TenantRole.ADMIN, password=password)


def test_an_account_of_one_tenant_does_not_exist_in_another(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    """Accounts live in the tenant's schema."""
    with tenant_scope(tenant):
        make()
    with tenant_scope(other_tenant):
        assert sign_in("admin@alpha.example.jp", PASSWORD, NOW) is None
