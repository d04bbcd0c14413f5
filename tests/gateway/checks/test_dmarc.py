"""DMARC's records and alignment."""

from __future__ import annotations

import pytest

from mailsec.gateway.authentication import Dkim, Result, Spf
from mailsec.gateway.checks import dmarc, domains
from mailsec.gateway.checks.lookups import NoRecords

SPF = Spf(Result.PASS, "mail.example.jp")
DKIM = (Dkim(Result.PASS, "mail.example.jp"),)


class Texts(NoRecords):
    """A zone of TXT records."""

    def __init__(self, **zone: tuple[bytes, ...]) -> None:
        self.zone = {name.replace("__", "."): texts for name, texts in zone.items()}

    def texts(self, name: str) -> tuple[bytes, ...]:
        return self.zone.get(name, ())


def record(*texts: bytes) -> dmarc.Record | None:
    """What holds for shop.example.jp where its organisation publishes these."""
    return dmarc.published("shop.example.jp", Texts(_dmarc__example__jp=texts)).record


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        (b"v=DMARC1;p=reject", "reject"),
        (b"v=DMARC1; p=reject; sp=none;", "none"),
        (b"v = DMARC1 ; p = Quarantine ; sp=bogus", "quarantine"),
        (b"v=DMARC1; rua=mailto:a@example.jp", "none"),
        (b"v=DMARC1; p=bogus; rua=mailto:a@example.jp", "none"),
        (b"v=DMARC1; p=reject; pct=0", "quarantine"),
        (b"v=DMARC1; p=quarantine; pct=0", "none"),
        (b"v=DMARC1; p=none; pct=0", "none"),
        (b"v=DMARC1; p=reject; pct=1", "reject"),
        (b"v=DMARC1; p=reject; p=none", "reject"),
    ],
)
def test_a_record_says_what_its_owner_wants(text: bytes, policy: str) -> None:
    """RFC 7489 section 6.3; a share other than 0 is applied whole."""
    found = record(text)
    assert found is not None
    assert found.policy == policy


@pytest.mark.parametrize(
    "texts",
    [
        (),
        (b"v=spf1 -all",),
        (b"v=DMARC1",),
        (b"v=DMARC1; p=bogus",),
        (b"v=DMARC2; p=reject",),
        (b"p=reject; v=DMARC1",),
        (b"v=dmarc1; p=reject",),
        (b"v=DMARC1; p=reject", b"v=DMARC1; p=none"),
        (b"\xff" * 100,),
    ],
)
def test_what_is_no_record_counts_as_none(texts: tuple[bytes, ...]) -> None:
    """Section 6.6.3: other texts do not count, and several records count as none."""
    assert record(*texts) is None


def test_other_texts_beside_a_record_do_not_count() -> None:
    assert record(b"v=spf1 -all", b"v=DMARC1; p=reject") is not None


def test_a_subdomains_own_record_comes_first() -> None:
    texts = Texts(
        _dmarc__shop__example__jp=(b"v=DMARC1; p=none",),
        _dmarc__example__jp=(b"v=DMARC1; p=reject",),
    )
    found = dmarc.published("shop.example.jp", texts)
    assert found.record == dmarc.Record("none")


@pytest.mark.parametrize(
    "texts", [(b"v=DMARC1; p=none", b"v=DMARC1; p=reject"), (b"v=DMARC1; p=bogus",)]
)
def test_a_subdomains_own_record_that_cannot_be_used_is_the_last_word(
    texts: tuple[bytes, ...],
) -> None:
    """Section 6.6.3, steps 5 and 6: the organisation's does not stand in for it."""
    zone = Texts(_dmarc__shop__example__jp=texts, _dmarc__example__jp=(b"v=DMARC1; p=reject",))
    assert dmarc.published("shop.example.jp", zone).record is None


@pytest.mark.parametrize(
    ("strict_dkim", "strict_spf", "spf", "signatures", "result"),
    [
        (False, False, SPF, (), Result.PASS),
        (False, False, Spf(), DKIM, Result.PASS),
        (True, False, Spf(), DKIM, Result.FAIL),
        (True, False, SPF, DKIM, Result.PASS),
        (False, True, SPF, (), Result.FAIL),
        (True, True, Spf(Result.PASS, "shop.example.jp"), (), Result.PASS),
        (False, False, Spf(Result.PASS, "example.net"), (), Result.FAIL),
        (False, False, Spf(Result.SOFTFAIL, "example.jp"), (), Result.FAIL),
        (False, False, Spf(Result.TEMPERROR, "example.jp"), (), Result.TEMPERROR),
        (False, False, Spf(Result.TEMPERROR, "example.net"), (), Result.FAIL),
        (False, False, Spf(Result.TEMPERROR, "example.jp"), DKIM, Result.PASS),
    ],
)
def test_alignment_is_strict_or_relaxed_as_published(
    strict_dkim: bool,
    strict_spf: bool,
    spf: Spf,
    signatures: tuple[Dkim, ...],
    result: Result,
) -> None:
    """Sections 3.1 and 6.6.2, for an author at shop.example.jp."""
    author = dmarc.Author("shop.example.jp", dmarc.Record("reject", strict_dkim, strict_spf))
    assert dmarc.judge(author, spf, signatures).result is result


@pytest.mark.parametrize(
    ("domain", "organisation"),
    [
        ("a.b.example.co.jp", "example.co.jp"),
        ("example.co.jp", "example.co.jp"),
        ("co.jp", "co.jp"),
        ("a.city.kawasaki.jp", "city.kawasaki.jp"),
        ("a.b.kawasaki.jp", "a.b.kawasaki.jp"),
        ("a.xn--wgv71a119e.jp", "xn--wgv71a119e.jp"),
        ("localhost", "localhost"),
    ],
)
def test_organisations_are_known_by_the_public_suffix_list(domain: str, organisation: str) -> None:
    """Japanese prefecture and city domains too."""
    assert domains.organisation(domain) == organisation


def test_two_public_suffixes_are_never_one_organisation() -> None:
    """Attack: everybody under co.jp would speak for everybody."""
    assert not domains.aligned("a.co.jp", "b.co.jp")
    assert domains.aligned("a.example.co.jp", "b.example.co.jp")
    assert not domains.aligned("a.example.co.jp", "b.example.co.jp", strict=True)
    assert not domains.aligned("", "")


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("Example.JP.", "example.jp"),
        ("日本語.jp", "xn--wgv71a119e.jp"),
        ("example.jp\r\nX", ""),
        ("a..jp", ""),
        ("localhost", ""),
        ("[192.0.2.1]", ""),
        ("é" * 300 + ".jp", ""),
        ("", ""),
    ],
)
def test_domains_are_spelled_in_one_way(written: str, canonical: str) -> None:
    """A-labels in lower case, or nothing."""
    assert domains.canonical(written) == canonical
