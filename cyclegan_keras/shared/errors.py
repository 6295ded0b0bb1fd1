"""The two kinds of errors for users. ``cli.py`` prints them as one line and sets the exit status."""


class InputError(ValueError):
    """An input of the user cannot be used: a file, a folder, an option. Exit status 2.

    The message is one line: it names the file or option, says what is wrong and what to do.
    """


class RunError(RuntimeError):
    """A failure while the program runs: a download, a disk, a checkpoint. Exit status 1."""
