"""What the backend stands on: one module a service, and the roster that asks them all."""
