"""Which genuine domain another one looks like, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from mailsec.gateway.deception import brands, domains
from mailsec.gateway.deception.brands import Model
from mailsec.gateway.deception.confusables import distance, skeleton

_SHORT = 4  # letters: shorter labels are compared by look or as a whole only
_SPELLED = 6  # from here on one slip in the spelling counts
_LONG = 12  # and from here on two
# Nobody writes from example.com and its like, which stand for different owners (RFC 2606).
_RESERVED = "example"
_PIECES = re.compile("[.-]")
_LONGEST = 63  # octets of a label (RFC 1035 section 2.3.4)


class Way(StrEnum):
    """How one domain resembles another."""

    LOOK = "look"
    SPELLING = "spelling"
    PART = "part"
    SUFFIX = "suffix"
    SUBDOMAIN = "subdomain"


@dataclass(frozen=True, slots=True)
class Likeness:
    """The genuine domain that is imitated, whose it is, and the way it is done."""

    model: Model
    way: Way


class Models:
    """Genuine domains, laid out for quick comparison."""

    def __init__(self, models: tuple[Model, ...], genuine: frozenset[str]) -> None:
        self._genuine = genuine
        self._by_domain = {model.domain: model for model in models}
        self._by_label: dict[str, Model] = {}
        self._by_look: dict[str, Model] = {}
        self._by_start: dict[str, list[tuple[str, Model]]] = {}
        for model in models:
            label = domains.label(model.domain)
            if label not in self._by_label:
                self._by_label[label] = model
                self._by_look[skeleton(label)] = model
                self._by_start.setdefault(label[:1], []).append((label, model))

    def like(self, name: str) -> Likeness | None:
        """What this host or domain looks like; None for the genuine and for what is unlike all."""
        name = domains.readable(name)
        if "." not in name or domains.is_address(name) or brands.is_genuine_of(name, self._genuine):
            return None
        label = domains.label(name)
        return (
            self._by_looks(label)
            or self._by_suffix(label)
            or self._by_part(label)
            or self._by_subdomain(name)
            or self._by_spelling(label)
        )

    def _by_looks(self, label: str) -> Likeness | None:
        model = self._by_look.get(skeleton(label))
        alike = model is not None and domains.label(model.domain) != label
        return Likeness(model, Way.LOOK) if model is not None and alike else None

    def _by_suffix(self, label: str) -> Likeness | None:
        model = self._by_label.get(label)
        if model is None or not model.spelling or len(label) <= _SHORT or label == _RESERVED:
            return None
        return Likeness(model, Way.SUFFIX)

    def _by_part(self, label: str) -> Likeness | None:
        pieces = label.split("-")[:10]
        for start in range(len(pieces)):
            for end in range(len(pieces), start, -1):
                part = "-".join(pieces[start:end])
                model = self._by_label.get(part) or self._by_look.get(skeleton(part))
                if model is not None and model.spelling and len(part) > _SHORT and part != label:
                    return Likeness(model, Way.PART)
        return None

    def _by_subdomain(self, name: str) -> Likeness | None:
        """A whole genuine domain in front of another one: example.com.login.example.net."""
        suffix = domains.registrable(name).partition(".")[2]
        pieces = _PIECES.split(name.removesuffix(f".{suffix}"))[:20]
        for start in range(len(pieces)):
            for end in range(start + 2, min(start + 5, len(pieces)) + 1):
                model = self._by_domain.get(".".join(pieces[start:end]))
                if model is not None:
                    return Likeness(model, Way.SUBDOMAIN)
        return None

    def _by_spelling(self, label: str) -> Likeness | None:
        if not _SPELLED - 1 <= len(label) <= _LONGEST:
            return None
        for other, model in self._by_start.get(label[0], ()):
            if not model.spelling or len(other) < _SPELLED:
                continue
            most = 2 if len(other) >= _LONG else 1
            if 0 < distance(label, other, most) <= most:
                return Likeness(model, Way.SPELLING)
        return None


@lru_cache(maxsize=1)
def _of_brands() -> Models:
    return Models(brands.models(), brands.genuine())


@lru_cache(maxsize=256)
def _of_tenant(own: tuple[str, ...], protected: tuple[str, ...]) -> Models:
    names = [domains.readable(name) for name in (*own, *protected)]
    return Models(
        tuple(Model(name, "") for name in names if name),
        frozenset(names) | frozenset(domains.registrable(name) for name in names),
    )


@lru_cache(maxsize=16384)
def of_brand(name: str) -> Likeness | None:
    """The brand's domain that a host looks like."""
    return _of_brands().like(name)


def of_company(name: str, own: tuple[str, ...], protected: tuple[str, ...] = ()) -> Likeness | None:
    """The tenant's own or protected domain that a host looks like."""
    return _of_tenant(own, protected).like(name)
