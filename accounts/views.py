"""Sign-in, sign-out and the language switch, on the operator's and on tenants' hosts alike."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST
from django.views.i18n import LANGUAGE_QUERY_PARAMETER
from django.views.i18n import set_language as switch_language

from accounts.forms import SignInForm
from accounts.models import User
from accounts.services import record, set_language


class SignIn(LoginView):
    """The only door of a console. The account is looked for in the schema that the host opened."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_success_url(self) -> str:
        """Where to go on: a page of this host, and never back to this one."""
        url = super().get_success_url()
        return self.get_default_redirect_url() if url.startswith(reverse("sign-in")) else url

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        answer = super().form_valid(form)
        record(
            actor=form.get_user().get_username(),
            action="user.sign-in",
            # Behind a UNIX socket there is no address.
            address=self.request.META.get("REMOTE_ADDR") or None,
        )
        return answer


sign_in = SignIn.as_view()
sign_out = LogoutView.as_view()


@require_POST
def choose_language(request: HttpRequest) -> HttpResponseBase:
    """Switch the screens' language: by cookie, and for the account of who is signed in."""
    language = request.POST.get(LANGUAGE_QUERY_PARAMETER, "")
    user = request.user
    if isinstance(user, User) and language in {"ja", "en"} and check_for_language(language):
        set_language(user, language)
    return switch_language(request)
