"""The tracker's settings in the administration. No plan, no task and no history is registered here."""

from __future__ import annotations

from django.contrib import admin

from branches.admin import RootEditor
from tracker.models.loop import LoopStep


@admin.register(LoopStep)
class LoopEditor(RootEditor):
    """The names of the loop's steps; each goes with one stage, and a stage without a name is not shown."""

    list_display = ("stage", "name")
    setting = "loop"
    audited = ("stage", "name")
