"""The web process's entry: ``gunicorn mailsec.wsgi``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailsec.settings.production")
application = get_wsgi_application()
