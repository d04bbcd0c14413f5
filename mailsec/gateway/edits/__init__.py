"""CHANGE: one file per edit. An edit does what was decided and judges nothing.

The order is here and nowhere else: what is taken out comes first, so that the notice finds the body
that is left; of outbound mail the recipients are hidden before its files are locked up; what was
changed is sealed or signed, and the trace block comes last, above everything. Edits do not import
each other; what several need stands in ``letter`` and ``removal`` (the parts), ``texts`` (the
words) and ``order`` (what to do).
"""

from __future__ import annotations

from collections.abc import Callable

from mailsec.gateway.edits import (
    arc_seal,
    attachments,
    authentication_results,
    banner,
    dkim_signature,
    hidden_recipients,
    long_lines,
    subject,
    trace,
    zip_archive,
)
from mailsec.gateway.edits.order import Order
from mailsec.gateway.message import Message

Edit = Callable[[Message, Order], Message]

EDITS: tuple[Edit, ...] = (
    attachments.edit,
    hidden_recipients.edit,
    zip_archive.edit,
    banner.edit,
    subject.edit,
    long_lines.edit,
    authentication_results.edit,
    arc_seal.edit,
    dkim_signature.edit,
    trace.edit,
)
