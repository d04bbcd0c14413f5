"""What a tenant wants, as one frozen value; the defaults are the product's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

DANGEROUS_EXTENSIONS = (
    "ade adp app appx bat chm cmd com cpl dll exe gadget hta img inf ins iso isp jar js jse lib "
    "lnk mde msc msi msix msp mst pif ps1 psc1 reg scf scr sct settingcontent-ms shb sys url vb "
    "vbe vbs vhd vhdx vxd wsc wsf wsh xll"
).split()


class Unexamined(StrEnum):
    """What to do with a message that could not be looked into."""

    DELIVER = "deliver"
    QUARANTINE = "quarantine"


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
    unexamined: Unexamined = Unexamined.DELIVER
    unreadable: Unexamined = Unexamined.QUARANTINE
    quarantine_days: int = 14
    trace_days: int = 366
    bounce_after_hours: int = 120
    delay_notice_hours: int = 4
    connections_per_ip: int = 20
