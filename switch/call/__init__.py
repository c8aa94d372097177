"""A call: its parties, its charging, its timeline and its record."""
