"""Who keeps what is everybody's: the working-day calendar, the names of the loop's steps."""

from __future__ import annotations

from django.utils.translation import gettext as _

from branches.access import Actor
from branches.models import Post
from common.errors import NotAllowed


def keeps_settings(actor: Actor) -> bool:
    """Whether a person is an administrator of a root organization."""
    return any(
        post.role == Post.Role.ADMINISTRATOR and post.organization.parent_id is None for post in actor.posts
    )


def require_settings_keeper(actor: Actor) -> None:
    """Raise NotAllowed unless the actor keeps the settings that are everybody's."""
    if not keeps_settings(actor):
        raise NotAllowed(_("Only the system administrator of the topmost organization may change this."))


def require_calendar_keeper(actor: Actor) -> None:
    """Raise NotAllowed unless the actor keeps the working-day calendar."""
    if not keeps_settings(actor):
        raise NotAllowed(
            _("Only the system administrator of the topmost organization keeps the working-day calendar.")
        )
