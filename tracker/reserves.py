"""Measures held in reserve (储备): on the day they are to be looked at again, the office hears of them."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.urls import reverse

from branches.models import Post
from common.clock import local_date
from tracker.models import Measure, Notice, Plan

OFFICE = (Post.Role.CLERK, Post.Role.DEPUTY_SECRETARY)


def tell_of_reserves(*, at: datetime) -> int:
    """A notice to each clerk and deputy secretary of the issuer for a reserved measure whose day has come.

    Returns how many were made. Once per measure, day set and person, also after an outage or a second run; in a
    branch's own plan the secretary is the office. Two queries and one statement.
    """
    day = local_date(at)
    waiting = list(
        Measure.objects.filter(state=Measure.State.RESERVED, review_on__lte=day)
        .exclude(plan__state=Plan.State.CLOSED)
        .select_related("plan__organization")
        .order_by("pk")
    )
    issuers = {measure.plan.organization for measure in waiting}
    posts = Post.objects.held_on(day).filter(organization__in=issuers, user__is_active=True)
    held: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for organization, role, user in posts.values_list("organization", "role", "user"):
        held[organization][role].add(user)
    notices = []
    for measure in waiting:
        issuer = measure.plan.organization
        roles = [*OFFICE, Post.Role.SECRETARY] if issuer.kind == issuer.Kind.BRANCH else OFFICE
        people = set().union(*(held[issuer.pk][role] for role in roles))
        data = {
            "measure": measure.title,
            "plan": measure.plan.title,
            "url": reverse("tracker:measure", args=[measure.plan_id, measure.pk]),
        }
        key = f"reserve:{measure.pk}:{measure.review_on}"
        notices += [
            Notice(recipient_id=user, kind="reserve_due", data=data, key=f"{key}:{user}", created_at=at)
            for user in sorted(people)
        ]
    known = set(Notice.objects.filter(key__in=[n.key for n in notices]).values_list("key", flat=True))
    fresh = [notice for notice in notices if notice.key not in known]
    Notice.objects.bulk_create(fresh, batch_size=500, ignore_conflicts=True)
    return len(fresh)
