"""The signatures of DKIM and ARC (RFC 6376, 8301, 8463, 8617): how they are read, held and made.

What a signature means for a message is judged in ``checks``. Everything here is linear in the size
of the message, whatever it holds, and raises ``BadSignature`` alone.
"""
