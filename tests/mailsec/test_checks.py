"""System checks."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from django.core.checks import CheckMessage, Error, Warning, run_checks

from tenants.checks import (
    check_leases,
    check_notices_are_signed,
    check_senders,
    check_signing_key,
    check_smtpd_tls,
)
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


def own_key(settings: Any, path: Path | None, domain: str = "example.org") -> None:
    """The service's own key by its three settings."""
    settings.SIGNING_DOMAIN, settings.SIGNING_SELECTOR, settings.SIGNING_KEY = domain, "s1", path
    settings.MAIL_HOSTNAME = "mx.example.org"


def test_the_services_key_needs_domain_selector_and_file(settings: Any, tmp_path: Path) -> None:
    """All three, names that can be published, and an RSA key that can be read; or none."""
    path = tmp_path / "signing.pem"
    own_key(settings, None)
    assert faults(check_signing_key(None)) == ["one of its three settings is missing"]
    own_key(settings, path)
    assert faults(check_signing_key(None)) == ["its file cannot be read"]
    path.write_bytes(b"no key")
    assert faults(check_signing_key(None)) == ["its file holds no such key"]
    path.write_bytes(pem())
    assert check_signing_key(None) == []
    settings.SIGNING_SELECTOR = "s1; l=0"
    assert faults(check_signing_key(None)) == ["its file holds no such key"]


def test_a_key_that_is_not_rsa_is_an_error(settings: Any, tmp_path: Path) -> None:
    """ARC knows nothing else, and hardly a receiver does."""
    path = tmp_path / "signing.pem"
    key = ed25519.Ed25519PrivateKey.generate()
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    path.write_bytes(key.private_bytes(*form, serialization.NoEncryption()))
    own_key(settings, path)
    assert faults(check_signing_key(None)) == ["its file holds no such key"]


def test_a_key_that_does_not_speak_for_the_notices_is_told(settings: Any, tmp_path: Path) -> None:
    """It seals, and signs no notice: the words name both domains."""
    path = tmp_path / "signing.pem"
    path.write_bytes(pem())
    own_key(settings, path, "example.net")
    (found,) = check_signing_key(None)
    assert isinstance(found, Warning)
    assert "example.net" in found.msg
    assert "mx.example.org" in found.msg


def test_before_production_a_service_without_a_key_is_told(settings: Any, tmp_path: Path) -> None:
    """Only there: a developer's machine needs none."""
    settings.SIGNING_DOMAIN, settings.SIGNING_SELECTOR, settings.SIGNING_KEY = "", "", None
    assert check_signing_key(None) == []
    (found,) = check_notices_are_signed(None)
    assert isinstance(found, Warning)
    assert found.id not in {each.id for each in run_checks()}
    assert found.id in {each.id for each in run_checks(include_deployment_checks=True)}
    own_key(settings, tmp_path / "signing.pem")
    assert check_notices_are_signed(None) == []


def faults(found: Sequence[CheckMessage]) -> list[str]:
    """The reasons of the errors about the key, without what stands behind them."""
    assert all(isinstance(each, Error) for each in found)
    said = (each.msg.partition(": ")[2].rstrip(".") for each in found)
    return [each.partition(" (")[0].partition(",")[0] for each in said]
