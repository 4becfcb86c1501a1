"""Who asks in many tests of the tracker."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def office(world: Any) -> Any:
    """A program of the work committee's clerk; a file about pages has its own, signed in."""
    from tests.api_program import Program  # models are there once Django is set up

    return Program(world.office.user)


@pytest.fixture
def clerk(client: Any, world: Any) -> Any:
    """The work committee's clerk at the pages."""
    client.force_login(world.office.user)
    return client
