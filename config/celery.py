"""The Celery application. Its settings are the `CELERY_…` names of `config.settings`.

Job modules are called `jobs.py`, so that *task* means one thing only in this product.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("bihuan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")
