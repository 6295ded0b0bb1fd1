"""How errors reach the user of any command line."""

import subprocess
import sys

import pytest

from cyclegan_keras.shared.cli import CommandParser, run_command
from cyclegan_keras.shared.errors import InputError, RunError
from tests.conftest import PROJECT


def run(command, capsys, *argv):
    parser = CommandParser(prog="tool")
    parser.add_argument("--size", type=int)
    with pytest.raises(SystemExit) as caught:
        run_command(parser, command, argv)
    return caught.value.code, capsys.readouterr().err


def failing(error):
    def command(_):
        raise error

    return command


@pytest.mark.parametrize(
    "error, status", [(InputError("x: bad\nindeed"), 2), (RunError("x: bad\nindeed"), 1), (OSError(28, "disk full"), 1)]
)
def test_an_error_is_one_line_and_its_status(capsys, error, status):
    code, stderr = run(failing(error), capsys)
    assert code == status and stderr.startswith("tool: ") and stderr.count("\n") == 1


def test_tensorflows_lack_of_memory_is_one_line_and_a_fault_of_the_program_is_a_traceback(capsys):
    exhausted = type("ResourceExhaustedError", (Exception,), {})
    code, stderr = run(failing(exhausted("OOM when allocating tensor\n[[node]]")), capsys)
    assert code == 1 and stderr.startswith("tool: not enough memory") and stderr.count("\n") == 1
    with pytest.raises(ZeroDivisionError):
        run_command(CommandParser(prog="tool"), lambda _: 1 // 0, [])


def test_output_that_nobody_reads_any_more_ends_quietly():
    code = "from cyclegan_keras.shared.cli import *; "
    code += "run_command(CommandParser(prog='tool'), lambda _: [print('line', flush=True) for _ in range(99999)], [])"
    tool = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert tool.stdout.readline() == b"line\n"
    tool.stdout.close()
    assert tool.stderr.read() == b"" and tool.wait(60) == 1


def test_ctrl_c_exits_130(capsys):
    assert run(failing(KeyboardInterrupt()), capsys) == (130, "tool: interrupted\n")


def test_a_usage_error_is_one_line_and_status_2(capsys):
    code, stderr = run(lambda _: 0, capsys, "--size", "large")
    assert code == 2 and stderr.count("\n") == 1 and "--size" in stderr


def test_help_tells_the_defaults_that_there_are_once(capsys):
    parser = CommandParser(prog="tool")
    parser.add_argument("--size", type=int, default=3, help="of it")
    parser.add_argument("--name", help="of it; default: none")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    with pytest.raises(SystemExit):
        parser.parse_args(["--help"])
    told = capsys.readouterr().out
    assert "of it (default: 3)" in told and "(default: None)" not in told and "(default: False)" not in told
    assert told.count("default: 0") == 1


def test_debug_shows_the_traceback():
    with pytest.raises(InputError):
        run_command(CommandParser(prog="tool"), failing(InputError("bad")), ["--debug"])


@pytest.mark.parametrize("module", ["train", "infer", "evaluate", "ship", "data"])
def test_a_command_that_cannot_be_understood_ends_with_one_line_and_status_2(fails_with_one_line, module):
    assert "--help" in fails_with_one_line(module, "--frobnicate", expect=2)


@pytest.mark.parametrize("code, status", [("sys.exit(3)", 3), ("sys.exit()", 0)])
def test_a_program_that_ends_at_once_loses_no_output_and_keeps_its_status(code, status):
    program = (
        "import atexit, sys; from cyclegan_keras.shared.cli import end_at_once\n"
        "def main():\n    atexit.register(print, 'taken down')\n    print('said')\n"
        "    print('warned', file=sys.stderr)\n"
        f"    {code}\nend_at_once(main)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT)
    assert (done.returncode, done.stdout, done.stderr) == (status, "said\n", "warned\n")
