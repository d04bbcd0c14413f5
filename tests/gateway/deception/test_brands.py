"""The list of brands is well formed, and does not turn against itself."""

from __future__ import annotations

import pytest

from mailsec.gateway.deception import brands, data, domains, resemblance

HOSTS = sorted(host for brand in brands.known() for host in brand.domains if "*" not in host)


def test_the_list_is_long_enough_and_every_line_is_whole() -> None:
    """A name and a domain at least."""
    assert len(brands.known()) >= 60
    assert all(brand.name and brand.domains for brand in brands.known())


@pytest.mark.parametrize("host", HOSTS)
def test_a_genuine_domain_is_like_no_other(host: str) -> None:
    """Nor is anything below it."""
    assert domains.registrable(host) == host or domains.registrable(host) in host
    assert resemblance.of_brand(host) is None
    assert resemblance.of_brand(f"mail.{host}") is None


@pytest.mark.parametrize("host", sorted(data.free_mail() | data.link_rewriters()))
def test_free_mailboxes_and_counters_of_clicks_look_like_no_brand(host: str) -> None:
    """Otherwise half the world would be suspicious."""
    assert resemblance.of_brand(host) is None


@pytest.mark.parametrize("brand", brands.known(), ids=lambda brand: brand.name)
def test_every_brand_claims_its_own_name(brand: brands.Brand) -> None:
    """The longest name wins: 楽天カード is not 楽天."""
    assert brands.claimed_by(brand.name) is not None


def test_a_longer_name_is_told_from_a_shorter_one() -> None:
    """And the name alone can be asked for."""
    for text, name in (
        ("楽天カード", "楽天カード"),
        ("楽天", "楽天市場"),
        ("PayPay銀行", "PayPay銀行"),
    ):
        found = brands.claimed_by(text)
        assert found is not None
        assert found.name == name
    assert brands.claimed_by("Amazon 出店者セミナー", alone=True) is None
    assert brands.claimed_by("Amazon サポート", alone=True) is not None
