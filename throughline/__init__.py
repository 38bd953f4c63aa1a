"""The front door: the command line, and what runs all parts on one machine."""
