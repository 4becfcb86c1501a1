"""Verbs on terms of office: one begins and ends the one before; the day of the re-election is shifted with approval."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from branches.models import Organization, Term
from branches.models.term import YEARS, add_years
from common.errors import Refused


def begin_term(
    organization: Organization,
    *,
    began_on: date,
    due_on: date | None = None,
    number: int | None = None,
    approval: str = "",
) -> Term:
    """Record that a newly elected committee took up office; the running term ends the day before.

    ``due_on`` None: by the length laid down for the kind of organisation. Raises Refused where none is laid down, for a
    re-election due before the beginning, or a beginning not after that of the running term.
    """
    years = YEARS.get(Organization.Kind(organization.kind))
    if due_on is None:
        if years is None:
            sentence = _("For this kind no length is laid down. Enter the day the re-election is due.")
            raise Refused(sentence, fields={"due_on": sentence})
        due_on = add_years(began_on, years)
    if due_on <= began_on:
        sentence = _("The re-election falls due after the term began.")
        raise Refused(sentence, fields={"due_on": sentence})
    with transaction.atomic():
        Organization.objects.select_for_update().get(pk=organization.pk)
        running = Term.objects.running().filter(organization=organization).first()
        if running and began_on <= running.began_on:
            sentence = _("Choose a day after %(day)s, when the present term began.")
            sentence = sentence % {"day": f"{running.began_on:%Y-%m-%d}"}
            raise Refused(sentence, fields={"began_on": sentence})
        if running:
            running.ended_on = began_on - timedelta(days=1)
            running.save(update_fields=["ended_on"])
        return Term.objects.create(
            organization=organization,
            number=number,
            began_on=began_on,
            years=years or max(1, round((due_on - began_on).days / 365.25)),
            due_on=due_on,
            approval=approval,
        )


def shift_due(term: Term, *, due_on: date, approval: str) -> Term:
    """Move the re-election of a running term with the superior's approval (《选举工作条例》 art. 3).

    Raises Refused for a term that has ended, a day not after its beginning, or without the approval.
    """
    if not approval.strip():
        sentence = _("Enter who approved it, and the document.")
        raise Refused(sentence, fields={"approval": sentence})
    with transaction.atomic():
        locked = Term.objects.select_for_update().get(pk=term.pk)
        if locked.ended_on:
            raise Refused(_("This term has ended; its dates stay as they are."))
        if due_on <= locked.began_on:
            sentence = _("The re-election falls due after the term began.")
            raise Refused(sentence, fields={"due_on": sentence})
        locked.due_on, locked.approval = due_on, approval.strip()
        locked.save(update_fields=["due_on", "approval"])
    return locked
