"""System checks."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Error, Warning

from tenants.checks import check_leases, check_senders, check_smtpd_tls
from tests.gateway.checks.making import pem

ROOT = Path(__file__).parents[2]


def test_every_check_has_an_id_of_its_own() -> None:
    """An operator who looks an id up finds one meaning."""
    ids: Counter[str] = Counter()
    for path in ROOT.glob("*/checks.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "id":
                assert isinstance(node.value, ast.Constant)
                assert re.fullmatch(r"mailsec\.[EW]\d{3}", str(node.value.value))
                ids[str(node.value.value)] += 1
    assert ids
    assert max(ids.values()) == 1


def test_a_lease_shorter_than_a_delivery_is_an_error(settings: Any) -> None:
    """Mail would be sent twice."""
    settings.DELIVERY_LEASE_SECONDS = settings.DELIVERY_SECONDS
    (found,) = check_leases(None)
    assert isinstance(found, Error)


@pytest.mark.parametrize("present", [(True, False), (False, True)])
def test_half_a_certificate_is_an_error(
    settings: Any, tmp_path: Path, present: tuple[bool, bool]
) -> None:
    """Certificate and key come together; none at all is a warning."""
    for name, there in zip(("CERTIFICATE", "KEY"), present, strict=True):
        path = tmp_path / name
        path.touch()
        setattr(settings, f"SMTPD_TLS_{name}", path if there else None)
    (found,) = check_smtpd_tls(None)
    assert isinstance(found, Error)
    settings.SMTPD_TLS_CERTIFICATE = settings.SMTPD_TLS_KEY = None
    (found,) = check_smtpd_tls(None)
    assert isinstance(found, Warning)


@pytest.mark.parametrize("value", ["on", "", "192.0.2.53", "dns:port"])
def test_nobody_to_ask_about_senders_is_an_error(settings: Any, value: str) -> None:
    """Every mail would be shunted."""
    settings.SENDER_DNS = value
    (found,) = check_senders(None)
    assert isinstance(found, Error)
    settings.SENDER_DNS = "192.0.2.53:53"
    assert check_senders(None) == []


def test_a_seal_needs_domain_selector_and_key(settings: Any, tmp_path: Path) -> None:
    """All three, and an RSA key that can be read; or none."""
    settings.ARC_DOMAIN, settings.ARC_SELECTOR, settings.ARC_KEY = "example.org", "s1", None
    (found,) = check_senders(None)
    assert isinstance(found, Error)
    settings.ARC_KEY = tmp_path / "arc.pem"
    assert len(check_senders(None)) == 1
    settings.ARC_KEY.write_bytes(b"no key")
    assert len(check_senders(None)) == 1
    settings.ARC_KEY.write_bytes(pem())
    assert check_senders(None) == []
