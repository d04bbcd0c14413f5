"""Recipients of another company than nearly all the others: a name picked from the wrong line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mailsec.gateway.deception import data, domains
from mailsec.gateway.deception.details import cleaned
from mailsec.gateway.envelope import domain_of
from mailsec.gateway.outbound.risks.facts import Dispatch, Risk, RiskCode


def look(mail: Dispatch) -> Iterator[Risk]:
    """``other-company`` for each recipient outside the company that most belong to.

    There is such a company where it has at least two recipients, and twice as many as all the
    rest; a mail service that anybody may use is none.
    """
    companies = {each: domains.registrable(domain_of(each)) for each in mail.recipients}
    ranked = Counter(companies.values()).most_common(1)
    if not ranked:
        return
    company, count = ranked[0]
    others = len(companies) - count
    if count < 2 or not 0 < 2 * others <= count or not company or company in data.free_mail():
        return
    for recipient, other in companies.items():
        if other != company:
            yield Risk(RiskCode.OTHER_COMPANY, recipient, cleaned(domain=other, company=company))
