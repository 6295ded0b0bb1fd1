"""The two kinds of error a user meets; ``cli.py`` turns them into one line and an exit status."""


class InputError(ValueError):
    """What the user gave cannot be used: a file, a folder, an option. Exit status 2.

    The message names the file or option, says what is wrong and what to do, on one line.
    """


class RunError(RuntimeError):
    """Something failed under way: a download, a disk, a checkpoint. Exit status 1."""
