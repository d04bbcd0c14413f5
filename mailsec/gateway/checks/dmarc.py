"""Whether the author in From is proved, and what his domain's owner asks for (RFC 7489)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mailsec.gateway.authentication import Dkim, Dmarc, Result, Spf
from mailsec.gateway.checks import domains
from mailsec.gateway.envelope import domain_of
from mailsec.gateway.errors import TemporaryResolverError
from mailsec.gateway.message import Message
from mailsec.gateway.ports import Records

MOST_AUTHORS = 5
_POLICIES = ("none", "quarantine", "reject")  # mildest first
_TAG = re.compile(r"\s*([A-Za-z]+)\s*=\s*([^;]*)")


@dataclass(frozen=True, slots=True)
class Record:
    """What a domain publishes, as it holds for one author: with ``policy`` his own or ``sp=``."""

    policy: str
    strict_dkim: bool = False
    strict_spf: bool = False


@dataclass(frozen=True, slots=True)
class Author:
    """One domain in From. ``record`` is None where nothing is published; ``answered`` is False
    where nobody answered."""

    domain: str
    record: Record | None = None
    answered: bool = True


def authors_of(message: Message) -> tuple[str, ...]:
    """The domains of all authors of all From fields, in order, without doubles.

    An author without a domain that can be looked up is an empty string.
    """
    found = (domains.canonical(domain_of(author.address)) for author in message.from_)
    return tuple(dict.fromkeys(found))


def is_single(message: Message, authors: tuple[str, ...]) -> bool:
    """Whether there is one From field with authors of one domain, as RFC 7489 needs (6.6.1)."""
    return len(message.all("from")) == 1 and len(authors) == 1


def published(domain: str, records: Records) -> Author:
    """The record of the domain, else of its organisation (section 6.6.3)."""
    organisation = domains.organisation(domain)
    try:
        for name in dict.fromkeys((domain, organisation)):
            found = [rest for text in records.texts(f"_dmarc.{name}") if (rest := _rest(text))]
            if found:
                # Several are as good as none, and the last word all the same.
                tags = _tags(found[0]) if len(found) == 1 else None
                return Author(domain, _record(tags, subdomain=name != domain) if tags else None)
    except TemporaryResolverError:
        return Author(domain, answered=False)
    return Author(domain)


def _rest(record: bytes) -> str:
    """What stands behind the version; empty for what is no record of DMARC."""
    first, _, rest = record.decode("latin-1").partition(";")
    return f";{rest}" if first.replace(" ", "").replace("\t", "") == "v=DMARC1" else ""


def _tags(rest: str) -> Mapping[str, str] | None:
    """The tags behind the version, None where they say nothing."""
    tags: dict[str, str] = {}
    for piece in rest[:4096].split(";"):
        match = _TAG.fullmatch(piece)
        if match:
            tags.setdefault(match[1].lower(), match[2].strip().lower())
    # Without a valid policy only a record with an address for reports counts, as none.
    if tags.get("p") not in _POLICIES:
        if not tags.get("rua", "").startswith("mailto:"):
            return None
        tags["p"] = "none"
    return tags


def _record(tags: Mapping[str, str], subdomain: bool) -> Record:
    policy = tags["p"]
    if subdomain and tags.get("sp") in _POLICIES:
        policy = tags["sp"]
    if tags.get("pct") == "0":
        # The owner is still trying: the next milder policy (section 6.6.4). No other share is
        # drawn by lot, since the same mail must be judged alike every time.
        policy = _POLICIES[max(0, _POLICIES.index(policy) - 1)]
    return Record(policy, tags.get("adkim") == "s", tags.get("aspf") == "s")


def judge(author: Author, spf: Spf, dkim: Iterable[Dkim]) -> Dmarc:
    """The result for one author (section 6.6.2).

    Errors of the domain name system count only where the answer could have proved the author.
    """
    record = author.record or Record("")
    by_dkim = {
        one.result for one in dkim if domains.aligned(one.domain, author.domain, record.strict_dkim)
    }
    by_spf = {spf.result} if domains.aligned(spf.domain, author.domain, record.strict_spf) else ()
    results = {*by_dkim, *by_spf}
    proved = Result.PASS in results
    if not author.answered:
        return Dmarc(Result.TEMPERROR, author.domain)
    if author.record is None:
        return Dmarc(Result.NONE, author.domain, aligned=proved)
    if proved:
        return Dmarc(Result.PASS, author.domain, record.policy, aligned=True)
    failed = Result.TEMPERROR if Result.TEMPERROR in results else Result.FAIL
    return Dmarc(failed, author.domain, record.policy)


def strictest(results: Iterable[Dmarc]) -> Dmarc:
    """Several authors are never proved: the failure with the strictest policy (6.6.1).

    More authors than anybody checks are no honest mail, and fail as if the owner had asked for
    quarantine.
    """
    found = list(results)
    failed = [one for one in found if one.result is Result.FAIL]
    if failed:
        return max(failed, key=lambda one: _POLICIES.index(one.policy))
    if len(found) > MOST_AUTHORS:
        return Dmarc(Result.FAIL, found[0].domain, "quarantine")
    return Dmarc(Result.PERMERROR, found[0].domain if found else "")
