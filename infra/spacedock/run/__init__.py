"""The run: gathers evidence once, side by side, and lets each promise judge it. The one loop is in `loop`."""
