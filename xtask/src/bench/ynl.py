"""Runs the kernel tree's own generator over specs: client and uAPI header, a process each, as YNL does.

Arguments: the kernel tree, then the specs. Prints the nanoseconds that all of it took.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

tree, *specs = sys.argv[1:]
generator = pathlib.Path(tree) / "tools/net/ynl/pyynl/ynl_gen_c.py"
# What it cannot do is left out: an operation, and the headers of two families.
EXCLUDED = {"ethtool": ["--exclude-op", "stats-get"]}
WITHOUT_HEADER = {"ovs_datapath", "ovs_flow"}

with tempfile.TemporaryDirectory() as modules:
    # It checks specs by their schema first. The machine may lack what that takes, and does less then.
    try:
        import jsonschema
    except ImportError:
        stub = pathlib.Path(modules) / "jsonschema.py"
        stub.write_text("def validate(*_): pass\n")
    # Its modules are compiled once, as they are where the tree can be written to.
    environment = os.environ | {"PYTHONPATH": modules, "PYTHONPYCACHEPREFIX": modules}

    start = time.monotonic_ns()
    for spec in specs:
        name = pathlib.Path(spec).stem
        outputs = [["user", "--source"], ["user", "--header"]]
        if name not in WITHOUT_HEADER:
            outputs.append(["uapi", "--header"])
        for mode, kind in outputs:
            command = [sys.executable, str(generator), "--mode", mode, kind, "--spec", spec]
            subprocess.run(
                command + EXCLUDED.get(name, []),
                check=True,
                env=environment,
                stdout=subprocess.DEVNULL,
            )
    print(time.monotonic_ns() - start)
