"""A kept message's HTML body for its frame, and its files: what strangers wrote, fenced in."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin

from quarantine.permissions import may_act, may_read
from quarantine.preview import Preview
from quarantine.selectors import message_with
from quarantine.views.held import preview_of
from tenants.access import ConsoleRequest, tenant_page

_FRAME_POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
_FILE_POLICY = "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'"


@tenant_page
@xframe_options_sameorigin
def html(request: ConsoleRequest, queue_id: str) -> HttpResponse:
    """The cleaned HTML body, for the sandboxed frame of the message's page alone."""
    return frame(_preview(request, queue_id, must_act=False))


@tenant_page
def file(request: ConsoleRequest, queue_id: str, index: str) -> HttpResponse:
    """One attachment, to be saved and never to be shown; a condemned one is not handed out."""
    return download(_preview(request, queue_id, must_act=True), int(index))


def frame(preview: Preview) -> HttpResponse:
    """The cleaned HTML body as an answer that runs and loads nothing; Http404 where there is none.

    The view that gives it allows the frame (``xframe_options_sameorigin``).
    """
    text = preview.html()
    if not text:
        raise Http404
    return HttpResponse(
        text,
        headers={"Content-Security-Policy": _FRAME_POLICY, "Referrer-Policy": "no-referrer"},
    )


def download(preview: Preview, index: int) -> HttpResponse:
    """One attachment as an answer that browsers save; Http404 where there is none to hand out."""
    found = preview.file(index)
    if found is None:
        raise Http404
    line, content = found
    name = line.name.replace("/", "_").replace("\\", "_").lstrip(".") or f"attachment-{index}"
    disposition = content_disposition_header(as_attachment=True, filename=name)
    return HttpResponse(
        content,
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": disposition or "attachment",
            "Content-Security-Policy": _FILE_POLICY,
            "X-Content-Type-Options": "nosniff",
        },
    )


def _preview(request: ConsoleRequest, queue_id: str, *, must_act: bool) -> Preview:
    """The kept content, for those who may read it, and where it is asked for, act on it."""
    role = request.user.role
    if not may_read(role):
        raise PermissionDenied
    found = message_with(request.tenant, UUID(hex=queue_id))
    if found is None:
        raise Http404
    if must_act and not may_act(role, found):
        raise PermissionDenied
    preview = preview_of(request, found) if found.keep_original else None
    if preview is None:
        raise Http404
    return preview
