"""Phrases that ask and press, and the words that are looked for first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.deception.pleas import _RULES, Kind, plea_in

PIECES = st.sampled_from(
    """
    振込先 振り込み 送金 口座 新しい 銀行口座 変更 確認 お願い して ください お支払い
    支払い先 支払先 入金先 受取口座 口座変更 ギフト カード 券 itunes googleplay apple
    アマゾン gift cards vouchers steam ビットキャッシュ ウェブマネー webmoney bitcoin btc
    ビットコイン 仮想通貨 new updated bank banking payment account details under audit
    change switch direct deposit payroll wire transfer of the funds money process make
    urgent verify confirm re-activate restore password mailbox e-mail アカウント
    パスワード ご本人様 個人情報 更新 入力 至急 asap
    """.split()
)


@given(st.lists(PIECES, max_size=8), st.sampled_from(["", " "]))
def test_every_text_that_asks_has_one_of_the_words_that_are_looked_for_first(
    pieces: list[str], between: str
) -> None:
    """What makes it quick finds no less."""
    text = between.join(pieces)
    for rule in _RULES:
        if rule.asks.search(text):
            assert any(word in text for word in rule.words), (rule.kind, text)


def test_a_request_under_pressure_is_a_plea_and_either_alone_is_none() -> None:
    """In both languages, full width too."""
    found = plea_in("至急、振込先の変更をお願いします。")
    assert found is not None
    assert found.kind is Kind.ACCOUNT_CHANGE
    found = plea_in("Please buy Ｇｉｆｔ Cards as soon as possible")
    assert found is not None
    assert found.kind is Kind.GIFT_CARD
    assert plea_in("振込先の変更をお願いします。") is None
    assert plea_in("至急ご連絡ください。") is None
