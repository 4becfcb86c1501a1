"""Where work stands in the loop, by the names the office has given its steps; nothing where it has given none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from branches.access import Actor
from branches.settings_duty import require_settings_keeper
from common.audit import record
from common.models import AuditEntry
from tracker.models import Plan, Task
from tracker.models.loop import LoopStep
from tracker.plan_table import Counts

Stage = LoopStep.Stage
STAGES: dict[str, str] = {
    Task.State.PENDING: Stage.ISSUE,
    Task.State.ACTIVE: Stage.DO,
    Task.State.SUSPENDED: Stage.DO,
    Task.State.SUBMITTED: Stage.REVIEW,
    Task.State.SECOND_REVIEW: Stage.REVIEW,
    Task.State.DONE: Stage.CLOSE,
}


@dataclass(frozen=True)
class Step:
    """One step as a page shows it: for a task whether it stands there, for a plan how many tasks do."""

    name: str
    stage: str
    here: bool = False
    count: int | None = None


def names() -> dict[str, str]:
    """The names by stage, in the order of the loop (one query); those without a name are left out."""
    known = dict(LoopStep.objects.values_list("stage", "name"))
    return {stage.value: known[stage] for stage in Stage if stage in known}


def steps_of_task(task: Task) -> list[Step]:
    """The named steps with the one where a task stands; a withdrawn task stands nowhere."""
    here = STAGES.get(task.state)
    return [Step(name, str(Stage(stage).label), here=stage == here) for stage, name in names().items()]


def steps_of_plan(plan: Plan, counts: Counts) -> list[Step]:
    """The named steps with the tasks of an issued plan that stand there; none for a draft, which has no tasks yet."""
    if plan.is_open:
        return []
    found = {
        Stage.ISSUE: counts.pending,
        Stage.DO: counts.total - counts.pending - counts.review - counts.done,
        Stage.REVIEW: counts.review,
        Stage.CLOSE: counts.done,
    }
    return [Step(name, str(Stage(stage).label), count=found[Stage(stage)]) for stage, name in names().items()]


def name_step(
    stage: str, *, name: str, actor: Actor, at: datetime, address: str | None = None
) -> LoopStep | None:
    """Give a stage of the loop its name; an empty one takes it away. The same again writes nothing.

    Effects in order: the row, one line in the audit log. Raises NotAllowed for whoever does not keep the settings.
    """
    require_settings_keeper(actor)
    name = name.strip()
    with transaction.atomic():
        before = LoopStep.objects.select_for_update().filter(stage=stage).first()
        if (before.name if before else "") == name:
            return before
        if name:
            after, _made = LoopStep.objects.update_or_create(stage=stage, defaults={"name": name})
            act = "change" if before else "add"
        else:
            LoopStep.objects.filter(stage=stage).delete()
            after, act, name = None, "delete", before.name if before else ""
        data = {"act": act, "setting": "loop", "stage": stage, "name": name}
        record(AuditEntry.Kind.SETTING, at=at, user=actor.user, address=address, data=data)
    return after
