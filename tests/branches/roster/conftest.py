"""A root for rosters to begin from."""

from __future__ import annotations

import pytest

from branches.models import Organization
from tests.factories import make_organization


@pytest.fixture
def top() -> Organization:
    return make_organization("WORK_COMMITTEE", name="市直机关工委")
