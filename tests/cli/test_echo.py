"""What a terminal shows of a Ctrl-C."""

import os
import pty
from collections.abc import Callable
from contextlib import suppress

from tuner.cli.echo import LOCAL_MODES, without_control_echo


def in_a_terminal(action: Callable[[], bool]) -> bool:
    """What the action comes to in a process that a new terminal belongs to."""
    child, ours = pty.fork()
    if child == 0:
        os._exit(0 if action() else 1)
    _, status = os.waitpid(child, 0)
    os.close(ours)
    return os.waitstatus_to_exitcode(status) == 0


def shows_control(descriptor: int = 0) -> bool:
    import termios

    return bool(termios.tcgetattr(descriptor)[LOCAL_MODES] & termios.ECHOCTL)


def test_control_characters_are_not_shown_while_it_lasts_and_are_again_after_an_error() -> None:
    def action() -> bool:
        seen = [shows_control()]
        with suppress(ZeroDivisionError), without_control_echo():
            seen.append(shows_control())
            seen.append(bool(1 // 0))
        return [*seen, shows_control()] == [True, False, True]

    assert in_a_terminal(action)


def test_one_that_shows_none_is_left_as_it_is() -> None:
    def action() -> bool:
        with without_control_echo(), without_control_echo():
            pass
        return shows_control()

    assert in_a_terminal(action)


def test_what_is_no_terminal_is_let_be() -> None:
    reading, writing = os.pipe()
    with without_control_echo(reading):
        os.write(writing, b"x")
    assert os.read(reading, 1) == b"x"
    os.close(reading)
    os.close(writing)
