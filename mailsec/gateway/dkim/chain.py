"""ARC sets: the chain of results that each forwarder signed (RFC 8617)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from mailsec.gateway.authentication import Result
from mailsec.gateway.dkim import keys, signature, tags
from mailsec.gateway.dkim.canonical import SignedForm, relaxed_field
from mailsec.gateway.errors import BadSignature
from mailsec.gateway.ports import Records

MOST_SETS = 50  # RFC 8617 section 4.2.1
RESULTS, MESSAGE, SEAL = b"arc-authentication-results", b"arc-message-signature", b"arc-seal"
_KINDS = (RESULTS, MESSAGE, SEAL)


@dataclass(frozen=True, slots=True)
class Set:
    """One forwarder's three fields, and the tags of the two that are signed."""

    instance: int
    results: bytes
    message: bytes
    seal: bytes
    message_tags: Mapping[str, str]
    seal_tags: Mapping[str, str]

    @property
    def state(self) -> str:
        """What its sealer said of the chain before (``cv=``)."""
        return self.seal_tags.get("cv", "").lower()

    @property
    def results_value(self) -> bytes:
        """The results without the instance in front of them."""
        return self.results.partition(b":")[2].partition(b";")[2]


def is_empty(form: SignedForm) -> bool:
    """Whether the message has no field of ARC at all."""
    return not any(form.fields(kind) for kind in _KINDS)


def sets_of(form: SignedForm) -> tuple[Set, ...]:
    """The sets in order; ``BadSignature`` where they are no chain (section 5.2, steps 1 to 3)."""
    if any(len(form.fields(kind)) > MOST_SETS for kind in _KINDS):
        raise BadSignature(Result.FAIL, "too many sets")
    found = [_by_instance(form, kind) for kind in _KINDS]
    count = len(found[0])
    if any(set(fields) != set(range(1, count + 1)) for fields in found):
        raise BadSignature(Result.FAIL, "sets are incomplete")
    sets = tuple(_set(number, found) for number in range(1, count + 1))
    for one in sets:
        if one.state != ("none" if one.instance == 1 else "pass"):
            raise BadSignature(Result.FAIL, "cv= does not fit")
    return sets


def _by_instance(form: SignedForm, kind: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for field in form.fields(kind):
        number = _instance(field, kind)
        if number in found:
            raise BadSignature(Result.FAIL, "two fields of one instance")
        found[number] = field
    return found


def _instance(field: bytes, kind: bytes) -> int:
    value = field.partition(b":")[2]
    # Results are no tag list, apart from the instance in front of them.
    first = value.partition(b";")[0] if kind == RESULTS else value
    number = tags.number(tags.read(first), "i")
    if number is None or not 1 <= number <= MOST_SETS:
        raise BadSignature(Result.FAIL, "no instance")
    return number


def _set(number: int, found: list[dict[int, bytes]]) -> Set:
    results, message, seal = (fields[number] for fields in found)
    return Set(
        number,
        results,
        message,
        seal,
        tags.read(message.partition(b":")[2]),
        tags.read(seal.partition(b":")[2]),
    )


def check(form: SignedForm, sets: tuple[Set, ...], records: Records, now: datetime) -> None:
    """Returns where the newest set fits the message and all seals hold (steps 4 to 6)."""
    newest = sets[-1]
    if "arc-seal" in tags.required(newest.message_tags, "h").lower():
        raise BadSignature(Result.FAIL, "signature covers a seal")
    found = {"c": "relaxed/relaxed", **newest.message_tags}
    signature.check(form, newest.message, found, records, now)
    for one in reversed(sets):
        _check_seal(sets[: one.instance], records)


def _check_seal(sets: tuple[Set, ...], records: Records) -> None:
    found = sets[-1].seal_tags
    if "h" in found or "bh" in found:
        raise BadSignature(Result.FAIL, "seal with a list of fields")
    claim = signature.claim_of(found)
    record = keys.find(records, claim.selector, claim.domain)
    digest = sealed(_fields(sets[:-1]), sets[-1].results, sets[-1].message, sets[-1].seal)
    if not keys.holds(record, claim.algorithm, claim.signature, digest):
        raise BadSignature(Result.FAIL, "seal did not verify")


def _fields(sets: Iterable[Set]) -> list[bytes]:
    return [field for one in sets for field in (one.results, one.message, one.seal)]


def sealed(before: Iterable[bytes], results: bytes, message: bytes, seal: bytes) -> bytes:
    """The SHA-256 that a seal signs: the fields of the sets before, then its own (5.1.1)."""
    fields = [*before, results, message]
    data = b"".join(relaxed_field(field) for field in fields)
    own = relaxed_field(tags.without_signature(seal)).removesuffix(b"\r\n")
    return hashlib.sha256(data + own).digest()


def fields_of(form: SignedForm) -> list[bytes]:
    """The fields of a chain that holds, oldest set first."""
    return _fields(sets_of(form))
