"""What the tests of pledges share: when, who signs, and a plan that was changed afterwards."""

from __future__ import annotations

from datetime import date

from common.clock import moment
from tests.factories import World
from tracker.models import Measure, Pledge
from tracker.transitions import perform

AT = moment(date(2026, 1, 8))


def sign(pledge: Pledge, world: World, *, both: bool = True) -> Pledge:
    pledge = perform(pledge, "sign_for_unit", actor=world.secretary, at=AT)
    return perform(pledge, "sign_for_issuer", actor=world.issuer, at=AT) if both else pledge


def change(measure: Measure, **fields: object) -> None:
    """What an amendment leaves behind."""
    Measure.objects.filter(pk=measure.pk).update(**fields)
