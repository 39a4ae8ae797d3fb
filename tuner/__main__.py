"""`python -m tuner` is the same program as `tune`."""

from tuner.cli import main

if __name__ == "__main__":
    main()
