"""What changes accounts: making users, sign-in with lockout, the audit log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from accounts.errors import InvalidUser
from accounts.models import AuditEntry, OperatorRole, TenantRole, User

FAILURES_BEFORE_LOCK = 5
LOCK = timedelta(minutes=10)
SHELL = "shell"


def create_user(
    *,
    email: str,
    role: OperatorRole | TenantRole,
    password: str,
    name: str = "",
    language: str = "ja",
) -> User:
    """Make an account in the schema that is open; InvalidUser says what is wrong."""
    user = User(email=email.strip().lower(), role=role, name=name, language=language)
    try:
        validate_email(user.email)
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidUser(" ".join(error.messages)) from None
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise InvalidUser(f"There is already an account for {user.email}.") from None
    record(actor=SHELL, action="user.create", subject=user.email, after={"role": str(role)})
    return user


def sign_in(email: str, password: str, now: datetime) -> User | None:
    """The account with this password, unless it is locked; None gives no reason.

    The row is locked meanwhile, so that parallel guesses are counted one by one.
    An unknown address costs as much time as a known one.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().filter(email=email.strip().lower()).first()
        if user is None:
            make_password(password)
            return None
        right = user.check_password(password)
        if user.is_locked(now) or not user.is_active:
            return None
        if right:
            _settle(user, failures=0, locked_until=None)
            return user
        failures = user.failed_sign_ins + 1
        if failures < FAILURES_BEFORE_LOCK:
            _settle(user, failures=failures, locked_until=None)
        else:
            _settle(user, failures=0, locked_until=now + LOCK)
            record(actor=user.email, action="user.lock", subject=user.email)
        return None


def _settle(user: User, *, failures: int, locked_until: datetime | None) -> None:
    if (user.failed_sign_ins, user.locked_until) == (failures, locked_until):
        return
    user.failed_sign_ins, user.locked_until = failures, locked_until
    user.save(update_fields=["failed_sign_ins", "locked_until"])


def set_language(user: User, language: str) -> None:
    """Remember the language of a person's screens."""
    user.language = language
    user.save(update_fields=["language"])


def record(
    *,
    actor: str,
    action: str,
    subject: str = "",
    address: str | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Append to the audit log of the schema that is open."""
    AuditEntry.objects.create(
        actor=actor,
        action=action,
        subject=subject,
        address=address,
        before=before or {},
        after=after or {},
    )
