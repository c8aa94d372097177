"""Payment processors: what the switch asks of one, and one that is simulated."""
