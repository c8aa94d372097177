"""What came of scenarios, shown: pages, ladders as SVG and as text."""
