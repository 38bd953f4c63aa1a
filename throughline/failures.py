"""What a command may end with, short of a bug."""


class Failed(Exception):  # noqa: N818  the command failed: that is the whole of it
    """A command could not do its work; the message says why and what to do. Exit status 1."""
