"""What providers sell beside a prepaid number: their decisions, pure, and the rows they keep."""
