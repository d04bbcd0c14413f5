"""Typed readers of environment variables."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from mailsec.settings import env

NAME = "MAILSEC_TEST_VALUE"
KEY = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (lambda: env.text(NAME), "x", "x"),
        (lambda: env.boolean(NAME, False), " Yes ", True),
        (lambda: env.boolean(NAME, True), "off", False),
        (lambda: env.integer(NAME, 1, least=0, most=10), "10", 10),
        (lambda: env.seconds(NAME, 1), "0.5", 0.5),
        (lambda: env.listing(NAME), "a, b,,", ["a", "b"]),
        (lambda: [str(each) for each in env.networks(NAME)], "192.0.2.0/24", ["192.0.2.0/24"]),
        (lambda: env.path(NAME), "/a", Path("/a")),
        (lambda: list(env.keys(NAME)), f"new:{KEY},old:{KEY}", ["new", "old"]),
    ],
)
def test_a_value_is_read_by_its_type(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], Any], text: str, value: Any
) -> None:
    """Blanks around it do not count."""
    monkeypatch.setenv(NAME, text)
    assert read() == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (lambda: env.text(NAME), ""),
        (lambda: env.boolean(NAME, False), "maybe"),
        (lambda: env.integer(NAME, 1, least=0, most=10), "11"),
        (lambda: env.integer(NAME, 1), "1.5"),
        (lambda: env.seconds(NAME, 1), "0"),
        (lambda: env.seconds(NAME, 1), "soon"),
        (lambda: env.networks(NAME), "192.0.2.1/24"),
        (lambda: env.blocklists(NAME), "dnsbl.example.org"),
        (lambda: env.blocklists(NAME), "dnsbl.example.org:5=192.0.2.1"),
        (lambda: env.keys(NAME), "k:short"),
        (lambda: env.keys(NAME), KEY),
        (lambda: env.keys(NAME), f"a:{KEY},a:{KEY}"),
    ],
)
def test_a_wrong_value_stops_the_start_and_names_itself(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], Any], text: str
) -> None:
    """The operator reads which variable to mend."""
    monkeypatch.setenv(NAME, text)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        read()
