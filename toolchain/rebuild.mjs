#!/usr/bin/env node
/*
 * Compiles the standard JSON on standard input exactly as it stands: with its own settings, and without looking up any
 * import. What `ape run verify` and strangers do. (`solc.mjs` puts this project's settings into everything; the
 * package's own command line loses what does not fit into a pipe.)
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc");

const input = readFileSync(0, "utf8");
process.stdout.write(JSON.stringify({ version: solc.version(), output: JSON.parse(solc.compile(input)) }));
