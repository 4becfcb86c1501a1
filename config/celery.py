"""The Celery application. Its settings are the `CELERY_…` names of `config.settings`.

Job modules are called `jobs.py`, so that *task* means one thing only in this product.
"""

import os
import signal
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_process_init

from config.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("bihuan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")


@worker_process_init.connect
def _end_with_the_worker(**kwargs: Any) -> None:
    """A worker killed outright must not leave its children behind, holding connections and waiting for ever."""
    die_with_parent(signal.SIGKILL)


@beat_init.connect
def _sweep_at_once(**kwargs: Any) -> None:
    """After a pause nobody waits another half minute for what fell due in it."""
    app.send_task("tracker.sweep", expires=app.conf.beat_schedule["sweep"]["options"]["expires"])
