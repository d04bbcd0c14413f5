"""Whether the chain of forwarders holds, and what the last of them saw (RFC 8617)."""

from __future__ import annotations

from datetime import datetime

from mailsec.gateway import results_field
from mailsec.gateway.authentication import Arc, Result
from mailsec.gateway.checks import domains
from mailsec.gateway.dkim import chain, tags
from mailsec.gateway.dkim.canonical import SignedForm
from mailsec.gateway.errors import BadSignature
from mailsec.gateway.ports import Records


def check(form: SignedForm, author: str, records: Records, now: datetime) -> Arc:
    """The state of the chain as received. Never raises.

    ``author`` is the domain in From now: what a forwarder saw of another author does not count.
    Every way to fail is ``fail``, as RFC 8617 knows no other; only a key that nobody answers for
    is ``temperror``, so that it is not sealed for good.
    """
    if chain.is_empty(form):
        return Arc()
    try:
        sets = chain.sets_of(form)
    except BadSignature:
        return Arc(Result.FAIL)
    newest = sets[-1]
    try:
        sealer = tags.host(newest.seal_tags, "d")
        chain.check(form, sets, records, now)
    except BadSignature as error:
        temporary = error.result == Result.TEMPERROR
        result = Result.TEMPERROR if temporary else Result.FAIL
        return Arc(result, instances=len(sets))
    verdict, seen = results_field.dmarc_of(newest.results_value)
    same = not seen or domains.canonical(seen) == author
    passed = bool(author) and same and verdict == Result.PASS
    return Arc(Result.PASS, sealer, len(sets), author_passed=passed)
