"""Policy versions and address files."""

from __future__ import annotations

import pytest

from mailsec.gateway.errors import InvalidPolicy
from policies import directory, selectors, services
from policies.errors import InvalidAddresses
from tenants.models import Tenant
from tenants.selectors import tenant_named


class TestPolicy:
    def test_without_a_version_the_products_defaults_hold(self, tenant: Tenant) -> None:
        """Version 0, in the tenant's language."""
        policy = selectors.current_policy(tenant)
        assert (policy.version, policy.language, policy.quarantine_days) == (0, "ja", 14)

    def test_a_change_is_a_new_version_and_reaches_the_listeners(self, tenant: Tenant) -> None:
        """What the listeners need stands in the tenant's public row."""
        first = services.set_values(tenant, {"check_recipients": "yes", "contact": "help desk"})
        second = services.set_values(tenant, {"message_size_bytes": str(10 * 1024 * 1024)})
        assert second > first
        policy = selectors.current_policy(tenant)
        assert (policy.version, policy.contact) == (second, "help desk")
        row = tenant_named("alpha")
        assert (row.check_recipients, row.message_size_bytes) == (True, 10 * 1024 * 1024)

    @pytest.mark.parametrize(
        ("key", "text"),
        [
            ("nothing", "1"),
            ("check_recipients", "perhaps"),
            ("quarantine_days", "0"),
            ("quarantine_days", "1.5"),
            ("message_size_bytes", "999999999999"),
            ("unexamined", "burn"),
            ("file_types", "exe, ../"),
            ("contact", "a\nb"),
            ("language", "fr"),
        ],
    )
    def test_a_bad_value_changes_nothing(self, tenant: Tenant, key: str, text: str) -> None:
        """Not even the good ones beside it."""
        with pytest.raises(InvalidPolicy) as caught:
            services.set_values(tenant, {"contact": "new", key: text})
        assert caught.value.key == key
        assert selectors.current_policy(tenant).contact == ""

    def test_one_tenants_policy_is_not_anothers(self, tenant: Tenant, other_tenant: Tenant) -> None:
        """Neither in the database nor in what a process keeps."""
        services.set_values(tenant, {"contact": "alpha's"})
        assert selectors.current_policy(other_tenant).contact == ""


class TestAddresses:
    def test_a_file_is_imported_once(self, tenant: Tenant) -> None:
        """The second import of the same lines adds nothing."""
        lines = ["address,name", "User@alpha.example.jp,利用者", "", "b@alpha.example.jp"]
        assert services.import_addresses(tenant, lines) == 2
        assert services.import_addresses(tenant, lines) == 0
        assert selectors.address_count(tenant) == 2

    def test_names_that_come_later_are_taken_in(self, tenant: Tenant) -> None:
        """Who is impersonated is known by them; workers see by the edition that they changed."""
        services.import_addresses(tenant, ["a@alpha.example.jp", "b@alpha.example.jp,旧姓"])
        before = directory.edition(tenant)
        lines = ["a@alpha.example.jp,山田 太郎", "b@alpha.example.jp"]
        assert services.import_addresses(tenant, lines) == 0
        assert sorted(directory.named(tenant)) == [
            ("山田 太郎", "a@alpha.example.jp"),
            ("旧姓", "b@alpha.example.jp"),
        ]
        assert directory.edition(tenant) != before

    def test_a_file_that_is_no_csv_file_is_refused(self, tenant: Tenant) -> None:
        """As any other wrong file."""
        with pytest.raises(InvalidAddresses):
            services.import_addresses(tenant, ["a@alpha.example.jp," + "x" * 200_000])

    def test_every_wrong_line_is_named_and_nothing_is_imported(self, tenant: Tenant) -> None:
        """A person mends the file in one go."""
        lines = ["a@alpha.example.jp", "no address", "b@beta.example.jp", "x y@alpha.example.jp"]
        with pytest.raises(InvalidAddresses) as caught:
            services.import_addresses(tenant, lines)
        assert [text.split(":")[0] for text in caught.value.problems] == [
            "Line 2",
            "Line 3",
            "Line 4",
        ]
        assert selectors.address_count(tenant) == 0

    def test_the_directory_knows_tags_and_the_postmaster(self, tenant: Tenant) -> None:
        """Letter case does not count; another tenant's addresses are unknown."""
        services.import_addresses(tenant, ["user@alpha.example.jp"])
        for known in ("USER@alpha.example.jp", "user+news@alpha.example.jp", "Postmaster@x"):
            assert directory.knows(tenant, known)
        assert not directory.knows(tenant, "other@alpha.example.jp")
