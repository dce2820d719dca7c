"""A real browser in front of a Space: what a page elsewhere may do with it, and what the console says."""
