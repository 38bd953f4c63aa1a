"""What a command may end with, short of a bug."""


class Failed(Exception):  # noqa: N818  the command failed: that is the whole of it
    """A command could not do its work; the message says why and what to do.

    Attributes:
        status: the command's exit status: 1, or 2 where the configuration is at fault.
    """

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status
