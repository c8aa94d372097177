"""Softphones: what a person with a telephone does, over any network the loop has."""
