"""Lines for a person at a terminal."""

from tuner.cli.printing import wrapped

LINE = (
    "tune: 3 failures in a row, the first: trained for longer than 3 s. Give trials more time: raise --trial-timeout."
)


def test_a_line_is_broken_between_words() -> None:
    rows = wrapped(LINE, 40).split("\n")
    assert max(map(len, rows)) <= 40
    assert " ".join(rows) == LINE


def test_a_pipe_gets_the_line_as_it_is() -> None:
    assert wrapped(LINE, None) == LINE


def test_a_command_to_copy_is_not_broken() -> None:
    command = "tune resume a-study-of-a-long-name --trial-timeout none --trials 6"
    assert wrapped(f"{LINE}\n{command}", 40).endswith(f"\n{command}")
    assert wrapped(f"It is damaged. To train it again: {command}", 70).split("\n")[-1] == command


def test_what_is_indented_stays_so_and_a_path_is_left_whole() -> None:
    path = "/home/somebody/" + "deep/" * 12
    assert wrapped(f"  seed: 0 and 1 in {path}", 30) == f"  seed: 0 and 1 in\n  {path}"
    assert wrapped("", 30) == ""
