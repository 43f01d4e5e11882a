"""The commands of the program wasp, which the package brings along."""

import os
import signal
import subprocess
import sys

import wasp


def command(*args, **options):
    return subprocess.run(
        [sys.executable, "-m", "wasp", *args], capture_output=True, text=True, timeout=60, check=False, **options
    )


def test_the_commands_are_there(tmp_path):
    script = tmp_path / "greeter.js"
    script.write_text("export function hello(name) { return `Hello ${name}` }")
    module = tmp_path / "greeter.wasm"
    for args, printed in [
        (["call", script, "hello", "Nic"], "Hello Nic\n"),
        (["build", script, "-o", module], None),
        (["call", module, "hello", "Grüße"], "Hello Grüße\n"),
        (["--version"], f"wasp {wasp.__version__}\n"),
    ]:
        outcome = command(*args)
        assert outcome.returncode == 0, outcome.stderr
        assert printed is None or outcome.stdout == printed
    assert "Begin a plugin" in command("help").stdout


def test_exit_codes(tmp_path):
    for args, code in [(["inspect", tmp_path / "none.wasm"], 3), (["call"], 2), (["--wrong"], 2), (["inspekt"], 1)]:
        outcome = command(*args)
        assert (outcome.returncode, outcome.stdout) == (code, "") and outcome.stderr, args


def test_a_plugin_begins(tmp_path):
    assert command("new", "rust", "greeter", cwd=tmp_path).returncode == 0
    assert (tmp_path / "greeter" / "wasp-guest" / "src" / "lib.rs").exists()


def test_the_script_of_the_package(tmp_path):
    program = os.path.join(os.path.dirname(sys.executable), "wasp")
    outcome = subprocess.run([program, "inspect", "--help"], capture_output=True, text=True, timeout=60, check=True)
    assert "--start" in outcome.stdout


def test_ctrl_c_ends_a_plugin_that_runs(tmp_path):
    script = tmp_path / "loop.js"
    script.write_text("export function spin() { console.log('spins'); for (;;) {} }")
    run = [sys.executable, "-m", "wasp", "call", script, "spin"]
    with subprocess.Popen(run, stderr=subprocess.PIPE, text=True) as process:
        assert "spins" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == -signal.SIGINT
