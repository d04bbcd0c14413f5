"""Character codes as Japanese mail really uses and mislabels them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway import charset

LABELS = (
    "", "us-ascii", "utf-8", "iso-2022-jp", "shift_jis", "cp932", "euc-jp", "iso-8859-1", "utf-7",
    "utf-16", "gb2312", "ks_c_5601-1987", "big5", "hz", "iso-2022-kr", "no-such-code", "idna",
    "unicode_escape", "rot13", "\0", "ビット", "undefined", "uu", "mbcs",
)  # fmt: skip
# Row 92, column 66 of the NEC selection of IBM characters.
NEC_ROW_92 = b"\xee\xe0".decode("cp932")
SENTENCE = "御請求書を送付いたします。ご確認ください"


@pytest.mark.parametrize(
    "label",
    ["iso-2022-jp", "ISO-2022-JP-MS", "cp50220", "cp50221", "us-ascii", "utf-8", "shift_jis", ""],
)
def test_iso_2022_jp_with_vendor_characters_decodes_under_any_label(label: str) -> None:
    """NEC and IBM rows and half-width kana come out; the codecs of the library give U+FFFD."""
    data = b"\x1b$B-!\x1b(B \x1b$B-j\x1b(B \x1b$B|b\x1b(B \x1b(I6E\x1b(B end"
    assert charset.decode(data, label).text == "① ㈱ " + NEC_ROW_92 + " ｶﾅ end"


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("iso-8859-1", "cp932"), ("us-ascii", "cp932"), ("", "cp932"), ("utf-8", "cp932"),
        ("x-sjis", "cp932"), ("windows-31j", "cp932"), ("ms932", "cp932"),
        ("shift_jis", "utf-8"), ("euc-jp", "utf-8"), ("us-ascii", "utf-8"), ("x-nothing", "utf-8"),
        ("iso-8859-1", "euc_jp"), ("", "euc_jp"), ("eucjp-ms", "euc_jp"), ("utf-8", "euc_jp"),
    ],
)  # fmt: skip
def test_mislabelled_japanese_is_read_as_what_it_is(label: str, codec: str) -> None:
    """A wrong label never makes garbage of a sentence with kana."""
    assert charset.decode(SENTENCE.encode(codec), label).text == SENTENCE


def test_a_wrong_label_is_a_problem_and_a_right_one_is_none() -> None:
    """``problem`` says that label and bytes disagree."""
    assert charset.decode(SENTENCE.encode("cp932"), "utf-8").problem
    assert not charset.decode(SENTENCE.encode("cp932"), "Shift_JIS").problem


def test_western_text_stays_western() -> None:
    """Latin-1 is not taken for Japanese."""
    text = "Übergröße café naïve £5"
    assert charset.decode(text.encode("latin-1"), "iso-8859-1").text == text
    assert charset.decode(text.encode("latin-1"), "").text == text


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("gb2312", "gb18030", "镕基"),
        ("ks_c_5601-1987", "cp949", "똠방각하"),
        ("utf-7", "utf-7", "あ"),
    ],
)
def test_vendor_supersets_are_used_for_the_usual_labels(label: str, codec: str, text: str) -> None:
    """Writers use more characters than the label of the older code allows."""
    assert charset.decode(text.encode(codec), label).text == text


@settings(max_examples=200)
@given(st.binary(max_size=80), st.sampled_from(LABELS))
def test_decoding_never_raises_and_gives_storable_text(data: bytes, label: str) -> None:
    """No bytes under any label raise; the text has no NUL and no lone surrogate."""
    text = charset.decode(data, label).text
    assert "\0" not in text
    text.encode("utf-8")


@settings(max_examples=200)
@given(st.text(max_size=30), st.sampled_from(("iso-2022-jp", "euc-jp", "shift_jis", "utf-8")))
def test_what_encodes_decodes_to_the_same_text(text: str, label: str) -> None:
    """Encoding either refuses or keeps the text, up to the Microsoft twins of seven characters."""
    text = charset.clean(text).replace("\x1b", "").replace("\x0e", "").replace("\x0f", "")
    text = text.translate(charset.japanese.MICROSOFT_VARIANTS).removeprefix("\ufeff")
    data = charset.encode(text, label)
    if data is not None and not any("\x80" <= character < "\xa0" for character in text):
        assert charset.decode(data, label).text == text


@pytest.mark.parametrize("label", ["iso-2022-jp", "euc-jp", "shift_jis"])
def test_vendor_characters_survive_encoding(label: str) -> None:
    """A banner with ① or ㈱ fits the code of an ordinary Japanese mail."""
    data = charset.encode("①㈱髙ｶﾅ～漢字", label)
    assert data is not None
    assert charset.decode(data, label).text == "①㈱髙ｶﾅ～漢字"


def test_a_character_without_a_place_is_refused() -> None:
    """No question marks are put into anyone's mail."""
    assert charset.encode("🙂", "iso-2022-jp") is None
    assert charset.encode("é", "us-ascii") is None
    assert charset.encode("a", "no-such-code") is None


def _b(data: bytes, label: bytes = b"utf-8") -> bytes:
    return b"=?" + label + b"?B?" + base64.b64encode(data) + b"?="


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"=?utf-8?q?a_b?=", "a b"),
        (b"=?UTF-8?Q?hello world?=", "hello world"),
        (b"=?utf-8?B?44GK?= =?utf-8?B?44GL?=", "おか"),
        (b"=?utf-8?B?44GK?==?utf-8?B?44GL?=", "おか"),
        (b"=?utf-8?B?44GK?=\r\n =?UTF-8?Q?=E3=81=8B?= end", "おか end"),
        (_b("件".encode()[:2]) + b"\r\n " + _b("件".encode()[2:]), "件"),
        (b"=?utf-8?B?44G?=", "\ufffd"),
        (b"=?utf-8?B?44GK44GL", "おか"),
        (b"=?utf-8?B?44GK =?utf-8?B?44GL?=", "おか"),
        (b"=?utf-8*ja?B?44GK?=", "お"),
        (b'"=?utf-8?B?44GK?=" <a@example.jp>', '"お" <a@example.jp>'),
        (_b(SENTENCE.encode("cp932"), b"iso-2022-jp"), SENTENCE),
        (_b(b"\x1b$B-!\x1b(B", b"iso-2022-jp"), "①"),
        (b"\x1b$B4A;z\x1b(B raw", "漢字 raw"),
        (SENTENCE.encode("cp932"), SENTENCE),
        (SENTENCE.encode("utf-8") + b" =?utf-8?B?44GK?=", SENTENCE + " お"),
        (b"=??Q?Re=3A_x?=", "Re: x"),
        (b"=?x?y?z?= =? ?= ?=", "=?x?y?z?= =? ?= ?="),
        (b"=?utf-8?Q?a=0D=0ABcc:_b?=", "a Bcc: b"),
    ],
)
def test_encoded_words_are_read_as_mail_programs_read_them(value: bytes, text: str) -> None:
    """Broken, cut, mislabelled and raw header text still says what its writer meant."""
    assert charset.decode_words(value) == text


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            (
                b"=?utf-8?B?",
                b"=?iso-2022-jp?Q?",
                b"?=",
                b" ",
                b"\r\n ",
                b"\x1b$B",
                b"44GK",
                b"=E3",
                b"\xe3\x81\x82",
                b"\0",
                b"\r",
                b"=?",
            )
        )
    ).map(b"".join)
)
def test_a_decoded_value_is_always_one_clean_line(value: bytes) -> None:
    """No control character ever leaves the header decoder."""
    text = charset.decode_words(value)
    assert text.isprintable() or not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in text)
    assert len(text.splitlines()) <= 1
