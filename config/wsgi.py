"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
# Every view is imported now, once, before gunicorn forks: otherwise the first visitor of each worker waits for it.
len(get_resolver().url_patterns)
