"""apt with a directory of its own, to download packages of another architecture that are never installed.

It knows nothing of kernels beyond where a package keeps them (`/boot`). Standard library only.
"""

import shutil
import subprocess
import tarfile
from pathlib import Path

# apt.conf(5). The machine's own configuration is read first, so its proxies and time-outs hold.
_CONFIG = """\
#clear APT::Architectures;
APT::Architecture "i386";
APT::Architectures {{ "i386"; }};
// The machine's own hooks tidy the machine's own cache; they have no business here.
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State "{root}/state";
Dir::State::status "{root}/status";
Dir::Cache "{root}/cache";
Dir::Etc::sourcelist "{root}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
// As root, apt would fetch as the user _apt, who may not read a checkout in /root.
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
"""


class FetchError(Exception):
    """Kernels could not be had; the text says why, in one sentence for a person."""


class PrivateApt:
    """apt with a directory of its own. It knows the machine's proxies and mirror; it changes nothing outside `root`."""

    def __init__(self, root: Path, log: Path) -> None:
        self.root = root
        self.log = log
        self._config = root / "apt.conf"
        log.write_text("")

    def prepare(self, sources: str) -> None:
        """Lay out the directory. `sources` is the text of its sources.list."""
        for folder in ("state/lists/partial", "cache/archives/partial", "debs"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        (self.root / "status").write_text("")
        (self.root / "sources.list").write_text(sources)
        self._config.write_text(_CONFIG.format(root=self.root), encoding="utf-8")

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `apt-get` or `apt-cache` here; its whole output goes to the log too. The exit code is the caller's."""
        command = [program, "-c", str(self._config), *arguments]
        done = subprocess.run(
            command, cwd=self.root / "debs", text=True, capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n{done.stdout[-20000:]}{done.stderr}(exit {done.returncode})\n")
        return done

    def names(self, start: str) -> list[str]:
        """Fetch the lists, and name the packages that start so. A missing suite is no fault as long as others answer.

        Raises FetchError, with apt's own first complaint, when none answers.
        """
        updated = self.run("apt-get", "-q", "update")
        names = self.run("apt-cache", "pkgnames", start).stdout.split()
        if not names:
            complaints = [line for line in updated.stderr.splitlines() if line.startswith(("E:", "W:"))]
            reason = complaints[0].strip() if complaints else "it gave no reason"
            raise FetchError(f"apt found no package {start}* in Debian's archive ({reason}); see {self.log}")
        return names

    def download(self, package: str) -> Path | None:
        """Fetch one package (apt checks its sum); None when the archive lists it but does not have it."""
        for old in (self.root / "debs").glob("*.deb"):
            old.unlink()
        done = self.run("apt-get", "-q", "download", package)
        debs = list((self.root / "debs").glob("*.deb"))
        return debs[0] if done.returncode == 0 and len(debs) == 1 else None


def unpack_boot(deb: Path, into: Path) -> list[str]:
    """Take the files of `./boot/` out of a package; gives their names. Reading stops where `./boot/` ends.

    Links and odd names are not taken. Raises FetchError when there is no kernel in it.
    """
    names: list[str] = []
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE) as unpacker:
        with tarfile.open(fileobj=unpacker.stdout, mode="r|") as tar:
            for member in tar:
                inside = member.name.removeprefix("./").startswith("boot/")
                if names and not inside:
                    break  # modules follow: 250 MB that nobody asked for
                data = tar.extractfile(member) if inside and member.isfile() else None
                name = Path(member.name).name
                if data is not None and name.startswith(("vmlinuz-", "config-")):
                    with (into / name).open("wb") as out:
                        shutil.copyfileobj(data, out)
                    names.append(name)
        unpacker.kill()
    if not any(name.startswith("vmlinuz-") for name in names):
        raise FetchError(f"{deb.name} holds no kernel below /boot")
    return names
