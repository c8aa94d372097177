"""Dialogs: ids, route set, CSeq (RFC 3261 §12)."""
