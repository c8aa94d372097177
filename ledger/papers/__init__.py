"""What leaves the book for other programs and for people: journals, tables, statements."""
