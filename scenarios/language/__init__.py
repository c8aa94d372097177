"""The scenario language: YAML that people read aloud, checked and turned into values."""
