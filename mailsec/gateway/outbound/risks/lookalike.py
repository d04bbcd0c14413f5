"""Domains that look like one that the company writes to: a slip of the keys, or a fraud."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from mailsec.gateway.deception import data, domains
from mailsec.gateway.deception.brands import Model
from mailsec.gateway.deception.confusables import distance
from mailsec.gateway.deception.details import cleaned
from mailsec.gateway.deception.resemblance import Likeness, Models, Way
from mailsec.gateway.envelope import domain_of
from mailsec.gateway.outbound.risks.facts import Dispatch, Risk, RiskCode

_LEAST = 8  # characters of a domain; aol.com is one slip away from many
# Of thousands of partners many have a common word for a name, which others hold by right.
_WAYS = frozenset((Way.LOOK, Way.SPELLING, Way.SUFFIX, Way.SUBDOMAIN))
# Mail services under one suffix alone: yahoo.com.au is as genuine as yahoo.com, gmail.co.jp is not.
_SINGLE = frozenset(("gmail.com", "icloud.com", "docomo.ne.jp", "ezweb.ne.jp"))


def look(mail: Dispatch) -> Iterator[Risk]:
    """``lookalike`` for each recipient at a new domain that resembles a known one, an own one, or
    one of the great mail services."""
    if mail.correspondence is None:
        return
    hosts = {each: domains.readable(domain_of(each)) for each in mail.recipients}
    written = {domains.readable(name) for name in mail.correspondence.domains()}
    new = {host for host in hosts.values() if host and not _is_known(host, written)}
    if not new:
        return
    models = _models(written, mail.own_domains)
    for recipient, host in hosts.items():
        if host not in new:
            continue
        service = _misspelled_service(host)
        likeness = models.like(host)
        if service:
            detail = cleaned(domain=host, resembles=service, way=Way.SPELLING.value)
            yield Risk(RiskCode.LOOKALIKE, recipient, detail)
        elif likeness is not None and _is_odd(likeness, written):
            detail = cleaned(domain=host, resembles=likeness.model.domain, way=likeness.way.value)
            yield Risk(RiskCode.LOOKALIKE, recipient, detail)


def _is_odd(likeness: Likeness, written: set[str]) -> bool:
    name = likeness.model.domain
    namesake = likeness.way is Way.SUFFIX and name in data.free_mail() - _SINGLE - written
    return likeness.way in _WAYS and not namesake


def _misspelled_service(host: str) -> str:
    """The mail service of which a domain is one slip away: gmai.com leaked whole address books."""
    if host in data.free_mail() or len(host) < _LEAST:
        return ""
    return next((name for name in _services() if distance(host, name, 1) == 1), "")


@cache
def _services() -> tuple[str, ...]:
    return tuple(sorted(name for name in data.free_mail() if len(name) > _LEAST))


def _is_known(host: str, written: set[str]) -> bool:
    return host in written or domains.registrable(host) in written


def _models(written: set[str], own: tuple[str, ...]) -> Models:
    genuine = [*(domains.readable(name) for name in own), *sorted(written), *data.free_mail()]
    names = [name for name in dict.fromkeys(genuine) if name]
    return Models(
        tuple(Model(name, "") for name in names),
        frozenset(names) | frozenset(domains.registrable(name) for name in names),
    )
