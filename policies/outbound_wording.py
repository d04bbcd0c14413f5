"""The settings of outbound mail in words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy

from policies.setting_words import Words

_MINUTES = gettext_lazy("minutes")

OUTBOUND: Mapping[str, Words] = {
    "hold": Words(
        gettext_lazy("Hold mail by the rules"),
        gettext_lazy(
            "What a hold rule meets waits until its sender delivers or discards it. Copies inside "
            "the company go at once."
        ),
    ),
    "hold_minutes": Words(
        gettext_lazy("Hold time"),
        gettext_lazy("The sender is reminded when three quarters of it are over. 1440 is one day."),
        _MINUTES,
    ),
    "hold_expiry": Words(
        gettext_lazy("When the time is over"),
        gettext_lazy("What is done with held mail that nobody decided on."),
    ),
    "bcc": Words(
        gettext_lazy("Hide the recipients of mail to many"),
        gettext_lazy("To and Cc are replaced in the copies that leave the company."),
    ),
    "bcc_recipients": Words(
        gettext_lazy("From this number of outside addresses"),
        gettext_lazy("Different addresses of other companies in To and Cc together."),
        gettext_lazy("addresses"),
    ),
    "bcc_to": Words(
        gettext_lazy("What stands in To instead"),
        gettext_lazy("Some receiving servers distrust mail without a named recipient."),
    ),
    "bcc_exceptions": Words(
        gettext_lazy("Addresses that do not count"),
        gettext_lazy("Addresses and domains that may see each other. One a line."),
    ),
    "zip": Words(
        gettext_lazy("Encrypt attachments"),
        gettext_lazy("All attachments to outside go into one ZIP file with a password."),
    ),
    "zip_cipher": Words(
        gettext_lazy("Encryption"),
        gettext_lazy("The Windows Explorer and the Finder of macOS open ZipCrypto alone."),
    ),
    "zip_legacy_domains": Words(
        gettext_lazy("Domains that get ZipCrypto"),
        gettext_lazy("For recipients with nothing but their system’s own program. One a line."),
    ),
    "zip_names": Words(
        gettext_lazy("Names in the ZIP file"),
        gettext_lazy("Old versions of Windows show Japanese names right in CP932 alone."),
    ),
    "zip_note": Words(
        gettext_lazy("Tell the reader in the mail"),
        gettext_lazy("A short text at the head of the mail says that the files were encrypted."),
    ),
    "password_length": Words(
        gettext_lazy("Length of the password"),
        gettext_lazy("Made anew for each mail, without characters that look alike."),
        gettext_lazy("characters"),
    ),
    "password_after_minutes": Words(
        gettext_lazy("Tell the password by itself after"),
        gettext_lazy("0: not before the sender has checked the recipients and says so."),
        _MINUTES,
    ),
    "zip_exceptions": Words(
        gettext_lazy("Recipients without encryption"),
        gettext_lazy("Addresses and domains that get attachments as they are. One a line."),
    ),
    "zip_sender_exceptions": Words(
        gettext_lazy("Senders without encryption"),
        gettext_lazy("Addresses of yours whose attachments leave as they are. One a line."),
    ),
    "zip_subject_mark": Words(
        gettext_lazy("Mark in the subject"),
        gettext_lazy("A mail with this text in its subject is not encrypted; may stay empty."),
    ),
}
