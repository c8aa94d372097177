"""One module for each step of the history, named by its revision."""
