"""`python -m pitmark` is the same as `pitmark`."""

from pitmark.cli.main import main

if __name__ == "__main__":
    main()
