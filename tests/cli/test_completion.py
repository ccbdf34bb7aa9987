"""`completion`: the script on stdout, nothing else."""

from mlctl.cli.complete import shipped


def test_the_script_of_a_shell_is_printed(terminal):
    done = terminal.run("completion", "bash")
    assert (done.returncode, done.stdout, done.stderr) == (0, shipped("bash"), "")


def test_an_unknown_shell_is_refused_with_a_hint_that_works(terminal):
    done = terminal.run("completion", "tcsh")
    assert done.returncode == 20
    assert "  try: mlctl completion bash\n" in done.stderr
