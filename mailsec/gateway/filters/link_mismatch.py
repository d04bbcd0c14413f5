"""Links that say one thing and lead to another, or hide where they lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from mailsec.gateway.case import Case
from mailsec.gateway.deception import data, domains, senders
from mailsec.gateway.deception.confusables import mixes_scripts
from mailsec.gateway.deception.details import cleaned
from mailsec.gateway.deception.domains import Target
from mailsec.gateway.envelope import Direction
from mailsec.gateway.message import Anchor
from mailsec.gateway.verdict import Finding, Severity

CHECK = "link-mismatch"
_MOST_LINKS = 1_000
_MOST_FOUND = 3  # of each code
_LOCAL = re.compile(r"10\.|127\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\.|::1$|f[cd]|fe80")
_SCRIPT = re.compile(r"(?i)(?:javascript|vbscript|data):")
_IDLE = re.compile(r"(?i)javascript:(?:void(?:\(0?\)|0)?)?;?")


def look(case: Case) -> Iterator[Finding]:
    """At most a few findings of each code.

    ``link-mismatch``   the text is a host of another owner than the one it leads to
    ``link-script``     a program or a whole page stands in place of an address
    ``link-userinfo``   a host's name stands in front of the real one: http://bank@other
    ``link-ip-address`` words lead to a bare IP address, or one is written so that none is seen
    ``link-scripts``    one label of the host mixes Latin letters with others of the same shape
    """
    if case.envelope.direction is not Direction.INBOUND:
        return
    proved = _proved_owner(case)
    count: dict[str, int] = {}
    for finding in dict.fromkeys(_found(case, proved)):
        code = finding[0]
        count[code] = count.get(code, 0) + 1
        if count[code] <= _MOST_FOUND:
            detail = cleaned(shown=finding[1], target=finding[2])
            yield Finding(CHECK, code, Severity.SUSPICIOUS, detail=detail)


def _proved_owner(case: Case) -> str:
    """Who surely wrote the message; his own counting of clicks is no deceit."""
    authors = senders.authors(case.message)
    if len(authors) != 1 or not case.authentication.author_is_authentic:
        return ""
    return domains.registrable(senders.host_of(authors[0]))


def _found(case: Case, proved: str) -> Iterator[tuple[str, str, str]]:
    """(code, what is shown, where it leads) of every link that deceives."""
    for anchor in case.message.anchors[:_MOST_LINKS]:
        if _SCRIPT.match(anchor.href):
            if not _IDLE.fullmatch("".join(anchor.href.split())):
                yield "link-script", anchor.text, anchor.href
            continue
        target = domains.target_of(anchor.href)
        if target.host:
            yield from _of_anchor(anchor, target, proved)
    for link in case.message.links[:_MOST_LINKS]:
        target = domains.target_of(link)
        if domains.host_in(unquote(target.userinfo).partition(":")[0]):
            yield "link-userinfo", unquote(target.userinfo), target.host
        elif any(map(mixes_scripts, domains.readable(target.host).split("."))):
            yield "link-scripts", domains.readable(target.host), target.host
        elif _is_disguised(target.host):
            yield "link-ip-address", link, target.host


def _of_anchor(anchor: Anchor, target: Target, proved: str) -> Iterator[tuple[str, str, str]]:
    shown = domains.host_in(anchor.text)
    if domains.is_address(target.host):
        if target.host not in anchor.text and not _LOCAL.match(target.host):
            yield "link-ip-address", anchor.text, target.host
        return
    if not shown or domains.same_owner(shown, target.host):
        return
    if proved and proved in (domains.registrable(shown), domains.registrable(target.host)):
        return
    if not domains.under(target.host, data.link_rewriters()):
        yield "link-mismatch", shown, target.host


def _is_disguised(host: str) -> bool:
    """An IP address in a form that people do not read as one."""
    if not domains.is_address(host) or ":" in host:
        return False
    parts = host.split(".")
    return len(parts) != 4 or any(part.startswith("0") and part != "0" for part in parts)
