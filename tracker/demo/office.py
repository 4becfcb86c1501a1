"""What the committee's own people do month by month: urge, instruct, verify."""

from __future__ import annotations

from datetime import date, timedelta

from branches.models import Post
from common.clock import local_date
from tracker.demo.careers import World
from tracker.demo.diary import Life
from tracker.demo.words import pick
from tracker.models import Measure, Task
from tracker.transitions import decide, perform

Role = Post.Role


def keep_an_eye(world: World, *, since: date) -> Life:
    """Twice a month: the clerk urges the longest overdue, the leader instructs, an inspector verifies a measure."""
    rng, city = world.rng("office"), world.city
    day = since
    while day <= local_date(world.until):
        day += timedelta(days=15)
        at = yield world.hour(rng, day)
        late = list(
            Task.objects.overdue_on(local_date(at))
            .select_related("organization", "measure__plan")
            .order_by("due", "pk")[:4]
        )
        clerk = city.one(city.top, Role.CLERK, at=at)
        for task in late:
            perform(task, "urge", actor=clerk, at=at, given={"remark": pick(rng, world.words["urge"])})
        at = yield at + timedelta(hours=1)
        leader = city.one(city.top, Role.LEADER, at=at)
        still = Task.objects.filter(pk__in=[t.pk for t in late], state=Task.State.ACTIVE)
        for task in still.select_related("organization", "measure__plan").order_by("due", "pk")[:1]:
            if decide(task, "instruct", actor=leader, at=at).allowed:
                given = {"remark": pick(rng, world.words["instruct"])}
                perform(task, "instruct", actor=leader, at=at, given=given)
        inspector = city.one(city.top, Role.INSPECTOR, at=at)
        done = Measure.objects.filter(state=Measure.State.VERIFYING).select_related("plan").order_by("pk")
        for measure in done[:2]:
            perform(
                measure, "verify", actor=inspector, at=at, given={"remark": pick(rng, world.words["verify"])}
            )
