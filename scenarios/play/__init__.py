"""Scenarios played on a whole switch: the actors, the steps, the judgement and the result."""
