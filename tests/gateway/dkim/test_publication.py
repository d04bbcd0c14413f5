"""What a domain publishes for a key, and whether it does."""

from __future__ import annotations

import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mailsec.gateway.checks.lookups import NoRecords
from mailsec.gateway.dkim import keys, publication
from mailsec.gateway.dkim.publication import Publication
from tests.gateway.checks.making import key_record, rsa_key

PUBLIC = rsa_key().public_key()
OURS = keys.record_of(PUBLIC)


@dataclasses.dataclass
class Zone(NoRecords):
    """One name with its TXT records."""

    values: tuple[bytes, ...]

    def texts(self, name: str) -> tuple[bytes, ...]:
        return self.values if name == "ms202611-1._domainkey.example.jp" else ()


def checked(*values: bytes) -> Publication:
    return publication.check(Zone(values), "ms202611-1", "example.jp", PUBLIC)


def test_a_record_is_read_back_as_the_key_it_was_made_of() -> None:
    """By our own reader, as verifiers do."""
    assert keys.read(OURS).key == PUBLIC
    assert OURS.decode() == key_record()


def test_a_key_of_2048_bits_is_cut_into_strings_that_dns_takes() -> None:
    """Two of them, which together are the record."""
    record = keys.record_of(rsa.generate_private_key(65537, 2048).public_key())
    strings = publication.strings_of(record)
    assert [len(each) <= 255 for each in strings] == [True, True]
    assert "".join(strings).encode() == record


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([OURS], Publication.FOUND),
        ([OURS.replace(b"; ", b" ;\t") + b";"], Publication.FOUND),
        ([b"p=" + OURS.partition(b"p=")[2]], Publication.FOUND),
        ([], Publication.NOT_FOUND),
        ([OURS, OURS], Publication.SEVERAL),
        ([OURS, b"v=spf1 -all"], Publication.SEVERAL),
        ([OURS[:-40]], Publication.UNUSABLE),
        ([b"v=DKIM1; k=rsa; p="], Publication.UNUSABLE),
        ([b"v=spf1 -all"], Publication.UNUSABLE),
        ([b'"' + OURS + b'"'], Publication.UNUSABLE),
        ([OURS + b"; h=sha1"], Publication.UNUSABLE),
        ([OURS + b"; s=tlsrpt"], Publication.UNUSABLE),
        ([b"\xff" * 5000], Publication.UNUSABLE),
    ],
)
def test_what_stands_there_is_told(values: list[bytes], expected: Publication) -> None:
    """Cut off, revoked, quoted twice, for other mail: each is a mistake that people make."""
    assert checked(*values) is expected


def test_another_key_is_told_from_ours() -> None:
    """An older record that was not replaced."""
    other = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505
    assert checked(key_record(other).encode()) is Publication.OTHER_KEY


def test_silence_is_no_answer() -> None:
    """It says nothing about the record."""
    silent = publication.check(NoRecords(), "ms202611-1", "example.jp", PUBLIC)
    assert silent is Publication.NO_ANSWER
