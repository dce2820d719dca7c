"""`python -m spacedock`: the command line."""

from spacedock.cli import main

if __name__ == "__main__":
    main()
