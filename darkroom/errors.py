"""What a person can put right: each error's text says what was wrong, with its value, and what to do."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """What the command tells the shell; Ctrl-C is 130, as shells have it."""

    ALL_RESIZED = NO_FAULTS = 0
    SOME_NOT_RESIZED = FOUND_FAULTS = 1
    WRONG_USAGE = 2
    COULD_NOT_RUN = 3


class DarkroomError(Exception):
    """The command cannot go on. Its text is shown to the person as it is, in one or two lines."""

    exit_status = ExitStatus.COULD_NOT_RUN


class UsageError(DarkroomError):
    """The command was asked for something that cannot be: another command line helps."""

    exit_status = ExitStatus.WRONG_USAGE
