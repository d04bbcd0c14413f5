"""What the sender's name, address and domains have to do with each other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsec.gateway.envelope import domain_of
from mailsec.gateway.message import Address, Message
from mailsec.gateway.reading import addresses
from mailsec.gateway.spam.text import LONGEST_LINE

FREE_MAIL = frozenset(
    "gmail.com googlemail.com yahoo.com yahoo.co.jp hotmail.com hotmail.co.jp outlook.com "
    "outlook.jp live.com live.jp msn.com aol.com icloud.com me.com gmx.com gmx.net gmx.de web.de "
    "mail.ru yandex.ru qq.com 163.com 126.com sina.com excite.com excite.co.jp protonmail.com "
    "proton.me docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp".split()
)
# Registries whose second level is the public suffix.
_SECOND_LEVELS = frozenset("co ne or ac go gr ed lg ad com net org gov edu".split())
_DIGITS = re.compile(r"\d")
_IN_NAME = re.compile(r"[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63}){1,6})")
_DOMAIN_IN_NAME = re.compile(r"\b[\w-]{2,63}\.(?:com|net|org|co\.jp|jp|info|biz)\b", re.IGNORECASE)
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5,}", re.IGNORECASE)


def registered(domain: str) -> str:
    """The domain that its owner registered, by rule of thumb and without a list."""
    labels = domain.rstrip(".").lower().split(".")
    # Names below example.com and its like (RFC 2606) stand for owners of their own.
    if len(labels) > 2 and labels[-2] == "example":
        return ".".join(labels[-3:])
    keep = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS else 2
    return ".".join(labels[-keep:])


def top_level(domain: str) -> str:
    """The last label, ``none`` where there is none."""
    last = domain.rpartition(".")[2].lower()
    return last if 2 <= len(last) <= 24 and last.isalnum() else "none"


def shape(name: str) -> Iterator[str]:
    """What a label or local part looks like; machines and throw-away domains have their own."""
    name = name[:LONGEST_LINE]
    digits = len(_DIGITS.findall(name))
    if digits:
        yield "digits-some" if digits * 3 < len(name) else "digits-many"
    if len(name) > 20:
        yield "long"
    if name.count("-") > 1:
        yield "hyphens"
    if _CONSONANTS.search(name):
        yield "unpronounceable"


def facts(message: Message) -> Iterator[str]:
    """Facts on From and Reply-To; the envelope says the same where it is honest."""
    authors = message.from_
    if not authors:
        yield "no-author"
        return
    if len(authors) > 1:
        yield "several-authors"
    author = authors[0]
    yield from _address(author)
    yield from _name(author)
    yield from _reply_to(message, author)


def _address(author: Address) -> Iterator[str]:
    domain = domain_of(author.address)
    local = author.address.rpartition("@")[0]
    if not domain:
        yield "no-address"
        return
    yield f"tld-{top_level(domain)}"
    if domain in FREE_MAIL:
        yield "free-mail"
    else:
        yield from (f"domain-{one}" for one in shape(registered(domain).partition(".")[0]))
        if domain.count(".") > 3:
            yield "domain-deep"
    if "xn--" in domain:
        yield "domain-idn"
    if local.lower() in ("mailer-daemon", "postmaster"):
        yield "local-daemon"
    yield from (f"local-{one}" for one in shape(local))


def _name(author: Address) -> Iterator[str]:
    name = author.name[:LONGEST_LINE].strip()
    if not name:
        yield "no-name"
        return
    claimed = _IN_NAME.search(name)
    if claimed is not None:
        same = registered(claimed[1]) == registered(domain_of(author.address))
        yield "name-is-address" if same else "name-is-other-address"
    elif (named := _DOMAIN_IN_NAME.search(name)) is not None:
        same = registered(named[0]) == registered(domain_of(author.address))
        yield "name-is-domain" if same else "name-is-other-domain"
    if name.isupper() and len(name) > 4:
        yield "name-capitals"
    if not name.isascii() and domain_of(author.address).endswith(".cn"):
        yield "foreign-name-cn"


def _reply_to(message: Message, author: Address) -> Iterator[str]:
    answers = addresses.read(message.all("reply-to"))
    if not answers:
        return
    there, here = domain_of(answers[0].address), domain_of(author.address)
    if registered(there) == registered(here):
        yield "reply-same-domain"
        return
    yield "reply-elsewhere"
    if there in FREE_MAIL:
        yield "reply-free-mail"
