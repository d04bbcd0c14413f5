"""Mails and a small model for the tests of the classifier."""

from __future__ import annotations

from email.message import EmailMessage
from functools import cache

import numpy as np

from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.spam import training
from mailsec.gateway.spam.made.compose import mails as made_mails
from mailsec.gateway.spam.model import Model

ENVELOPE = Envelope(Direction.INBOUND, Client("192.0.2.1"), "a@example.com", ("b@example.jp",))


def mail(
    subject: str = "hello",
    text: str = "",
    html: str = "",
    author: str = "Sam <sam@shop.example.com>",
    **fields: str,
) -> Message:
    """One mail, plain or with HTML; ``fields`` are more header fields (``_`` stands for ``-``)."""
    message = EmailMessage()
    message["From"] = author
    message["Subject"] = subject
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return Message(message.as_bytes())


@cache
def small_model() -> Model:
    """A model learnt from a few mails of the project's own making."""
    mails = [training.example(one.raw, one.spam, one.kind) for one in made_mails(2, 5)]
    weights, bias = training.fit(mails, 1)
    logits = np.array([float(weights[one.buckets] @ one.values) + bias for one in mails])
    data = {"date": "2026-01-01"}
    return Model(weights, bias, training.calibrate(mails, logits), training.rates(mails), data)
