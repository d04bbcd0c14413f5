"""What holds everywhere; the other modules say only what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from mailsec.settings import env

BASE_DIR = Path(__file__).resolve().parent.parent.parent

# --- the service ------------------------------------------------------------------------------

BASE_DOMAIN = env.text("MAILSEC_BASE_DOMAIN", "localhost")
MAIL_HOSTNAME = env.text("MAILSEC_MAIL_HOSTNAME", "mail.localhost")
MASTER_KEYS = env.keys("MAILSEC_MASTER_KEYS")
SECRET_KEY = env.text("MAILSEC_SECRET_KEY")
# Where people reach a tenant's console, for the links in notices.
CONSOLE_URL = env.text("MAILSEC_CONSOLE_URL", f"https://{{slug}}.{BASE_DOMAIN}")
DEBUG = False

OPERATOR_HOST = f"ops.{BASE_DOMAIN}"
ALLOWED_HOSTS = [f".{BASE_DOMAIN}"]
WSGI_APPLICATION = "mailsec.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- tenants: public and per-tenant schemas -----------------------------------------------------

SHARED_APPS = [
    "django_tenants",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "accounts",
    "tenants",
    "threats",
    "workers",
]
TENANT_APPS = [
    "django.contrib.sessions",
    "accounts",
    "policies",
    "quarantine",
    "encryption",
    "reports",
]
INSTALLED_APPS = SHARED_APPS + [app for app in TENANT_APPS if app not in SHARED_APPS]
TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.WebHost"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
ROOT_URLCONF = "mailsec.urls_tenant"
PUBLIC_SCHEMA_URLCONF = "mailsec.urls_public"

DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL"), engine="django_tenants.postgresql_backend"
    )
    | {
        # Parameters travel in binary: a mail's bytes are neither doubled nor parsed as text.
        # The server keeps a statement's plan only where it is asked to (quarantine.statements):
        # without a threshold psycopg would not keep any, below this one it would keep others too.
        "OPTIONS": {
            "server_side_binding": True,
            "connect_timeout": 5,
            "prepare_threshold": 1_000_000_000,
        },
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
}

# --- web ----------------------------------------------------------------------------------------

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Above the host look-up, so that the page for an unknown host has its policy too.
    "csp.middleware.CSPMiddleware",
    "tenants.middleware.HostMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.PreferenceMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader"],
                )
            ],
        },
    }
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.path("MAILSEC_STATIC_ROOT", BASE_DIR / "var" / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
# A mail has at most 1,000 recipients (product, 15), each a tick of the form that releases it.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_100
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = 30 * 60
SESSION_SAVE_EVERY_REQUEST = True  # 30 minutes without a request end the session, not 30 in all
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

# --- who signs in -------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.PasswordBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"

# --- languages ----------------------------------------------------------------------------------

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", _("Japanese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Tokyo"

# --- queues -------------------------------------------------------------------------------------

CELERY_BROKER_URL = env.text("REDIS_URL")
# A publisher must never hang on a dead broker: the sweep finds what could not be announced.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "retry_on_timeout": False,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Celery closes the database connection before and after each task unless told how many to keep it
# for; a new one costs both sides more than a mail's statements. workers.tasks.base checks it.
CELERY_DB_REUSE_MAX = 1000
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = env.text(
    "MAILSEC_BEAT_SCHEDULE", str(BASE_DIR / "var" / "beat-schedule")
)

# --- the mail's way -----------------------------------------------------------------------------

SMTPD_INBOUND = env.text("MAILSEC_SMTPD_INBOUND", "127.0.0.1:8025")
SMTPD_OUTBOUND = env.text("MAILSEC_SMTPD_OUTBOUND", "127.0.0.1:8587")
SMTPD_TLS_CERTIFICATE = env.path("MAILSEC_SMTPD_TLS_CERTIFICATE")
SMTPD_TLS_KEY = env.path("MAILSEC_SMTPD_TLS_KEY")
SMTPD_PROXY_NETWORKS = env.networks("MAILSEC_SMTPD_PROXY_NETWORKS")
SMTPD_CONNECTIONS = env.integer("MAILSEC_SMTPD_CONNECTIONS", 1000, least=1)
SMTPD_CONNECTIONS_PER_IP = env.integer("MAILSEC_SMTPD_CONNECTIONS_PER_IP", 20, least=1)
SMTPD_CONNECTIONS_PER_MINUTE = env.integer("MAILSEC_SMTPD_CONNECTIONS_PER_MINUTE", 600, least=1)
SMTPD_MAILS_PER_MINUTE = env.integer("MAILSEC_SMTPD_MAILS_PER_MINUTE", 3000)
SMTPD_RECIPIENTS_PER_MINUTE = env.integer("MAILSEC_SMTPD_RECIPIENTS_PER_MINUTE", 12000)

# Whether questions are asked about inbound clients at all; lists of people hold either way.
REPUTATION = env.boolean("MAILSEC_REPUTATION", True)
REPUTATION_GREYLIST = env.integer("MAILSEC_REPUTATION_GREYLIST", 4)
REPUTATION_REFUSE = env.integer("MAILSEC_REPUTATION_REFUSE", 10)
REPUTATION_SECONDS = env.seconds("MAILSEC_REPUTATION_SECONDS", 3)
# How long a client that is greylisted must wait before it comes again.
GREYLIST_SECONDS = env.integer("MAILSEC_GREYLIST_SECONDS", 60, least=1, most=3600)
REPUTATION_EXEMPT = env.networks("MAILSEC_REPUTATION_EXEMPT")
DNSBL = env.blocklists("MAILSEC_DNSBL")

SCANNER = env.text("MAILSEC_SCANNER", "builtin")  # or clamd:/path/to/socket, clamd:host:port
SPAM_ENGINE = env.text("MAILSEC_SPAM_ENGINE", "builtin")  # or rspamd:host:port

# Who answers for senders: system (MAILSEC_NAMESERVERS, else those of the system), host:port, or off
# where there is no domain name system (all results are temperror then).
SENDER_DNS = env.text("MAILSEC_SENDER_DNS", "system")
# The service's own key, RSA in PEM: signs notices (DKIM), seals changed mail (ARC). All or none.
SIGNING_DOMAIN = env.text("MAILSEC_SIGNING_DOMAIN", "")
SIGNING_SELECTOR = env.text("MAILSEC_SIGNING_SELECTOR", "")
SIGNING_KEY = env.path("MAILSEC_SIGNING_KEY")

# The class whose instances learn "spam" and "not spam"; empty where no classifier learns.
SPAM_MODEL = "mailsec.gateway.spam.tenant.TenantModel"

MX_PORT = env.integer("MAILSEC_MX_PORT", 25, least=1, most=65535)
NAMESERVERS = env.listing("MAILSEC_NAMESERVERS")
RETRY_UNIT_SECONDS = env.seconds(
    "MAILSEC_RETRY_UNIT_SECONDS", 1
)  # the length of the schedule's second
DELIVERY_SECONDS = env.seconds("MAILSEC_DELIVERY_SECONDS", 240)
# A delivery claimed this long ago belongs to a dead process: DELIVERY_SECONDS ended it otherwise.
DELIVERY_LEASE_SECONDS = env.seconds("MAILSEC_DELIVERY_LEASE_SECONDS", 600)
EXAMINE_LEASE_SECONDS = env.seconds("MAILSEC_EXAMINE_LEASE_SECONDS", 60)
SWEEP_SECONDS = env.seconds("MAILSEC_SWEEP_SECONDS", 20)
DIGEST_SECONDS = env.seconds("MAILSEC_DIGEST_SECONDS", 300)
EXAMINE_TRIES = env.integer("MAILSEC_EXAMINE_TRIES", 5, least=1)

LOG_FORMAT = env.text("MAILSEC_LOG_FORMAT", "text")
LOG_LEVEL = env.text("MAILSEC_LOG_LEVEL", "INFO")
LOGGING_CONFIG = "mailsec.logging.configure"
LOGGING: dict[str, Any] = {"format": LOG_FORMAT, "level": LOG_LEVEL}

# Only here, and not in mailsec.celery, because the intervals are settings.
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "workers.tasks.sweep.sweep_all", "schedule": SWEEP_SECONDS},
    "roll-up": {"task": "workers.tasks.rollup.roll_up_all", "schedule": 3600.0},
    "digest": {"task": "workers.tasks.digest.send_all", "schedule": DIGEST_SECONDS},
    "retention": {"task": "workers.tasks.retention.expire_all", "schedule": 3600.0},
}
