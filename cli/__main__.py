"""`python -m cli` is `medic`."""

from cli import main

if __name__ == "__main__":
    main()
