"""What the checks of SPF, DKIM, DMARC and ARC say of a message, as frozen values (RFC 8601)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Result(StrEnum):
    """The result names of RFC 8601 section 2.7."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - the name of a result, no secret
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    POLICY = "policy"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class Spf:
    """RFC 7208. ``domain`` is the one that was checked, ``scope`` ``mailfrom`` or ``helo``."""

    result: Result = Result.NONE
    domain: str = ""
    scope: str = "mailfrom"


@dataclass(frozen=True, slots=True)
class Dkim:
    """One signature (RFC 6376): the signing domain, its selector and why it does not hold."""

    result: Result
    domain: str = ""
    selector: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Dmarc:
    """RFC 7489. ``domain`` is the author's; ``policy`` what its owner asks for: none,
    quarantine or reject, empty where nothing is published.

    ``aligned`` says that an SPF or DKIM pass proves the author's domain, which holds for a pass
    and may hold where the domain publishes no policy (``none``).
    """

    result: Result = Result.NONE
    domain: str = ""
    policy: str = ""
    aligned: bool = False


@dataclass(frozen=True, slots=True)
class Arc:
    """The chain as received (RFC 8617): ``sealer`` is the domain of its last seal.

    ``author_passed`` says that the sealer saw DMARC pass for the author; that is worth what the
    sealer is worth, and nothing where the chain does not hold.
    """

    result: Result = Result.NONE
    sealer: str = ""
    instances: int = 0
    author_passed: bool = False


class Failure(StrEnum):
    """How the sender's authentication failed, as far as anything follows from it."""

    DMARC = "dmarc-fail"
    SPF = "spf-fail"
    FORWARDED = "forwarded"  # DMARC fails, but a trusted forwarder saw it pass


@dataclass(frozen=True, slots=True)
class Authentication:
    """All results for one message. Without any check nothing is authentic."""

    spf: Spf = field(default_factory=Spf)
    dkim: tuple[Dkim, ...] = ()
    dmarc: Dmarc = field(default_factory=Dmarc)
    arc: Arc = field(default_factory=Arc)

    @property
    def author_is_authentic(self) -> bool:
        """Whether the domain of the one author in From is proved by an aligned SPF or DKIM pass.

        True only where DMARC's alignment holds, also for a domain that publishes no policy.
        """
        return self.dmarc.result is Result.PASS or self.dmarc.aligned

    def failure(
        self, exceptions: tuple[str, ...] = (), sealers: tuple[str, ...] = ()
    ) -> Failure | None:
        """What speaks against the sender, None where nothing does.

        Authors of the domains in ``exceptions`` never fail, and an envelope of theirs does not;
        another author is excused by it only where SPF proves it, since anybody can write one.
        ``sealers`` are the domains whose ARC seals are believed. SPF alone counts only where the
        author is not proved by other means.
        """
        if _under(self.dmarc.domain, exceptions):
            return None
        excepted = _under(self.spf.domain, exceptions)
        if self.dmarc.result is Result.FAIL:
            if excepted and self.spf.result is Result.PASS:
                return None
            return Failure.FORWARDED if self._forwarded(sealers) else Failure.DMARC
        if excepted or self.author_is_authentic or self.spf.result is not Result.FAIL:
            return None
        return Failure.SPF

    def _forwarded(self, sealers: tuple[str, ...]) -> bool:
        chain = self.arc
        return chain.result is Result.PASS and chain.author_passed and chain.sealer in sealers


def _under(domain: str, domains: tuple[str, ...]) -> bool:
    return any(domain == name or domain.endswith(f".{name}") for name in domains)
