"""What ``delivery`` is made of: connections, conversations, one mail transaction, the wire form.

Other code imports from ``mailsec.gateway.delivery``.
"""
