#!/usr/bin/env node
/*
 * The project's compiler as a service: one request a line on standard input, one answer a line on standard output.
 *
 * A request is standard JSON with settings of its own, unlike toolchain/solc.mjs, which knows only the project's. Loading
 * the compiler takes longer than compiling a small contract, so that one process serves many requests.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const checkout = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const solc = createRequire(import.meta.url)("solc");

function readImport(name) {
  for (const folder of [checkout, path.join(checkout, "node_modules")]) {
    try {
      return { contents: readFileSync(path.join(folder, name), "utf8") };
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  return { error: `${name} is neither in the checkout nor in node_modules` };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(solc.compile(line, { import: readImport }).replaceAll("\n", " ") + "\n");
}
