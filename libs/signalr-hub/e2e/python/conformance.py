"""Starts the conformance server on a free port."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[4]
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")


class Server:
    def __init__(self):
        program = TARGET / "debug" / "examples" / "conformance"
        self.process = subprocess.Popen([program, "0"], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError("the conformance server did not start")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)
        self.process.stdout.close()
