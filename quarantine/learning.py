"""The port to the classifier's own learning; the services are handed the class that learns."""

from __future__ import annotations

from typing import Protocol, Self, cast

from django.conf import settings
from django.utils.module_loading import import_string

from mailsec.gateway.message import Message


class TeachableModel(Protocol):
    """What a tenant's lessons add to the base model: an immutable value.

    ``learned`` returns the next model and a step; ``unlearned`` with that step takes exactly this
    lesson back, whatever was learned since.
    """

    @classmethod
    def empty(cls) -> Self: ...

    @classmethod
    def from_bytes(cls, data: bytes, /) -> Self: ...

    def to_bytes(self) -> bytes: ...

    def learned(self, message: Message, is_spam: bool, /) -> tuple[Self, bytes]: ...

    def unlearned(self, step: bytes, /) -> Self: ...


def model_kind() -> type[TeachableModel] | None:
    """The class that learns in this installation, None where no classifier does."""
    if not settings.SPAM_MODEL:
        return None
    return cast(type[TeachableModel], import_string(settings.SPAM_MODEL))
