"""What a tenant wants, as one frozen value; the defaults are the product's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from mailsec.gateway.lists import Lists

DANGEROUS_EXTENSIONS = (
    "ade adp app appx bat chm cmd com cpl dll exe gadget hta img inf ins iso isp jar js jse lib "
    "lnk mde msc msi msix msp mst pif ps1 psc1 reg scf scr sct settingcontent-ms shb sys url vb "
    "vbe vbs vhd vhdx vxd wsc wsf wsh xll"
).split()


class Unexamined(StrEnum):
    """What to do with a message that could not be looked into."""

    DELIVER = "deliver"
    QUARANTINE = "quarantine"


class Handling(StrEnum):
    """What to do with unwanted mail, mildest first.

    ``reject`` keeps it for administrators alone: the sender had its 250 before, and a bounce would
    go to whoever was forged.
    """

    DELIVER = "deliver"
    TAG = "tag"
    QUARANTINE = "quarantine"
    REJECT = "reject"


class ZipCipher(StrEnum):
    """How an archive is encrypted; Explorer and the Finder open the older, weaker one alone."""

    AES256 = "aes-256"
    ZIPCRYPTO = "zipcrypto"


class ZipNames(StrEnum):
    """In which code the names in an archive are written."""

    UTF8 = "utf-8"
    CP932 = "cp932"


class HoldExpiry(StrEnum):
    """What becomes of held mail that nobody decided on in time."""

    DISCARD = "discard"
    KEEP = "keep"
    DELIVER = "deliver"


class HiddenTo(StrEnum):
    """What stands in To where the recipients are hidden from each other."""

    SENDER = "sender"
    UNDISCLOSED = "undisclosed"


class Language(StrEnum):
    """The languages of every text that leaves the service."""

    JAPANESE = "ja"
    ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Policy:
    """One tenant's choices at one version; each name says its unit."""

    version: int = 0
    language: Language = Language.JAPANESE
    contact: str = ""
    check_recipients: bool = False
    message_size_bytes: int = 50 * 1024 * 1024
    virus_check: bool = True
    file_types: tuple[str, ...] = tuple(DANGEROUS_EXTENSIONS)
    file_type_check: bool = True
    file_type_exceptions: tuple[str, ...] = ()
    unexamined: Unexamined = Unexamined.DELIVER
    unreadable: Unexamined = Unexamined.QUARANTINE
    spam_check: bool = True
    tag_score: int = 60
    quarantine_score: int = 90
    above_quarantine_score: Handling = Handling.QUARANTINE
    subject_tag: str = "[SPAM] "
    authentication_check: bool = True
    dmarc_reject: Handling = Handling.QUARANTINE
    dmarc_quarantine: Handling = Handling.QUARANTINE
    dmarc_none: Handling = Handling.DELIVER
    spf_fail: Handling = Handling.TAG
    authentication_exceptions: tuple[str, ...] = ()
    arc_sealers: tuple[str, ...] = ()
    warn_suspicious: bool = True
    protected_names: tuple[str, ...] = ()
    protected_domains: tuple[str, ...] = ()
    reputation_check: bool = True
    greylisting: bool = True
    digest: bool = True
    digest_hour: int = 8
    user_release: bool = True
    user_lists: bool = True
    quarantine_days: int = 14
    trace_days: int = 366
    bounce_after_hours: int = 120
    delay_notice_hours: int = 4
    connections_per_ip: int = 20
    hold: bool = True
    hold_minutes: int = 24 * 60
    hold_expiry: HoldExpiry = HoldExpiry.DISCARD
    bcc: bool = True
    bcc_recipients: int = 10
    bcc_to: HiddenTo = HiddenTo.SENDER
    bcc_exceptions: tuple[str, ...] = ()
    zip: bool = True
    zip_cipher: ZipCipher = ZipCipher.AES256
    zip_names: ZipNames = ZipNames.UTF8
    # Domains of recipients whose programs open the older cipher alone, and those sent in the clear.
    zip_legacy_domains: tuple[str, ...] = ()
    zip_exceptions: tuple[str, ...] = ()
    zip_sender_exceptions: tuple[str, ...] = ()
    zip_subject_mark: str = ""
    zip_note: bool = True
    password_length: int = 14
    password_after_minutes: int = 0  # 0: not before the sender says so
    # Of the tenant, but no settings: its mail domains, and its allow and block lists.
    own_domains: tuple[str, ...] = ()
    lists: Lists = field(default_factory=Lists)
    # The lists that users keep for themselves, by their address.
    user_entries: Mapping[str, Lists] = field(default_factory=lambda: MappingProxyType({}))
