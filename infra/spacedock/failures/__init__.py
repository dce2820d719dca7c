"""The catalogue of failures: a folder a failure, which says what it is and holds its specimen."""
