"""Who keeps the working-day calendar."""

from __future__ import annotations

from django.utils.translation import gettext as _

from branches.access import Actor
from branches.models import Post
from common.errors import NotAllowed


def require_calendar_keeper(actor: Actor) -> None:
    """Raise NotAllowed unless the actor is an administrator of a root organization; the calendar is everybody's."""
    keeps = any(
        post.role == Post.Role.ADMINISTRATOR and post.organization.parent_id is None for post in actor.posts
    )
    if not keeps:
        raise NotAllowed(
            _("Only the system administrator of the topmost organization keeps the working-day calendar.")
        )
