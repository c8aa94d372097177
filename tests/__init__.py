"""The tests; a package so that the folders beside it, not those inside it, are what tests import."""
