"""The command `payphone run`: what it prints and what it writes."""
