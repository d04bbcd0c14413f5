"""What may be wrong with a mail that waits for its sender's word: facts, one file each."""

from __future__ import annotations

from mailsec.gateway.outbound.risks import (
    first_mail,
    lookalike,
    missing_attachment,
    other_company,
    personal_numbers,
    salutation,
)
from mailsec.gateway.outbound.risks.facts import Dispatch, Risk

# In the order in which the sender reads them.
RISKS = (
    lookalike.look,
    other_company.look,
    salutation.look,
    first_mail.look,
    missing_attachment.look,
    personal_numbers.look,
)


def find(mail: Dispatch) -> tuple[Risk, ...]:
    """Everything that is risky about the mail. Never raises on any bytes."""
    return tuple(risk for look in RISKS for risk in look(mail))
