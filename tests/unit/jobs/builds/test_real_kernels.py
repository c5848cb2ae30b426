"""Real distribution kernels, where `make demo` has put them: every fact against the .config that came with them."""

from pathlib import Path

import pytest

from jobs.builds.config import OPTIONS, parse_config
from jobs.builds.image import check_fits, read_config, read_image

KERNELS = Path(__file__).parents[4] / ".demo" / "kernels"
IMAGES = sorted(KERNELS.glob("vmlinuz-*")) if KERNELS.is_dir() else []

if not IMAGES:
    pytest.skip("no real kernels in .demo/kernels: `make demo` fetches some", allow_module_level=True)


@pytest.fixture(params=IMAGES, ids=lambda image: image.name)
def image(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_a_real_kernel_says_who_it_is(image: Path) -> None:
    facts = read_image(image.read_bytes())
    assert facts.release == image.name.removeprefix("vmlinuz-")
    assert facts.payload_error is None
    assert facts.header.format == "bzImage"
    assert facts.banner is not None
    assert facts.banner.startswith(f"Linux version {facts.release} (")
    assert facts.compiler is not None
    assert facts.build_number is not None
    assert facts.unpacked_size is not None
    assert facts.unpacked_size > facts.size
    assert facts.header.memory_needed is not None
    assert facts.header.memory_needed > facts.size
    check_fits(facts, "x86_64")
    if facts.bits == 32:
        check_fits(facts, "i386")


def test_a_debian_kernel_has_its_upstream_version(image: Path) -> None:
    facts = read_image(image.read_bytes())
    assert facts.version is not None
    if facts.banner and " Debian " in facts.banner.rpartition("#")[2]:
        assert facts.version.stable > 0
        assert facts.version.branch == f"{facts.version.series}.y"
        assert f"Debian {facts.version}-" in facts.banner


def test_what_it_proves_is_what_it_was_built_with(image: Path) -> None:
    """Needs the package's own config file beside the image."""
    beside = image.with_name(image.name.replace("vmlinuz-", "config-", 1))
    if not beside.exists():
        pytest.skip(f"no {beside.name} beside the image")
    told = parse_config(beside.read_text())
    facts = read_image(image.read_bytes())
    wrong = {
        name: (fact.value, told.get(name))
        for name, fact in facts.options.items()
        if fact.value is not None and fact.value != (told.get(name) == "y")
    }
    assert not wrong
    known = [name for name in OPTIONS if facts.options[name].value is not None]
    assert len(known) >= len(OPTIONS) - 2


def test_the_embedded_config_agrees_with_the_facts(image: Path) -> None:
    text = read_config(image.read_bytes())
    assert (text is not None) == read_image(image.read_bytes()).options["CONFIG_IKCONFIG"].value
