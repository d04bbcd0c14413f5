"""The settings in words: label and a sentence of help each, choices and values as people say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailsec.gateway.policy import (
    Handling,
    HiddenTo,
    HoldExpiry,
    Language,
    Unexamined,
    ZipCipher,
    ZipNames,
)
from policies.outbound_wording import OUTBOUND
from policies.setting_words import Words
from policies.settings_keys import KEYS, Number, boolean

_HOURS = gettext_lazy("hours")
_DAYS = gettext_lazy("days")

_INBOUND: Mapping[str, Words] = {
    "spam_check": Words(
        gettext_lazy("Check for spam"),
        gettext_lazy("Each inbound mail gets a score from 0 (surely wanted) to 100 (surely spam)."),
    ),
    "tag_score": Words(
        gettext_lazy("Tag from this score"),
        gettext_lazy("Mail with this score or more gets the tag in front of its subject."),
        gettext_lazy("points"),
    ),
    "quarantine_score": Words(
        gettext_lazy("Quarantine from this score"),
        gettext_lazy("Mail with this score or more is handled as chosen below."),
        gettext_lazy("points"),
    ),
    "above_quarantine_score": Words(
        gettext_lazy("Mail from that score on"),
        gettext_lazy("What is done with mail that is almost certainly spam."),
    ),
    "subject_tag": Words(
        gettext_lazy("Tag"),
        gettext_lazy("This text is put in front of the subject, once; a space is added behind it."),
    ),
    "authentication_check": Words(
        gettext_lazy("Check who the sender is"),
        gettext_lazy("SPF, DKIM, DMARC and ARC are checked for each inbound mail."),
    ),
    "dmarc_reject": Words(
        gettext_lazy("DMARC fails, domain asks for rejection"),
        gettext_lazy("The owner of the domain says that such mail is forged (p=reject)."),
    ),
    "dmarc_quarantine": Words(
        gettext_lazy("DMARC fails, domain asks for quarantine"),
        gettext_lazy("The owner of the domain says that such mail is suspicious (p=quarantine)."),
    ),
    "dmarc_none": Words(
        gettext_lazy("DMARC fails, domain asks for nothing"),
        gettext_lazy("The owner of the domain only watches so far (p=none)."),
    ),
    "spf_fail": Words(
        gettext_lazy("SPF fails, no DMARC"),
        gettext_lazy(
            "The domain publishes no DMARC policy, and its mail does not come from this server."
        ),
    ),
    "authentication_exceptions": Words(
        gettext_lazy("Domains that may fail"),
        gettext_lazy(
            "Mail from these domains and their subdomains is not judged by its authentication. "
            "One domain a line."
        ),
    ),
    "arc_sealers": Words(
        gettext_lazy("Trusted forwarders (ARC)"),
        gettext_lazy(
            "Where one of these domains forwarded the mail and sealed that it was authentic "
            "before, that is believed. One domain a line."
        ),
    ),
    "virus_check": Words(
        gettext_lazy("Check for viruses"),
        gettext_lazy(
            "Every attachment is scanned, inside archives too; infected ones are removed from "
            "inbound mail, and infected outbound mail is stopped."
        ),
    ),
    "file_type_check": Words(
        gettext_lazy("Remove files of the types below"),
        gettext_lazy("Files are recognised by content as well as by name, inside archives too."),
    ),
    "file_types": Words(
        gettext_lazy("Forbidden file types"),
        gettext_lazy("File name extensions without the dot, separated by commas or lines."),
    ),
    "file_type_exceptions": Words(
        gettext_lazy("Senders who may send them"),
        gettext_lazy(
            "Files of the types above are let in from these senders if it is proved that the mail "
            "is theirs. One address or domain a line."
        ),
    ),
    "unexamined": Words(
        gettext_lazy("Files that cannot be opened"),
        gettext_lazy(
            "Password-protected, damaged or far too large archives. This holds for outbound mail "
            "too, which never gets a warning."
        ),
    ),
    "unreadable": Words(
        gettext_lazy("Mails that cannot be read"),
        gettext_lazy("The structure of the mail itself is broken or nested too deeply."),
    ),
    "warn_suspicious": Words(
        gettext_lazy("Warn of suspicious mail"),
        gettext_lazy(
            "A warning with the reasons is put at the head of the mail; it is delivered all the "
            "same."
        ),
    ),
    "protected_names": Words(
        gettext_lazy("Names of people to protect"),
        gettext_lazy(
            "Executives and others whom impostors pretend to be, from outside addresses. One name "
            "a line."
        ),
    ),
    "protected_domains": Words(
        gettext_lazy("Further domains to protect"),
        gettext_lazy(
            "Domains of partners and brands whose look-alikes are to be noticed; your own mail "
            "domains are always protected. One domain a line."
        ),
    ),
    "reputation_check": Words(
        gettext_lazy("Refuse senders of bad reputation"),
        gettext_lazy(
            "Servers that are on public block lists are refused before they can send; refused "
            "connections are recorded."
        ),
    ),
    "greylisting": Words(
        gettext_lazy("Put off doubtful servers (greylisting)"),
        gettext_lazy(
            "Doubtful servers that do not prove their domain have to come again after a few "
            "minutes, as proper ones do by themselves."
        ),
    ),
    "quarantine_days": Words(
        gettext_lazy("Keep mail in quarantine"),
        gettext_lazy("Afterwards it is deleted for good; the record of it stays."),
        _DAYS,
    ),
    "digest": Words(
        gettext_lazy("Send the daily digest"),
        gettext_lazy(
            "Each user is told once a day what was kept for them, if there is anything new. "
            "Viruses are never in it."
        ),
    ),
    "digest_hour": Words(
        gettext_lazy("Hour of the digest"),
        gettext_lazy("Full hour of the day, in the time zone of your company."),
        gettext_lazy("o'clock"),
    ),
    "user_release": Words(
        gettext_lazy("Users may release their mail"),
        gettext_lazy(
            "From the digest, after a page that asks once more; never mail that only "
            "administrators may release."
        ),
    ),
    "user_lists": Words(
        gettext_lazy("Users may keep lists of their own"),
        gettext_lazy("Senders whom they allow or block for themselves alone."),
    ),
    "language": Words(
        gettext_lazy("Language of texts in mails"),
        gettext_lazy("Warnings, notices and reports of failed delivery are written in it."),
    ),
    "contact": Words(
        gettext_lazy("Contact for questions"),
        gettext_lazy(
            "Stands in warnings and notices, such as “Help desk, ext. 1234”; may stay empty."
        ),
    ),
    "check_recipients": Words(
        gettext_lazy("Accept mail for registered addresses only"),
        gettext_lazy(
            "Mail for any other address is refused at once. Register all addresses before you "
            "switch this on."
        ),
    ),
    "message_size_bytes": Words(
        gettext_lazy("Largest mail"),
        gettext_lazy("Measured as sent, so attachments count about one third more."),
        "MiB",
    ),
    "delay_notice_hours": Words(
        gettext_lazy("Tell the sender of a delay after"),
        gettext_lazy("If the receiving server has not taken the mail by then, the sender is told."),
        _HOURS,
    ),
    "bounce_after_hours": Words(
        gettext_lazy("Give up delivery after"),
        gettext_lazy(
            "Until then delivery is tried again and again; then the sender gets the mail back."
        ),
        _HOURS,
    ),
    "trace_days": Words(
        gettext_lazy("Keep records of messages"),
        gettext_lazy("For so long a message can be found in the list with every step of its way."),
        _DAYS,
    ),
}

WORDS: Mapping[str, Words] = {**_INBOUND, **OUTBOUND}

HANDLINGS: Mapping[str, Any] = {
    Handling.DELIVER: gettext_lazy("Deliver as usual"),
    Handling.TAG: gettext_lazy("Deliver with the tag in the subject"),
    Handling.QUARANTINE: gettext_lazy("Keep in quarantine"),
    Handling.REJECT: gettext_lazy("Keep in quarantine, released by administrators only"),
}
UNEXAMINED: Mapping[str, Any] = {
    Unexamined.DELIVER: gettext_lazy("Deliver with a warning"),
    Unexamined.QUARANTINE: gettext_lazy("Keep in quarantine"),
}
LANGUAGES: Mapping[str, Any] = {
    Language.JAPANESE: gettext_lazy("Japanese"),
    Language.ENGLISH: gettext_lazy("English"),
}
HOLD_EXPIRIES: Mapping[str, Any] = {
    HoldExpiry.DISCARD: gettext_lazy("Discard"),
    HoldExpiry.KEEP: gettext_lazy("Keep holding"),
    HoldExpiry.DELIVER: gettext_lazy("Deliver now"),
}
HIDDEN_TO: Mapping[str, Any] = {
    HiddenTo.SENDER: gettext_lazy("The sender’s own address"),
    HiddenTo.UNDISCLOSED: gettext_lazy("Undisclosed recipients"),
}
ZIP_CIPHERS: Mapping[str, Any] = {
    ZipCipher.AES256: gettext_lazy("AES-256"),
    ZipCipher.ZIPCRYPTO: gettext_lazy("ZipCrypto (compatible, weak)"),
}
ZIP_NAMES: Mapping[str, Any] = {
    ZipNames.UTF8: gettext_lazy("UTF-8"),
    ZipNames.CP932: gettext_lazy("CP932 (old Windows)"),
}
CHOICES: Mapping[type, Mapping[str, Any]] = {
    HoldExpiry: HOLD_EXPIRIES,
    HiddenTo: HIDDEN_TO,
    ZipCipher: ZIP_CIPHERS,
    ZipNames: ZIP_NAMES,
    Handling: HANDLINGS,
    Unexamined: UNEXAMINED,
    Language: LANGUAGES,
}
ON_OFF: Mapping[str, Any] = {
    "true": gettext_lazy("On"),
    "false": gettext_lazy("Off"),
}
MIB = 1024 * 1024


def in_words(key: str, value: Any) -> str:
    """One setting's value as people say it."""
    read = KEYS[key].read
    if read is boolean:
        return str(ON_OFF["true" if value else "false"])
    if type(value) in CHOICES:
        return str(CHOICES[type(value)][value])
    if key == "message_size_bytes":
        return f"{value / MIB:.4g} MiB"
    if isinstance(read, Number):
        return f"{value} {WORDS[key].unit}"
    if isinstance(value, tuple):
        return ", ".join(value) or _("none")
    return str(value).strip() or _("none")
