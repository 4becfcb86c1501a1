"""How much evidence there may be: bytes of a task or finding, bytes of an organization, files of a person in a day.

The numbers are settings; 0 turns one off. A content counts once, however often it is attached, and earlier versions
count, because they are kept. Two people who attach to two tasks in the same moment may exceed the organization's
number by one file: no lock is held over a whole organization for that.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from common.clock import local_date, moment
from common.errors import Sentence
from tracker.models import Evidence, Finding, StoredFile, Task

MEGABYTE = 1024 * 1024


def why_no_room(
    subject: Task | Finding, *, size: int, sha256: str, user: AbstractBaseUser, at: datetime
) -> Sentence | None:
    """Why a file of so many bytes may not be attached, as a sentence that says what to do; None if it may."""
    a_day = settings.EVIDENCE_FILES_A_DAY
    since = moment(local_date(at))
    if a_day and Evidence.objects.filter(added_by=user.pk, added_at__gte=since).count() >= a_day:
        return _("You attached %(count)s files today; more can be attached tomorrow.") % {"count": a_day}
    at_most = settings.EVIDENCE_TASK_MB
    if at_most and _taken(Q(**{subject.KIND: subject}), sha256) + size > at_most * MEGABYTE:
        return _(
            "With this file there would be more than %(count)s MB of evidence here. Make the file smaller, or attach only what proves the work."
        ) % {"count": at_most}
    at_most = settings.EVIDENCE_ORGANIZATION_MB
    unit = subject.organization_id
    of_unit = Q(task__organization=unit) | Q(finding__organization=unit)
    if at_most and _taken(of_unit, sha256) + size > at_most * MEGABYTE:
        return _(
            "With this file there would be more than %(count)s MB of evidence of your organization. Make the file smaller, or ask the administrator for more room."
        ) % {"count": at_most}
    return None


def _taken(whose: Q, sha256: str) -> int:
    """Bytes of the contents that stand there, without the one that is to come."""
    files = Evidence.objects.filter(whose).order_by().values("file")
    others = StoredFile.objects.filter(pk__in=files).exclude(sha256=sha256)
    return others.aggregate(bytes=Sum("size"))["bytes"] or 0
