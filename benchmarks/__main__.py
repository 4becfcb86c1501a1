"""``python -m benchmarks NAME [--json]``: run one benchmark; without a name, list them.

Each module ``benchmarks/NAME.py`` has ``run() -> Result``. What needs a database uses DATABASE_URL and empties what it
made; give it a database of its own. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from pathlib import Path

HELPERS = {"__init__", "__main__", "measure", "seed"}


def main() -> int:
    names = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if p.stem not in HELPERS)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=names)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not options.name:
        print("\n".join(names))
        return 0
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    result = importlib.import_module(f"benchmarks.{options.name}").run()
    print(json.dumps(result.as_json(), ensure_ascii=False, indent=1) if options.json else result.as_text())
    return 0 if result.met else 1


if __name__ == "__main__":
    sys.exit(main())
