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
    quarantine or reject, empty where nothing is published."""

    result: Result = Result.NONE
    domain: str = ""
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Arc:
    """The chain as received (RFC 8617): ``sealer`` is the domain of its last seal."""

    result: Result = Result.NONE
    sealer: str = ""
    instances: int = 0


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
        return self.dmarc.result is Result.PASS
