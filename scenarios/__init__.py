"""Everything driven from outside: phones, worlds, simulation, the demo."""
