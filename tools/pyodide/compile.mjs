// Compiles the modules of a folder with the Python of Pyodide: node compile.mjs FOLDER "PROGRAM"
// The program is Python that sees the folder as /bundle, and no other of this machine: stacks/bundle/bytecode.py has it.

import { loadPyodide } from "pyodide";

const [folder, program] = process.argv.slice(2);
const python = await loadPyodide();
python.mountNodeFS("/bundle", folder);
try {
  python.runPython(program);
} catch (error) {
  console.error(error.message.trim().split("\n").at(-1)); // the others are where in Pyodide
  process.exitCode = 1;
}
