from branches.models.organization import Organization
from branches.models.post import Post
from branches.models.user import User

__all__ = ["Organization", "Post", "User"]
