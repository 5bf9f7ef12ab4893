"""Errors that a person can mend. Their messages say the rule, what was got, and the remedy."""

from __future__ import annotations


class UserError(Exception):
    """A command prints the message, without a traceback, and exits with 1."""

    exit_code = 1


class UsageError(UserError):
    """The command was asked for something that it can't do; it exits with 2."""

    exit_code = 2


class ActionError(UserError, ValueError):
    """Somebody proposed what can't be executed."""


class SessionError(UserError):
    """A session can't be read or written; the message names the file and the remedy."""
