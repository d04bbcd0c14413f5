"""Letters that greet somebody who is not among the recipients.

Said only where it is sure: the name has to be a known family name, or a Latin one with a title, and
every recipient's name or address has to show another one. ``info@`` may be anybody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from mailsec.gateway.deception.details import cleaned
from mailsec.gateway.envelope import domain_of
from mailsec.gateway.message import Address, Message
from mailsec.gateway.outbound.risks.facts import Dispatch, Risk, RiskCode
from mailsec.gateway.outbound.risks.surnames import readings_in, readings_of, standard, surname_of

_LINES = 6  # with text, from the top: below it others are written about, not to
_LONGEST_LINE = 80
_MOST = 20  # people: a letter to more greets nobody by name
# A name stands alone or behind what it is parted from: 営業部 田中様.
_JAPANESE = re.compile(
    r"(?:^|[\s、,・/／:：])([々一-鿿ァ-ヶー]{1,8})(?:[ 　]([々一-鿿ぁ-んァ-ヶー]{1,6}))?[ 　]?"
    r"(様|さま|さん|殿|先生)(?=$|[\s、,。.・/／:：()!])"
)
_TITLED = re.compile(
    r"^(?:(?:dear|hello|hi|good [a-z]{3,9}),? )?"
    r"((?:(?<=dear )miss|mr|mrs|ms|dr|prof|professor)\.? "
    r"([a-z][a-z'’-]+(?: [a-z][a-z'’-]+)?))(?=\s*(?:[,:!.、]|$))"
)
_SAN = re.compile(r"(?:^|\s)([a-z]{2,20})[- ]san\b")
# 田中商事様 is a company.
_COMPANY = re.compile(
    r"(?:社|商事|商店|商会|工業|産業|製作所|銀行|証券|建設|電機|電気|運輸|物流|病院|医院|クリニック|事務所|"
    r"大学|高校|学園|組合|協会|グループ|ホールディングス|システム|サービス|店|部|課|室|係|局|家|城|県|府|都|区|町|村|市)$"
)
# What is no person's name in a display name or a local part.
_GENERIC = frozenset(
    "info sales support service contact office admin mail web shop order team group customer help "
    "desk center centre account accounting accounts billing finance hr recruit press public staff "
    "company corp corporation inc ltd llc co kk gmbh limited store department dept division "
    "tokyo osaka nagoya japan jp global the and of for no reply noreply news".split()
)
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class _Person:
    """What a recipient's name and address show: readings of known names, and Latin words."""

    readings: frozenset[str]
    words: frozenset[str]
    local: str

    @property
    def has_name(self) -> bool:
        return bool(self.readings or len(self.words) > 1)

    def is_called(self, names: frozenset[str]) -> bool:
        return bool(names & self.readings or names & self.words) or any(
            name in self.local for name in names
        )


def look(mail: Dispatch) -> Iterator[Risk]:
    """``salutation`` for each name that is greeted and fits nobody the mail goes to."""
    greeted = dict(_greeted(mail.letter))
    if not greeted:
        return
    people = _people(mail.message, mail.recipients)
    if not people or len(people) > _MOST:
        return
    own = frozenset(mail.own_domains)
    shown = {each.address.strip().lower() for each in mail.message.to}
    if not all(
        person.has_name
        for address, person in people.items()
        if address in shown or domain_of(address) not in own
    ):
        return
    for name, forms in greeted.items():
        if not any(person.is_called(forms) for person in people.values()):
            yield Risk(RiskCode.SALUTATION, detail=cleaned(name=name))


def _greeted(letter: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The names as they are written, with the Latin forms that may stand for them."""
    lines = [line.strip() for line in letter[:4000].split("\n") if line.strip()]
    for line in lines[:_LINES]:
        if len(line) > _LONGEST_LINE:
            continue
        line = unicodedata.normalize("NFKC", line)
        for found in _JAPANESE.finditer(line):
            surname = _surname(found[1], found[2] or "")
            if surname:
                yield surname + found[3], readings_of(surname)
        low = line.lower()
        for match in _TITLED.finditer(low):
            yield match[1], frozenset(match[2].split())
        for match in _SAN.finditer(low):
            if readings_in([match[1]]):
                yield match[0].strip(), frozenset((match[1],))


def _surname(first: str, second: str) -> str:
    """The family name of 田中, 田中 太郎 or 営業部 田中."""
    for word in (second, first):
        if not word or _COMPANY.search(word):
            continue
        surname = surname_of(word)
        if surname and (len(surname) > 1 or len(word) == 1):
            return surname
    return ""


def _people(message: Message, recipients: tuple[str, ...]) -> dict[str, _Person]:
    named: dict[str, str] = dict.fromkeys(recipients, "")
    for each in (*message.to[: 2 * _MOST], *message.cc[: 2 * _MOST]):
        if "@" in each.address:
            named[each.address.strip().lower()] = each.name
    return {address: _person(Address(name, address)) for address, name in named.items()}


def _person(someone: Address) -> _Person:
    name = standard(someone.name[:200])
    local = someone.address.rpartition("@")[0].lower()[:64]
    surnames = [surname_of(word) for word in re.split(r"[\s()（）/,、]+", name) if word]
    latin = _WORD.findall(name) if name.isascii() else []
    pieces = _WORD.findall(local)
    readings = frozenset(
        reading for surname in surnames if surname for reading in readings_of(surname)
    ) | readings_in([*latin, *pieces])
    words = frozenset(word for word in (latin if len(latin) > 1 else pieces) if len(word) > 1)
    return _Person(readings, words if words.isdisjoint(_GENERIC) else frozenset(), local)
