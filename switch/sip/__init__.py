"""SIP messages: bytes to values and back (RFC 3261 §7, §20, §25)."""
