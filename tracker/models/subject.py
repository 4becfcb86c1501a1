"""What plans, measures, tasks, findings and inspections share: a state that only the table writes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Subject(models.Model):
    """Something with a state, a version and a chain of events.

    ``version`` rises with every act, so that a form filled against an older state is noticed.
    ``event_count`` and ``event_head`` repeat the length and newest hash of the subject's event chain:
    a chain whose tail was cut no longer fits its subject.
    """

    KIND: ClassVar[str]

    version = models.PositiveIntegerField(_("version"), default=0, editable=False)
    event_count = models.PositiveIntegerField(default=0, editable=False)
    event_head = models.CharField(max_length=64, default="", editable=False)

    class Meta:
        abstract = True
