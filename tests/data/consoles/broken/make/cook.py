"""From a recipe to a file of the corpus: boots it, and writes header and bytes."""

import re
import tempfile
from functools import cache
from pathlib import Path

from tests.data.consoles.broken.make import damage, ingredients
from tests.data.consoles.broken.make.gdb import Gdb
from tests.data.consoles.broken.make.guest import Until, capture
from tests.data.consoles.broken.make.ingredients import Kernel
from tests.data.consoles.broken.make.recipe import CODES, Injection, Recipe

_SYMBOL = re.compile(rb"^([0-9a-f]{8,16}) [a-zA-Z] (\w+)\r?$", re.MULTILINE)


def command_line(recipe: Recipe) -> str:
    """`console` and `append`, and farm-init's token where it is to be expected."""
    token = f"farm.token={recipe.secret}" if recipe.token else ""
    return " ".join(part for part in (recipe.console, recipe.append, token) if part)


def cook(recipe: Recipe) -> bytes:
    """The console of one boot, as QEMU wrote it."""
    kernel = ingredients.kernel(recipe.kernel)
    with tempfile.TemporaryDirectory(prefix="broken-") as scratch:
        folder = Path(scratch)
        (folder / "image").write_bytes(damage.by_name(recipe.break_kernel, kernel.image.read_bytes()))
        options = [*recipe.options, "-kernel", str(folder / "image"), "-append", command_line(recipe)]
        if recipe.initramfs:
            ko = ingredients.module(kernel) if recipe.module else None
            files = {name: text.encode() for name, text in recipe.files.items()}
            if recipe.ballast:
                files["zz-ballast"] = bytes(recipe.ballast << 20)
            archive = ingredients.initramfs(recipe.plan, ko, files)
            (folder / "initrd").write_bytes(damage.by_name(recipe.break_initramfs, archive))
            options += ["-initrd", str(folder / "initrd")]
        injection = recipe.inject
        return capture(
            folder,
            options,
            system=kernel.system,
            until=Until(recipe.stop.encode(), recipe.stops, recipe.linger, recipe.silence, recipe.limit),
            reactions=recipe.reactions,
            prepare=(lambda stub: _inject(kernel, injection, stub)) if injection else None,
        )


def _inject(kernel: Kernel, injection: Injection, stub: Path) -> None:
    with Gdb(stub) as gdb:
        gdb.inject(symbols(kernel)[injection.function], CODES[injection.code])


@cache
def symbols(kernel: Kernel) -> dict[str, int]:
    """Addresses of a kernel's functions without KASLR: asked of the kernel itself, since Debian ships no System.map."""
    known = ingredients.WORK / f"symbols-{kernel.release}"
    if not known.is_file():
        asks = Recipe(
            name="symbols",
            done="",
            outcome="booted",
            kernel=kernel.branch,
            append="nokaslr quiet",
            plan="cat /proc/kallsyms\n",
            limit=300,
        )
        known.write_bytes(cook(asks))
    return {name.decode(): int(address, 16) for address, name in _SYMBOL.findall(known.read_bytes())}


def header(recipe: Recipe) -> str:
    """The text above a console; tests/support/broken.py reads it."""
    how = [recipe.done]
    if recipe.plan is not None:
        how.append(f"Plan: {'; '.join(recipe.plan.split(chr(10))).strip('; ')}.")
    if recipe.inject:
        how.append(f"Over the first bytes of {recipe.inject.function}: {CODES[recipe.inject.code].hex(' ')}.")
    how += [f"At {one.pattern!r}: {one.command}." for one in recipe.reactions]
    rows = {
        "kernel": str(ingredients.kernel(recipe.handed_in or recipe.kernel)),
        "done": " ".join(how),
        "qemu": " ".join(recipe.options),
        "cmdline": command_line(recipe),
        "token": recipe.secret if recipe.token else "none",
        "outcome": recipe.outcome,
        "type": recipe.type,
        "function": recipe.function,
        "stage": recipe.stage,
        "culprit": recipe.culprit,
        "note": recipe.note,
    }
    return "".join(f"{key}: {value}\n" for key, value in rows.items() if value is not None) + "---\n"
