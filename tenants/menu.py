"""The service menu as a value with its rules (product, 2)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Menu:
    """What a tenant has bought; ``number`` is 1 to 6."""

    number: int
    targeted_attack: bool
    zip: bool
    secure_mail: bool

    @property
    def outbound(self) -> bool:
        """Outbound mail is taken only where it is zipped or sent as secure mail."""
        return self.zip or self.secure_mail


MENUS = {
    menu.number: menu
    for menu in (
        Menu(1, targeted_attack=False, zip=False, secure_mail=False),
        Menu(2, targeted_attack=True, zip=False, secure_mail=False),
        Menu(3, targeted_attack=False, zip=True, secure_mail=False),
        Menu(4, targeted_attack=True, zip=True, secure_mail=False),
        Menu(5, targeted_attack=False, zip=False, secure_mail=True),
        Menu(6, targeted_attack=True, zip=False, secure_mail=True),
    )
}
