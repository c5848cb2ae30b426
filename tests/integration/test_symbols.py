"""A build's symbols from `farm submit --symbols` to the boot that is filed: server, worker and a stand-in box."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.standin.farm import FARM, Farm, Steps, standin_farm
from tests.standin.image import tiny_image
from tests.support.symbols import EARLY_BANNER, EARLY_FAULT, EARLY_FUNCTION, EARLY_RELEASE, SYSTEM_MAP

FAULT: Steps = [["say", EARLY_BANNER], ["say", EARLY_FAULT], ["hang"]]


def boot(farm: Farm, image: Path, *options: str) -> dict[str, Any]:
    """The one boot of a job, once it has ended."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("FARM_")}
    command = [*FARM, "submit", str(image), *options, "--wait", "--json"]
    env = own | {"FARM_SERVER": farm.url}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=env, check=False)
    assert done.returncode == 1, done.stderr
    (found,) = json.loads(done.stdout)["boots"]
    assert isinstance(found, dict)
    return found


def test_an_early_fault_of_bare_addresses_is_filed_with_the_function_that_the_system_map_names(tmp_path: Path) -> None:
    image, system_map = tmp_path / "bzImage", tmp_path / "System.map"
    image.write_bytes(tiny_image(EARLY_RELEASE))
    system_map.write_bytes(SYSTEM_MAP)
    with standin_farm(tmp_path, {"s1": [FAULT]}) as (farm, _boxes):
        farm.start()
        bare = boot(farm, image)
        named = boot(farm, image, "--symbols", str(system_map))

    assert (bare["outcome"], bare["function"], bare["frames"]) == ("early-exception", None, [])
    assert (named["outcome"], named["function"]) == ("early-exception", EARLY_FUNCTION)
    assert named["title"] == f"{bare['title']} in {EARLY_FUNCTION}"
    assert named["frames"][0] == "dmi_scan_machine+0x5a/0x200"
    assert named["frames"][-1] == "setup_arch+0x391/0x12f00"
    assert (bare["verdict"], named["verdict"]) == ("fail", "fail")
