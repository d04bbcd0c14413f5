"""LOOK: one file per check. A filter finds facts and changes nothing.

The order is here and nowhere else. A filter for whole messages goes into ``FILTERS``, one for each
file of a message (archive members included) into ``CONTENT_FILTERS``. Filters do not import each
other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mailsec.gateway.case import Case
from mailsec.gateway.contents import Content
from mailsec.gateway.filters import (
    authentication,
    authorship,
    brand_name,
    file_types,
    hidden_text,
    impersonated_name,
    link_mismatch,
    listed,
    lookalike_domain,
    money_request,
    readable,
    reply_to_elsewhere,
    spam,
    structure,
    virus,
)
from mailsec.gateway.verdict import Finding

Filter = Callable[[Case], Iterable[Finding]]
ContentFilter = Callable[[Content, Case], Iterable[Finding]]

FILTERS: tuple[Filter, ...] = (
    structure.look,
    listed.look,
    authentication.look,
    authorship.look,
    impersonated_name.look,
    brand_name.look,
    lookalike_domain.look,
    reply_to_elsewhere.look,
    link_mismatch.look,
    hidden_text.look,
    money_request.look,
    spam.look,
)
CONTENT_FILTERS: tuple[ContentFilter, ...] = (readable.look, virus.look, file_types.look)
