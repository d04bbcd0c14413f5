"""Django's way into ``accounts.services.sign_in``."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from accounts.services import sign_in


class PasswordBackend(BaseBackend):
    """Accounts of the schema that the host belongs to, by address and password."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **credentials: Any,
    ) -> User | None:
        if username is None or password is None:
            return None
        return sign_in(username, password, timezone.now())

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()
