"""Everything that neither waits nor is hot: Django, for any WSGI server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "whirr_site.settings")

application = get_wsgi_application()
