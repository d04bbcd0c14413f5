"""Rows of this app."""

from tenants.models.connector import Connector, Proof
from tenants.models.contract import Contract
from tenants.models.mail_domain import MailDomain
from tenants.models.next_hop import NextHop, TlsChoice
from tenants.models.tenant import State, Tenant
from tenants.models.tenant_key import TenantKey
from tenants.models.web_host import WebHost

__all__ = [
    "Connector",
    "Contract",
    "MailDomain",
    "NextHop",
    "Proof",
    "State",
    "Tenant",
    "TenantKey",
    "TlsChoice",
    "WebHost",
]
