from branches.models.api_token import ApiToken
from branches.models.area import Area, Tag
from branches.models.calendar_feed import CalendarFeed
from branches.models.organization import Organization
from branches.models.placement import Placement
from branches.models.post import Post
from branches.models.rating import Rating
from branches.models.roster_file import RosterFile
from branches.models.second_factor import RecoveryCode, SecondFactor
from branches.models.term import Term
from branches.models.tries import Tries
from branches.models.user import User

__all__ = [
    "ApiToken",
    "Area",
    "CalendarFeed",
    "Organization",
    "Placement",
    "Post",
    "Rating",
    "RecoveryCode",
    "RosterFile",
    "SecondFactor",
    "Tag",
    "Term",
    "Tries",
    "User",
]
