"""How the description of the API (OpenAPI) is made from the code."""

from __future__ import annotations

from drf_spectacular.openapi import AutoSchema


class FirstLine(AutoSchema):
    """The first line of a docstring is the summary, so that the list of addresses says what each is for."""

    def get_summary(self) -> str | None:
        return super().get_summary() or self.get_description().partition("\n")[0] or None
