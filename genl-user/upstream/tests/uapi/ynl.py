"""Has the kernel tree's own generator write uAPI headers.

Arguments: the kernel tree, the folder for the headers, then the specs. A spec that the generator
cannot do leaves no header.
"""

import os
import pathlib
import subprocess
import sys

tree, folder, *specs = sys.argv[1:]
folder = pathlib.Path(folder)
generator = pathlib.Path(tree) / "tools/net/ynl/pyynl/ynl_gen_c.py"
modules = folder / "modules"
modules.mkdir(exist_ok=True)
# It checks specs by their schema, which is not what is asked of it here.
(modules / "jsonschema.py").write_text("def validate(*_): pass\n")
environment = os.environ | {"PYTHONPATH": str(modules), "PYTHONPYCACHEPREFIX": str(modules)}

for spec in specs:
    command = [sys.executable, str(generator), "--mode", "uapi", "--header", "--spec", spec]
    made = subprocess.run(command, env=environment, capture_output=True, check=False)
    if made.returncode == 0:
        (folder / (pathlib.Path(spec).stem + ".h")).write_bytes(made.stdout)
