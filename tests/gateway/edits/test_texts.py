"""The notice says what a reader needs, in both languages, and nothing a sender can abuse."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType

from mailsec.gateway.edits.texts import Notice, ascii_notice_text, notice_text, removed_text
from mailsec.gateway.policy import Language
from mailsec.gateway.verdict import Finding, Severity

WHEN = datetime(2024, 4, 1, 1, 5, tzinfo=UTC)


def finding(code: str, part: int | None = 2, **detail: str) -> Finding:
    return Finding("check", code, Severity.MALICIOUS, part, MappingProxyType(detail))


def notice(*removed: Finding, warned: tuple[Finding, ...] = ()) -> Notice:
    return Notice(removed, warned, WHEN, "03-0000-0000", Language.JAPANESE)


def test_file_reason_time_and_contact_are_named_in_both_languages() -> None:
    """Removed files and what could not be examined, each under its own words."""
    locked = finding("encrypted", name="b.zip")
    text = notice_text(notice(finding("virus", name="a.com", virus="Bad"), warned=(locked,)))
    for words in (
        "ファイル名：a.com",
        "ウイルスを検出しました（Bad）",
        "対象：b.zip",
        "パスワードで保護されています",
        "2024年04月01日 01:05（UTC+0000）",
        "お問い合わせ先：03-0000-0000",
        "File: a.com",
        "a virus was found (Bad)",
        "Item: b.zip",
        "Time: 2024-04-01 01:05 (UTC+0000)",
        "Contact: 03-0000-0000",
    ):
        assert words in text


def test_a_file_name_makes_no_link_of_the_notice() -> None:
    """Attack: the removed file is named after the page that its sender wants to be seen."""
    entry = finding("file-type", name="https://example.org/.exe", inside="http://example.net/a.js")
    for text in (notice_text(notice(entry)), removed_text(entry)):
        assert "s://" not in text
        assert "p://" not in text
        assert "https[://]example.org/.exe" in text


def test_the_notice_fits_the_usual_japanese_mail_code() -> None:
    """Else every Japanese letter would have to be written anew."""
    text = notice_text(notice(finding("virus", name="請求書.com", virus="Bad")))
    assert text.encode("iso-2022-jp")


def test_many_files_are_cut_to_a_list_that_can_be_read() -> None:
    """With the number of the others."""
    text = notice_text(notice(*(finding("virus", name=f"{n}.com") for n in range(50))))
    assert text.count("ファイル名：") == 20
    assert "ほか30件" in text
    assert "and 30 more" in text


def test_unknown_codes_and_missing_names_have_words_too() -> None:
    """A new filter must not leave a hole in the mail."""
    text = notice_text(notice(finding("new-code"), finding("too-deep", None)))
    assert "（名前なし）" in text
    assert "検査を完了できませんでした" in text
    assert "メール全体" in text


def test_the_short_forms_hold_the_same_facts() -> None:
    """In ASCII alone, and in the place of a part."""
    entry = finding("file-type", name="請求.exe", inside="a.exe", type="exe")
    assert ascii_notice_text(notice(entry)).isascii()
    assert "??.exe (a.exe)" in ascii_notice_text(notice(entry))
    assert "[Removed: 請求.exe (a.exe). Reason: files of this type" in removed_text(entry)
