"""Softphones that people in scenarios use."""
