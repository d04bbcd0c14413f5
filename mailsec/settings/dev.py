"""A developer's machine and the demo: plain HTTP on loopback, secrets made by the demo itself."""

from __future__ import annotations

from mailsec.settings.base import *

STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
WHITENOISE_USE_FINDERS = True
