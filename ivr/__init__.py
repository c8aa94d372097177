"""The story of a call: what the parties hear and press."""
