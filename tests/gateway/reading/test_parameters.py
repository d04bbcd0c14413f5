"""Content-Type and Content-Disposition values as mail programs read them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.reading import parameters


@pytest.mark.parametrize(
    ("value", "main", "name"),
    [
        ('application/pdf; name="a b.pdf"', "application/pdf", "a b.pdf"),
        ("APPLICATION/PDF; NAME=a b.pdf", "application/pdf", "a b.pdf"),
        ('application/msword; name=3D"24001.exe"', "application/msword", "24001.exe"),
        ('application/x name="a.exe"', "application/x", "a.exe"),
        ("application/x; charset=utf-8 name=a.exe", "application/x", "a.exe"),
        ("application/x; name=report (1).pdf; x=y", "application/x", "report (1).pdf"),
        ("application/x;; ; name=a.exe", "application/x", "a.exe"),
        ("(note) text/plain (note); name=a", "text/plain", "a"),
        ('text/plain; name="unterminated.exe', "text/plain", "unterminated.exe"),
        (r'text/plain; name="C:\tmp\a.exe"', "text/plain", r"C:\tmp\a.exe"),
        (r'text/plain; name="a\"b.exe"', "text/plain", 'a"b.exe'),
        ("text/plain; name*=utf-8'ja'%E8%A6%8B.pdf", "text/plain", "見.pdf"),
        ("a/b; name*1*=%8B.pdf; name*0*=utf-8''%E8%A6", "a/b", "見.pdf"),
        ("a/b; name*0=one; name*1=two.exe", "a/b", "onetwo.exe"),
        ("a/b; name*0*=utf-8''%E8%A6%8B; name*1=.exe", "a/b", "見.exe"),
        ("a/b; name*=%E8%A6%8B.exe", "a/b", "見.exe"),
        ("a/b; name*=shift_jis''%8C%A9.exe", "a/b", "見.exe"),
        ("text", "text/plain", ""),
        ("garbage", "", ""),
        ("name=a.exe", "", "a.exe"),
    ],
)
def test_types_are_read_leniently(value: str, main: str, name: str) -> None:
    """A name that a mail program shows is found, however badly the value is written."""
    read = parameters.read_type(value)
    assert (read.main, read.get("name")) == (main, name)


def test_an_encoded_word_in_a_name_is_decoded() -> None:
    """RFC 2231 section 5 forbids it; most Japanese mail does it."""
    read = parameters.read_disposition('attachment; filename="=?utf-8?B?6KaL?=.pdf"')
    assert parameters.file_name(read.get("filename")) == "見.pdf"


def test_all_values_of_a_repeated_parameter_are_kept() -> None:
    """Which one is shown differs between mail programs, so a filter sees all."""
    read = parameters.read_disposition("attachment; filename=a.txt; filename=b.exe")
    assert read.parameters["filename"] == ("a.txt", "b.exe")


@pytest.mark.parametrize(
    ("value", "main", "name"),
    [
        ("attachment", "attachment", ""),
        ("Inline; filename=a", "inline", "a"),
        ("filename=a.exe", "", "a.exe"),
        ('attachment filename="a.exe"', "attachment", "a.exe"),
        ("attachment (x); filename=a", "attachment", "a"),
    ],
)
def test_dispositions_are_read_leniently(value: str, main: str, name: str) -> None:
    """Also without the word or without the semicolon."""
    read = parameters.read_disposition(value)
    assert (read.main, read.get("filename")) == (main, name)


def test_a_boundary_may_start_with_an_equals_sign_and_ends_at_a_blank() -> None:
    """``boundary==_in`` is what it says; comments behind it are not part of it."""
    assert parameters.read_type("multipart/mixed; boundary==_in").get("boundary") == "=_in"
    assert parameters.read_type("multipart/mixed; boundary=a (c)").get("boundary") == "a"


@settings(max_examples=200)
@given(st.text(alphabet="an*0'%E8;=\"\\ ()/\t見", max_size=60))
def test_no_value_raises(value: str) -> None:
    """Every reader takes every text."""
    for read in (parameters.read_type(value), parameters.read_disposition(value)):
        for values in read.parameters.values():
            for found in values:
                parameters.file_name(found)
    parameters.read_token(value)
