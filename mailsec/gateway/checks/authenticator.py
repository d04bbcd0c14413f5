"""SPF, DKIM, DMARC and ARC of one message, behind the port ``Authenticator``."""

from __future__ import annotations

from collections.abc import Callable

from mailsec.gateway.authentication import Authentication, Dmarc
from mailsec.gateway.checks import arc, dkim, dmarc, domains, spf
from mailsec.gateway.checks.lookups import BoundedRecords
from mailsec.gateway.dkim.canonical import SignedForm
from mailsec.gateway.envelope import Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.ports import Clock, Records

# With one look-up that is under way when they are over, 20 s in the worst case.
SECONDS = 12.0


class SenderAuthenticator:
    """Checks one message as received, within ``seconds`` of look-ups.

    What could prove the author is asked for first: a forger who adds signatures of domains whose
    servers are slow would else use up the time, and a time-out is milder than a failure.
    """

    def __init__(
        self,
        records: Records,
        clock: Clock,
        timer: Callable[[], float],
        seconds: float = SECONDS,
    ) -> None:
        self._records = records
        self._clock = clock
        self._timer = timer
        self._seconds = seconds

    def check(self, message: Message, envelope: Envelope) -> Authentication:
        """All results; never raises, and a look-up without an answer is never a pass."""
        records = BoundedRecords(self._records, self._seconds, self._timer)
        now, form = self._clock(), SignedForm(message)
        names = dmarc.authors_of(message)
        asked = [name for name in names if name][: dmarc.MOST_AUTHORS]
        authors = [dmarc.published(name, records) for name in asked]

        def speaks_for_author(domain: str) -> bool:
            return any(domains.aligned(domain, name) for name in asked)

        own = dkim.check(form, records, now, speaks_for_author)
        of_envelope = spf.check(envelope, records)
        others = dkim.check(form, records, now, lambda domain: not speaks_for_author(domain))
        signatures = tuple(one for _, one in sorted({**own, **others}.items()))
        judged = [dmarc.judge(author, of_envelope, signatures) for author in authors]
        single = dmarc.is_single(message, names) and bool(judged)
        judged += [Dmarc(domain=name) for name in names[dmarc.MOST_AUTHORS :]]
        return Authentication(
            spf=of_envelope,
            dkim=signatures,
            dmarc=judged[0] if single else dmarc.strictest(judged),
            arc=arc.check(form, asked[0] if single else "", records, now),
        )
