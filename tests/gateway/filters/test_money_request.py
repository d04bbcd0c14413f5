"""Strangers who ask for money, urgently or in secret."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailsec.gateway.envelope import Direction
from mailsec.gateway.filters import money_request
from mailsec.gateway.verdict import Severity
from tests.gateway.filters.making import INBOUND, OWN, Records, case, mail

STRANGER = Records()


def kinds(raw: bytes, relations: Records | None = STRANGER) -> list[str]:
    return [found.detail["kind"] for found in money_request.look(case(raw, relations))]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("振込先が変更になりました。至急、新しい口座へお願いします。", "account-change"),
        ("極秘の案件です。本日中に下記口座へ送金をお願いします。", "transfer"),
        ("会議中で電話に出られません。ギフトカードを買ってきてください。", "gift-card"),
        ("あなたの端末を録画しました。ビットコインで支払ってください。", "extortion"),
        (
            "アカウントの利用を停止しました。本人確認のためこちらで確認してください https://example.net/",
            "credentials",
        ),
        ("We have new bank details. This is urgent, please confirm.", "account-change"),
        ("I need you to process a payment. Keep this confidential, I am in a meeting.", "transfer"),
        ("Please buy some Google Play gift cards for me asap.", "gift-card"),
        ("I hacked your device and recorded you by webcam. Send 1 BTC.", "extortion"),
        (
            "Your account will be suspended. Verify your account: https://example.net/",
            "credentials",
        ),
    ],
)
def test_a_strangers_urgent_request_is_found(text: str, kind: str) -> None:
    """With the words that ask and press, in both languages."""
    (found,) = money_request.look(case(mail(text=text), STRANGER))
    assert (found.code, found.severity) == ("money-request", Severity.SUSPICIOUS)
    assert found.detail["kind"] == kind
    assert found.detail["asks"]
    assert found.detail["presses"]


@pytest.mark.parametrize(
    "text",
    [
        "請求書をお送りします。月末までにお振込みをお願いいたします。",
        "弊社の口座が変更となりました。次回のお支払いから新口座へお願いいたします。",
        "秘密保持契約書をお送りします。お振込みは契約後にお願いいたします。",
        "緊急連絡先の登録と、会費のお振込をお願いいたします。",
        "至急ご確認ください。明日の会議の資料です。",
        "ギフトカードのご注文ありがとうございます。",
        "パスワードを再設定するにはこちら https://example.net/",
        "Please find the invoice attached. Payment by bank transfer within 30 days. This e-mail is "
        "confidential; if you received it in error, notify us immediately.",
        "This is urgent: the meeting was moved to Monday.",
        "Confirm your email to finish the registration: https://example.net/",
        "Bitcoin rose by three percent today.",
    ],
)
def test_ordinary_business_is_let_be(text: str) -> None:
    """A request without pressure, or pressure without a request."""
    assert kinds(mail(text=text)) == []


def test_those_who_are_known_are_let_be() -> None:
    """Known correspondents, colleagues, mailing lists; and where nobody can tell."""
    raw = mail(text="至急、振込先の変更をお願いします。")
    assert kinds(raw) == ["account-change"]
    assert kinds(raw, Records(known=frozenset(["a@example.net"]))) == []
    assert kinds(raw, None) == []
    text = "至急、振込先の変更をお願いします。"
    assert kinds(mail(f"taro@{OWN}", text=text)) == []
    assert kinds(mail("a@example.net", "List-Id: <a.example.org>", text=text)) == []
    outbound = replace(INBOUND, direction=Direction.OUTBOUND)
    assert not list(money_request.look(case(raw, STRANGER, envelope=outbound)))


def test_credentials_need_a_place_to_give_them() -> None:
    """Without a link it is a notice."""
    assert kinds(mail(text="Your account was locked. Please verify your password.")) == []
