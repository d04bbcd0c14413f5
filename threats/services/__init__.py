"""The only writers of what the service knows of files and senders."""

from threats.services.files import block_file, unblock_file
from threats.services.greylist import forget_ended_passes, greylist
from threats.services.senders import add_entry, forget_ended, note_blocklists, remove_entry

__all__ = [
    "add_entry",
    "block_file",
    "forget_ended",
    "forget_ended_passes",
    "greylist",
    "note_blocklists",
    "remove_entry",
    "unblock_file",
]
