"""Booked money: double entry, holds, audit."""
