"""What talking costs: tariffs, price, afford, explain."""
