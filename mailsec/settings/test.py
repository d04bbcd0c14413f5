"""Tests: fixed keys, short leases, quick password hashes."""

from __future__ import annotations

import base64
import os

os.environ.setdefault("MAILSEC_SECRET_KEY", "only-for-tests-" + "0" * 50)
os.environ.setdefault("MAILSEC_MASTER_KEYS", "test:" + base64.b64encode(bytes(32)).decode())
# The test session puts the addresses of its own servers here before it loads the settings.
os.environ.setdefault("DATABASE_URL", "postgresql:///mailsec")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
# Nobody outside is asked; tests that need answers have a name server of their own.
os.environ.setdefault("MAILSEC_SENDER_DNS", "off")

from mailsec.settings.base import *

STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
