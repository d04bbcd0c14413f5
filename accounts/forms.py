"""What people fill in to sign in."""

from __future__ import annotations

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """Address and password. Unknown, wrong and locked get one and the same answer."""

    username = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    # The longest password that is hashed: the hash must not become somebody's way to burn time.
    password = forms.CharField(
        label=_("Password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    error_messages = {
        "invalid_login": _(
            "Sign-in failed. Check your e-mail address and password. After several failures, "
            "sign-in is refused for a while."
        ),
        "inactive": _(
            "Sign-in failed. Check your e-mail address and password. After several failures, "
            "sign-in is refused for a while."
        ),
    }
