"""The throughput cases against mosquitto in the same run, as ratios.

    python benchmarks/compare.py [--seconds 2] [--runs 3] [case …]

Needs the Debian package mosquitto. Runs alternate between the two brokers, case by case; one JSON line a case.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

CASES = (
    "fan_in_qos0",
    "fan_in_qos1",
    "fan_in_qos2",
    "fan_out_qos0",
    "fan_out_qos1",
    "pairs_qos0",
    "pairs_qos1",
    "pairs_qos2",
)
CONFIGURATION = """
listener {port} 127.0.0.1
allow_anonymous true
max_inflight_messages 0
max_queued_messages 0
max_queued_bytes 0
"""


def rate(case: str, options: argparse.Namespace, *more: str) -> int:
    """Messages a second of one case."""
    script = Path(__file__).with_name("throughput.py")
    command = [
        sys.executable,
        str(script),
        "--seconds",
        str(options.seconds),
        "--runs",
        str(options.runs),
        *more,
        case,
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(json.loads(run.stdout.splitlines()[-1])["msgs_per_s"])


def main() -> None:
    """Run the cases."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("cases", nargs="*", default=CASES)
    options = parser.parse_args()
    mosquitto = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with socket.socket() as free, tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        file.write(CONFIGURATION.format(port=port))
        file.flush()
        Path(file.name).chmod(0o644)
        peer = subprocess.Popen([mosquitto, "-c", file.name], stderr=subprocess.DEVNULL)
        try:
            for case in options.cases:
                ours, theirs = rate(case, options), rate(case, options, "--port", str(port))
                row = {"case": case, "emqx_compat": ours, "mosquitto": theirs, "ratio": round(ours / theirs, 2)}
                print(json.dumps(row), flush=True)
        finally:
            peer.terminate()
            peer.wait()


if __name__ == "__main__":
    main()
