"""The telephone switch: SIP, RTP, calls and the process that runs them."""
