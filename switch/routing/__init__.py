"""Registrations, numbers and trunks: where a call goes, and who may call."""
