"""Random worlds, random people, random faults: every run is judged by a model of the money."""
