""" "This is spam", "this is not spam", and back again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from mailsec.gateway.message import Message
from quarantine.choices import EventKind
from quarantine.learning import TeachableModel
from quarantine.models import Lesson, SpamModel
from quarantine.permissions import Actor
from quarantine.selectors import original
from quarantine.services.release import locked, note
from tenants.models import Tenant
from tenants.scope import scoped


@scoped
def learn(
    tenant: Tenant,
    message_id: UUID,
    is_spam: bool,
    actor: Actor,
    now: datetime,
    kind: type[TeachableModel],
) -> bool:
    """Teach the tenant's model from this message's original; False where it is known already.

    A message counts once: the opposite lesson takes the place of the one before. NotPermitted,
    ContentGone and UnknownMessage say why nothing was learned.
    """
    with transaction.atomic():
        row = _model_row(kind, now)
        message = locked(message_id, actor)
        before = Lesson.objects.filter(message=message, undone_at=None).first()
        if before is not None and before.is_spam == is_spam:
            return False
        raw = original(tenant, message_id)
        model = kind.from_bytes(bytes(row.data))
        if before is not None:
            model = model.unlearned(bytes(before.step))
            _end(before, now)
        model, step = model.learned(Message(raw), is_spam)
        Lesson.objects.create(
            message=message, is_spam=is_spam, step=step, author=actor.name[:320], at=now
        )
        _store(row, model, now)
        note(message, actor, EventKind.LEARNED, now, {"is_spam": is_spam})
    return True


@scoped
def undo_lesson(
    tenant: Tenant, message_id: UUID, actor: Actor, now: datetime, kind: type[TeachableModel]
) -> bool:
    """Take the message's lesson back; False where there is none in force."""
    with transaction.atomic():
        row = _model_row(kind, now)
        message = locked(message_id, actor)
        lesson = Lesson.objects.filter(message=message, undone_at=None).first()
        if lesson is None:
            return False
        model = kind.from_bytes(bytes(row.data)).unlearned(bytes(lesson.step))
        _end(lesson, now)
        _store(row, model, now)
        note(message, actor, EventKind.UNLEARNED, now, {"is_spam": lesson.is_spam})
    return True


def _model_row(kind: type[TeachableModel], now: datetime) -> SpamModel:
    """The tenant's row, locked: lessons are learned one after the other."""
    SpamModel.objects.bulk_create(
        [SpamModel(data=kind.empty().to_bytes(), updated_at=now)], ignore_conflicts=True
    )
    return SpamModel.objects.select_for_update().get(id=1)


def _end(lesson: Lesson, now: datetime) -> None:
    lesson.undone_at = now
    lesson.save(update_fields=["undone_at"])


def _store(row: SpamModel, model: TeachableModel, now: datetime) -> None:
    row.data, row.version, row.updated_at = model.to_bytes(), row.version + 1, now
    row.save()
