"""What scripts/interop and scripts/fuzz-api share: a virtual environment, and a development server of one's own."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"

# Exit code when something outside of this repository is missing: nothing was found out about Holdfast.
UNAVAILABLE = 2


def give_up(message):
    """Ends the program because it cannot begin."""
    print(f"{pathlib.Path(sys.argv[0]).name}: {message}", file=sys.stderr)
    sys.exit(UNAVAILABLE)


def environment(name, package):
    """The folder with the programs of a virtual environment under .build that has this package."""
    home = BUILD / name
    programs = home / "bin"
    if not (programs / "python").exists():
        made = subprocess.run([sys.executable, "-m", "venv", str(home)], capture_output=True, text=True)
        if made.returncode != 0:
            give_up(f"cannot make a virtual environment in {home}: {(made.stdout + made.stderr).strip()}")
    known = subprocess.run([programs / "python", "-m", "pip", "show", package], capture_output=True, text=True)
    if known.returncode != 0:
        install = [programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
        done = subprocess.run(install, capture_output=True, text=True)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            give_up(f"cannot install {package}; is the package index reachable? {reason}")
        known = subprocess.run([programs / "python", "-m", "pip", "show", package], capture_output=True, text=True)
    version = re.search(r"^Version: (\S+)", known.stdout, re.MULTILINE)
    print(f"{package} {version.group(1) if version else '(unknown version)'} in {home.relative_to(ROOT)}")
    return programs


def program():
    """The `holdfast` that was built last, debug or release; built when there is none."""
    def found():
        names = ("holdfast", "holdfast-server", "holdfast-worker")
        folders = [BUILD / kind for kind in ("debug", "release")]
        whole = [folder for folder in folders if all((folder / name).exists() for name in names)]
        return max(whole, key=lambda folder: (folder / "holdfast-server").stat().st_mtime, default=None)

    if found() is None:
        print("building Holdfast", flush=True)
        if subprocess.run(["swift", "build"], cwd=ROOT).returncode != 0:
            sys.exit(1)
    return found() / "holdfast"


class DevServer:
    """`holdfast dev` on a free port; a context manager that ends what it started."""

    START_SECONDS = 120
    STOP_SECONDS = 30

    def __init__(self, settings=None):
        """A server with these settings, as environment variables, besides its own."""
        self.settings = settings or {}

    def __enter__(self):
        path = program()
        print(f"server: {path.relative_to(ROOT)} dev", flush=True)
        self.log = tempfile.TemporaryFile("w+")
        settings = {key: value for key, value in os.environ.items() if not key.startswith("HOLDFAST_")}
        settings |= self.settings
        # A session of its own: Ctrl-C reaches us alone, and we end it.
        self.process = subprocess.Popen(
            [path, "dev", "--port", "0"], env=settings, stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=subprocess.STDOUT, start_new_session=True)
        try:
            self.url = self._banner(r"runs at (http://\S+)")
            self.admin_key = self._banner(r"admin key +(\S+)")
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        ended = self.process.poll()
        self._stop()
        if ended is not None:
            raise RuntimeError(f"the server ended by itself, with exit code {ended}:\n{self._printed()}")

    def _printed(self):
        self.log.seek(0)
        return self.log.read()

    def _banner(self, pattern):
        deadline = time.monotonic() + self.START_SECONDS
        while time.monotonic() < deadline:
            match = re.search(pattern, self._printed())
            if match:
                return match.group(1)
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"the server did not start:\n{self._printed()}")

    def _stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(self.STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()

    def admin(self, method, path, body=None):
        """A request with the operator's key that must succeed; its answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, method=method, data=data,
            headers={"X-Admin-API-Key": self.admin_key, "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()}") from None

    def tenant(self, name, permissions=None):
        """Makes a tenant and gives a key with these permissions, or those of a key that nothing is said of."""
        self.admin("POST", "/v1/admin/tenants", {"tenant_id": name, "name": name})
        key = {"tenant_id": name, "name": "main"}
        if permissions:
            key["permissions"] = permissions
        return self.admin("POST", "/v1/admin/api-keys", key)["key_secret"]

    def budget(self, tenant, scope, allocated, overdraft_limit=0, unit="USD_MICROCENTS"):
        """Makes a budget."""
        body = {"tenant_id": tenant, "scope": scope, "unit": unit, "allocated": {"unit": unit, "amount": allocated}}
        if overdraft_limit:
            body["overdraft_limit"] = {"unit": unit, "amount": overdraft_limit}
        self.admin("POST", "/v1/admin/budgets", body)
