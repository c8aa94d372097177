"""Worlds that scenarios play in: configurations of a switch, shipped or your own."""
