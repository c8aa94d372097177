"""Checkpoints: what the book was at an instant, signed, so that a later change is found and named."""
