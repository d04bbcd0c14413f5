"""Replies that say no. Their texts never hold what the client sent, nor what went wrong inside."""

from __future__ import annotations

from workers.smtpd.ports import ListenerError


class Refused(ListenerError):
    """The command or the message is refused; ``reply`` is the line for the client."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


NOT_NOW = "451 4.3.0 Temporary failure, please try again later"
STOPPING = "421 4.3.2 The service is going down, please try again later"
TIMED_OUT = "421 4.4.2 Timeout"
TOO_MANY_CONNECTIONS = "421 4.7.0 Too many connections, please try again later"
TOO_MANY_ERRORS = "421 4.7.0 Too many errors"
TOO_LARGE = "552 5.3.4 The message is too large"
BARE_LINE_END = "550 5.6.0 The message holds a bare CR or LF (RFC 5321 section 2.3.8)"
MEMORY_FULL = "452 4.3.1 Too much mail at this moment, please try again later"
SUSPENDED = "450 4.2.1 This domain takes no mail at this moment, please try again later"
RELAY_REFUSED = "550 5.7.1 Relaying is refused: this domain is not registered here"
ROUTE_REFUSED = "550 5.7.1 Relaying is refused: the address holds a route"
UNKNOWN_ADDRESS = "550 5.1.1 No such address"
NO_CONNECTOR = "550 5.7.1 Your network is not registered for sending"
LOGIN_FIRST = "530 5.7.0 Authentication required"
NO_PROOF = "550 5.7.1 The proof of your connector is missing or wrong"
NOT_YOUR_SENDER = "550 5.7.1 The envelope sender is not inside your registered domains"
NOT_YOUR_FROM = "550 5.7.1 The From header is not inside your registered domains"
NO_OUTBOUND = "550 5.7.1 Your contract does not include outbound mail"
NO_LITERALS = "550 5.1.2 Address literals are not accepted"
UNWANTED = "554 5.7.1 This mail is refused by the recipient's policy"
COME_AGAIN = "451 4.7.1 Please try again in a few minutes"
APART = "452 4.5.3 Please send to this recipient in a further mail"
TOO_MUCH_MAIL = "450 4.7.1 Too much mail from your network, please try again later"
