"""The domain name system for one message: within a time, whoever's servers are asked."""

from __future__ import annotations

from collections.abc import Callable

from mailsec.gateway.errors import TemporaryResolverError
from mailsec.gateway.ports import MailExchanger, Records


class BoundedRecords:
    """Asks ``records`` until ``seconds`` are over; from then on nothing is answered any more.

    A sender owns the servers that are asked about him, so a message may not wait for as many
    answers as he likes. One look-up that is under way is not cut short, so the whole takes
    ``seconds`` and one look-up at most. ``timer`` is monotonic.
    """

    def __init__(self, records: Records, seconds: float, timer: Callable[[], float]) -> None:
        self._records = records
        self._timer = timer
        self._end = timer() + seconds

    @property
    def seconds_left(self) -> float:
        return max(0.0, self._end - self._timer())

    def _within_time(self) -> Records:
        if not self.seconds_left:
            raise TemporaryResolverError("No time is left for look-ups")
        return self._records

    def mail_exchangers(self, domain: str) -> tuple[MailExchanger, ...]:
        return self._within_time().mail_exchangers(domain)

    def addresses(self, host: str) -> tuple[str, ...]:
        return self._within_time().addresses(host)

    def texts(self, name: str) -> tuple[bytes, ...]:
        return self._within_time().texts(name)

    def names_of(self, ip: str) -> tuple[str, ...]:
        return self._within_time().names_of(ip)

    def exchangers_of(self, domain: str) -> tuple[str, ...]:
        return self._within_time().exchangers_of(domain)

    def addresses_of(self, host: str, version: int) -> tuple[str, ...]:
        return self._within_time().addresses_of(host, version)


class NoRecords:
    """Where no name server may be asked: every look-up fails at once, and nothing passes."""

    def _fail(self, *asked: object) -> TemporaryResolverError:
        return TemporaryResolverError("No name server is asked")

    def mail_exchangers(self, domain: str) -> tuple[MailExchanger, ...]:
        raise self._fail()

    def addresses(self, host: str) -> tuple[str, ...]:
        raise self._fail()

    def texts(self, name: str) -> tuple[bytes, ...]:
        raise self._fail()

    def names_of(self, ip: str) -> tuple[str, ...]:
        raise self._fail()

    def exchangers_of(self, domain: str) -> tuple[str, ...]:
        raise self._fail()

    def addresses_of(self, host: str, version: int) -> tuple[str, ...]:
        raise self._fail()
