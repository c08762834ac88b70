"""The command line as a module, for processes that have no installed command to start."""

from service.cli import main

if __name__ == "__main__":
    main()
