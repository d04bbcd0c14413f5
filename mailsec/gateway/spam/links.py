"""What the links of a mail look like, and whether they lead where they say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import SplitResult, urlsplit

from mailsec.gateway.envelope import domain_of
from mailsec.gateway.message import Message
from mailsec.gateway.spam.sender import registered, shape, top_level

_MOST = 40
_MOST_SOURCE = 64_000
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_ANCHOR = re.compile(r"<a\s([^<>]{0,4000}+)>", re.IGNORECASE)
_TARGET = re.compile(r"\bhref\s*+=\s*+[\"']?\s*+(https?://[^\s\"']{1,2000})", re.IGNORECASE)
_TAGS = re.compile(r"<[^>]{0,2000}>")
_SHOWN_HOST = re.compile(r"(?:https?://|www\.)([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})", re.IGNORECASE)
_SHORTENERS = frozenset(
    "bit.ly t.co goo.gl tinyurl.com ow.ly is.gd buff.ly rebrand.ly cutt.ly t.ly x.gd tiny.cc "
    "shorturl.at rb.gy lnkd.in s.id".split()
)
_HOSTED = (
    ".blogspot.com", ".weebly.com", ".web.app", ".pages.dev", ".workers.dev", ".github.io",
    ".herokuapp.com", ".vercel.app", ".netlify.app", ".r2.dev", ".amazonaws.com",
    ".windows.net", ".googleapis.com", ".azurewebsites.net", ".firebaseapp.com", ".wixsite.com",
)  # fmt: skip
_TOKEN = re.compile(r"[A-Za-z0-9_-]{30,}")


def hosts(message: Message) -> tuple[str, ...]:
    """The hosts that the links name, in order, each once."""
    return _named(map(split, message.links[:_MOST]))


def _named(urls: Iterable[SplitResult | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(host for url in urls if (host := host_of(url))))


def split(link: str) -> SplitResult | None:
    """The link's pieces, or None where it is none."""
    try:
        return urlsplit(link[:2000])
    except ValueError:
        return None


def host_of(url: SplitResult | None) -> str:
    """The host in lower case, empty where there is none."""
    try:
        return (url.hostname or "").rstrip(".") if url is not None else ""
    except ValueError:
        return ""


def facts(message: Message) -> Iterator[str]:
    """Facts on all links together, then on each kind of link once."""
    links = message.links[:_MOST]
    if not links:
        yield "none"
        return
    author = registered(domain_of(message.from_[0].address)) if message.from_ else ""
    urls = [split(link) for link in links]
    names = _named(urls)
    owners = {registered(name) for name in names}
    yield f"owners-{min(len(owners), 5)}"
    yield f"count-{min(len(links), 20).bit_length()}"
    if author:
        yield "own-domain" if author in owners else "foreign-domains-only"
    found: dict[str, None] = {}
    for url in urls:
        for fact in _one(url):
            found[fact] = None
    yield from found
    yield from _anchors(message)


def _one(url: SplitResult | None) -> Iterator[str]:
    host = host_of(url)
    if url is None or not host:
        yield "unreadable"
        return
    if _IPV4.fullmatch(host) or ":" in host:
        yield "ip-host"
    else:
        yield f"tld-{top_level(host)}"
        yield from (f"host-{one}" for one in shape(registered(host).partition(".")[0]))
        if host.count(".") > 3:
            yield "host-deep"
    if "xn--" in host:
        yield "host-idn"
    if registered(host) in _SHORTENERS:
        yield "shortener"
    if host.endswith(_HOSTED):
        yield "hosted-page"
    yield from _rest(url)


def _rest(url: SplitResult) -> Iterator[str]:
    if "@" in url.netloc:
        yield "user-in-link"
    if ":" in url.netloc.rpartition("@")[2] and not url.netloc.endswith((":80", ":443")):
        yield "port"
    if not url.path.strip("/") and not url.query:
        yield "bare-host"
    if "@" in url.query or "@" in url.fragment or "@" in url.path:
        yield "address-in-link"
    if _TOKEN.search(url.path) or _TOKEN.search(url.query):
        yield "token-in-link"
    if url.path.lower().endswith((".php", ".cgi", ".asp")):
        yield "script-path"
    if url.query:
        yield "query"
    if url.fragment:
        yield "fragment"


def _anchors(message: Message) -> Iterator[str]:
    """Whether a link shows the name of another host than it leads to."""
    for part in message.parts:
        if part.content_type != "text/html" or part.disposition == "attachment":
            continue
        source = part.text()[:_MOST_SOURCE]
        for number, match in enumerate(_ANCHOR.finditer(source)):
            if number >= _MOST:
                return
            shown = _TAGS.sub("", source[match.end() : match.end() + 300].partition("</a")[0])
            claimed, target = _SHOWN_HOST.search(shown), _TARGET.search(match[1])
            if claimed is None or target is None:
                continue
            if registered(claimed[1]) != registered(host_of(split(target[1]))):
                yield "shows-other-host"
                return
