"""What ``unpack`` is made of: records of a ZIP, decompression, the budget.

Other code imports from ``mailsec.gateway.unpack``.
"""
