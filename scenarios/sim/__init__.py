"""Virtual time and a simulated network: the world in which scenarios and tests run."""
