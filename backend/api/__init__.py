"""What the backend answers: one module a subject, each with a `router`."""
