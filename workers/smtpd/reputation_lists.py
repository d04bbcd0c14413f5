"""What the lists of operator, tenant and recipient say of one mail, in their order."""

from __future__ import annotations

from dataclasses import dataclass

from mailsec.gateway.lists import Lists, Standing, TenantLists

_NONE = Lists()


@dataclass(frozen=True, slots=True)
class Said:
    """The word that counts, whose it is (operator, tenant or user), and the entry that says it."""

    standing: Standing = Standing.NONE
    source: str = ""
    entry: str = ""


def said_of(operator: Lists, lists: TenantLists, ip: str, sender: str, recipient: str) -> Said:
    """What holds for a client and an envelope sender that write to this recipient.

    The operator's allowance lifts the operator's block, as a hole in a network; it does not lift
    the block of a tenant or of the recipient, who need not take what they do not want. Of what
    those two say, a block outweighs, as it does when the mail is examined.
    """
    allowed = operator.allow.holding_ip(ip) or operator.allow.holding_address(sender)
    if not allowed:
        blocked = operator.block.holding_ip(ip) or operator.block.holding_address(sender)
        if blocked:
            return Said(Standing.BLOCKED, "operator", blocked)
    owners = (("tenant", lists.tenant), ("user", lists.users.get(recipient.lower(), _NONE)))
    for source, own in owners:
        blocked = own.block.holding_ip(ip) or own.block.holding_address(sender)
        if blocked:
            return Said(Standing.BLOCKED, source, blocked)
    if allowed:
        return Said(Standing.ALLOWED, "operator", allowed)
    for source, own in owners:
        entry = own.allow.holding_ip(ip) or own.allow.holding_address(sender)
        if entry:
            return Said(Standing.ALLOWED, source, entry)
    return Said()
