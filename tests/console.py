"""People at the console, for the tests of views."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.db import connection
from django.test import Client

from accounts.models import OperatorRole, TenantRole
from accounts.services import create_user
from tenants.models import Tenant
from tenants.scope import public_scope, tenant_scope

PASSWORD = "correct horse battery"
OPERATOR_HOST = "ops.localhost"


class Visitor(Client):
    """A browser on one host. After each request the public schema is open again, as before it."""

    def __init__(self, host: str, language: str = "en", **options: Any) -> None:
        super().__init__(headers={"host": host, "accept-language": language}, **options)

    def request(self, **request: Any) -> Any:
        try:
            return super().request(**request)
        finally:
            connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants' backend

    def sign_in(self, email: str, password: str = PASSWORD, url: str = "/sign-in/") -> Any:
        return self.post(url, {"username": email, "password": password})


def host_of(tenant: Tenant) -> str:
    return f"{tenant.slug}.localhost"


def person(tenant: Tenant, role: TenantRole | OperatorRole = TenantRole.ADMIN) -> str:
    """The address of a new account of the tenant."""
    email = f"{role}@{tenant.slug}.example.jp"
    with tenant_scope(tenant):
        create_user(email=email, role=role, password=PASSWORD, language="en")
    return email


def operator(role: OperatorRole | TenantRole = OperatorRole.ADMIN) -> str:
    """The address of a new account of the operator."""
    email = f"{role}@example.net"
    with public_scope():
        create_user(email=email, role=role, password=PASSWORD, language="en")
    return email


def at_console(
    tenant: Tenant, role: TenantRole | OperatorRole = TenantRole.ADMIN, language: str = "en"
) -> Visitor:
    """Somebody who has signed in to the tenant's console."""
    visitor = Visitor(host_of(tenant), language)
    answer = visitor.sign_in(person(tenant, role))
    assert answer.status_code == 302, answer.content.decode()
    visitor.cookies["django_language"] = language
    return visitor


def at_operator(role: OperatorRole | TenantRole = OperatorRole.ADMIN) -> Visitor:
    """Somebody who has signed in to the operator's console."""
    visitor = Visitor(OPERATOR_HOST)
    assert visitor.sign_in(operator(role)).status_code == 302
    return visitor


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the page's text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def dangers(self) -> list[tuple[str, dict[str, str | None]]]:
        """Elements that could run a script or load something of somebody else."""
        return [
            (tag, attributes)
            for tag, attributes in self.elements
            if tag in {"script", "iframe", "object", "embed", "base", "style"}
            or any(name.startswith("on") or name in {"style", "srcdoc"} for name in attributes)
            or any(
                (attributes.get(name) or "").lower().lstrip().startswith(("javascript:", "data:"))
                for name in ("href", "src", "action", "formaction")
            )
        ]
