"""`farm`: the command line's front door. Knows the commands' names; each loads what it needs when it runs."""

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from farm.cli import devices, explain, images, lab, logs, matrix, results, serve, submit
from farm.cli.exits import ExitCode, for_bisect, of_error
from farm.cli.output import say
from farm.core.errors import FarmError


class FarmGroup(TyperGroup):
    """Turns whatever ends a command into a sentence and an exit code of ours."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise typer.Exit(_reader_left()) from None

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run one command line and exit. Returns to nobody, also outside "standalone mode"."""
        given = list(sys.argv[1:] if args is None else args)
        code = _outcome(lambda: super(FarmGroup, self).main(given, prog_name, complete_var, False, **extra))
        sys.exit(for_bisect(code) if "--bisect" in given else code)


def _outcome(command: Any) -> ExitCode:
    """Run `command`; what it ended with."""
    try:
        code = command()
        sys.stdout.flush()  # now, while a reader that left can still be met quietly
        return ExitCode(code or 0)
    except typer.TyperException as fault:
        return _usage(fault)
    except FarmError as fault:
        say(f"farm: {fault}", err=True)
        return of_error(fault)
    except BrokenPipeError:
        return _reader_left()
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except Exception:  # noqa: BLE001  printed whole below; Python would exit 1, and 1 accuses a kernel
        traceback.print_exc()
        return ExitCode.INFRA


def _usage(fault: typer.TyperException) -> ExitCode:
    ctx = getattr(fault, "ctx", None)
    hint = f"; `{ctx.command_path} --help` says more" if ctx else ""
    say(f"farm: {fault.format_message().rstrip('.')}{hint}", err=True)
    return ExitCode.USAGE


def _reader_left() -> ExitCode:
    """Python flushes stdout once more at its end; give it somewhere to go (docs.python.org, library/signal)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.PIPE


app = typer.Typer(
    cls=FarmGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        from farm import __version__

        say(f"farm {__version__}")
        raise typer.Exit(ExitCode.PASS)


@app.callback(invoke_without_command=True)
def front_door(
    ctx: typer.Context,
    server: Annotated[
        str | None, typer.Option("--server", metavar="URL", envvar="FARM_SERVER", help="The farm's address.")
    ] = None,
    _: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Boot Linux kernels on a farm's machines: does this image boot, and if not, since when?

    The farm's address comes from --server or FARM_SERVER, its token from FARM_TOKEN.

    Exit codes: 0 pass, 1 kernel failure, 2 the farm's trouble or no answer, 3 wrong use.
    """
    ctx.obj = server
    if ctx.invoked_subcommand is None:
        print(ctx.get_help(), file=sys.stderr)
        raise typer.Exit(ExitCode.USAGE)


app.command("submit")(submit.submit)
app.command("watch")(results.watch)
app.command("logs")(logs.logs)
app.command("jobs")(results.jobs)
app.command("job")(results.job)
app.command("boot")(results.boot)
app.command("results")(matrix.results)
app.command("cancel")(results.cancel)
app.command("devices")(devices.devices)
app.command("image")(images.image)
app.command("explain")(explain.explain)
app.add_typer(lab.app, name="lab")
app.command("serve")(serve.serve)
app.command("worker")(serve.worker)
app.add_typer(serve.db, name="db")


def main() -> None:
    """The entry point: `farm`."""
    app(prog_name="farm")
