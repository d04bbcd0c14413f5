"""Stored authentication results."""

from __future__ import annotations

import json

from mailsec.gateway.authentication import Arc, Authentication, Dkim, Dmarc, Result, Spf
from quarantine.authentication import as_json, from_json


def test_results_come_back_as_they_were() -> None:
    """Through JSON, with every signature."""
    found = Authentication(
        Spf(Result.SOFTFAIL, "example.jp"),
        (Dkim(Result.PASS, "example.jp", "s1"), Dkim(Result.FAIL, "example.net", "s2", "body")),
        Dmarc(Result.FAIL, "example.jp", "reject"),
        Arc(Result.PASS, "example.org", 2),
    )
    assert from_json(json.loads(json.dumps(as_json(found)))) == found


def test_nothing_checked_takes_no_room() -> None:
    """And reads as nothing."""
    assert as_json(Authentication()) == {}
    assert from_json({}) == Authentication()


def test_texts_are_cleaned() -> None:
    """A NUL in a selector would be refused by the database."""
    found = Authentication(dkim=(Dkim(Result.FAIL, "example.jp", "a\0b"),))
    assert "\0" not in as_json(found)["dkim"][0]["selector"]
