"""What every answer to a page or a part of a page has in common."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from common.errors import Refused
from common.views import refused


class FrameMiddleware:
    """Refusals become pages or toasts; parts of pages never pass for pages.

    After the session and actor middleware, so that the page of a refusal has its navigation.

    - A ``Refused`` that a view lets pass is answered with its status and sentence.
    - One address gives a whole page or, to htmx, a part of it: ``Vary`` keeps caches from mixing them up.
    - A part asked for after the session has ended would paste the sign-in page into the panel: the whole page goes there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        patch_vary_headers(response, ["HX-Request"])
        sign_in = str(settings.LOGIN_URL)
        if request.headers.get("HX-Request") and response.headers.get("Location", "").startswith(sign_in):
            page = request.headers.get("HX-Current-URL", "")
            answer = HttpResponse(status=204)
            # Asking the page itself again lets the sign-in know where to come back to.
            if page:
                answer.headers["HX-Refresh"] = "true"
            else:
                answer.headers["HX-Redirect"] = sign_in
            return answer
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refused(request, exception) if isinstance(exception, Refused) else None
