"""The recorded words: catalog, amounts and numbers as words, audio."""
