"""What ``message`` is made of: header blocks, parameters, addresses, structure, text and links.

Other code imports from ``mailsec.gateway.message``; nothing here raises on any bytes.
"""
