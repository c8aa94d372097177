"""One party's signalling, UAS and UAC side (RFC 3261 §13). SIP ends here."""
