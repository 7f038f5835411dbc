"""`finercam start`, `finercam demo` and `finercam doctor`: the first things to type."""

from pathlib import Path

import typer

from finercam_flows.options.first_steps import DemoOptions, DoctorOptions, StartOptions
from finercam_flows.process.machine import need
from finercam_flows.screen.console import Screen
from finercam_flows.signatures.command import command


@command(StartOptions)
def start(options: StartOptions) -> None:
    """Go the whole way from photographs to an atlas: every choice is made, and said with the option that changes it.

    Example: finercam start my-beetles
    """
    need("explain", brings="backbone")
    from finercam_flows.start.route import run

    run(options, Screen())


@command(DemoOptions)
def demo(options: DemoOptions) -> None:
    """Render a collection, train on it, annotate it, measure against the truth, export masks.

    Example: finercam demo --out demo
    """
    need("explain")
    from finercam_flows.demo.route import run

    run(Path(options.out), browser=options.browser)


@command(DoctorOptions)
def doctor(options: DoctorOptions) -> None:
    """Say what this machine has, what finercam finds of its parts, and what is wrong.

    Example: finercam doctor
    """
    from finercam_flows.process.machine import examine
    from finercam_flows.screen.doctor_table import machine_as_json, show_machine

    found = examine()
    if options.as_json:
        typer.echo(machine_as_json(found))
    else:
        show_machine(found, Screen())
