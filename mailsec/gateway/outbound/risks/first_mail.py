"""Addresses that no mail of the company went to before."""

from __future__ import annotations

from collections.abc import Iterator

from mailsec.gateway.outbound.risks.facts import Dispatch, Risk, RiskCode


def look(mail: Dispatch) -> Iterator[Risk]:
    """``first-mail`` for each recipient who is new."""
    if mail.correspondence is None:
        return
    known = frozenset(mail.correspondence.known(mail.recipients))
    for recipient in mail.recipients:
        if recipient not in known:
            yield Risk(RiskCode.FIRST_MAIL, recipient)
