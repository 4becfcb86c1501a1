"""Organizations, posts, users and terms for programs, and the tokens they come with."""
