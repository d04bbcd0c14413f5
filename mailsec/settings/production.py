"""Production: everything over TLS, every secret from the environment, logs as JSON."""

from __future__ import annotations

from mailsec.settings import env
from mailsec.settings.base import *

SECURE_SSL_REDIRECT = env.boolean("MAILSEC_SSL_REDIRECT", True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
LOGGING = {"format": "json", "level": LOG_LEVEL}
