"""An issued plan of two measures, and the pledge of its first branch."""

from __future__ import annotations

import pytest

from tests.factories import World, issue, make_measure, make_plan
from tests.tracker.pledges.helpers import AT
from tracker.models import Plan, Pledge
from tracker.pledges import make_pledges


@pytest.fixture
def plan(world: World) -> Plan:
    plan = make_plan(world)
    make_measure(world, plan)
    make_measure(
        world,
        plan,
        title="开展主题党日",
        deliverable="照片和记录",
        due=None,
        cadence="monthly",
        receivers=[world.branch],
    )
    issue(world, plan)
    plan.refresh_from_db()
    return plan


@pytest.fixture
def pledge(world: World, plan: Plan) -> Pledge:
    make_pledges(plan, actor=world.office, at=AT)
    return Pledge.objects.get(plan=plan, organization=world.branch)
