"""Virtual time and a simulated network."""
