"""What speaks against the sender, by SPF, DKIM, DMARC and ARC."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from mailsec.gateway.authentication import Failure
from mailsec.gateway.case import Case
from mailsec.gateway.file_names import clean_name
from mailsec.gateway.verdict import Finding, Severity

CHECK = "authentication"


def look(case: Case) -> Iterator[Finding]:
    """One finding where authentication failed, none for the tenant's exceptions.

    ``dmarc-fail`` and ``spf-fail`` are unwanted, ``forwarded`` is a note: a forwarder that the
    tenant trusts saw the author proved.
    """
    found, policy = case.authentication, case.policy
    failure = found.failure(policy.authentication_exceptions, policy.arc_sealers)
    if failure is None:
        return
    detail = {
        Failure.DMARC: {"domain": found.dmarc.domain, "policy": found.dmarc.policy or "none"},
        Failure.SPF: {"domain": found.spf.domain, "ip": case.envelope.client.ip},
        Failure.FORWARDED: {"domain": found.dmarc.domain, "sealer": found.arc.sealer},
    }[failure]
    severity = Severity.NOTE if failure is Failure.FORWARDED else Severity.UNWANTED
    cleaned = {key: clean_name(text) for key, text in detail.items()}
    yield Finding(CHECK, failure.value, severity, detail=MappingProxyType(cleaned))
