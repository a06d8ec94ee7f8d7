#!/usr/bin/env node
/*
 * The project's one compiler: the npm package `solc`, behind the two options of the native program that Ape (py-solc-x)
 * and forge use. The package's own command line prints text before its JSON and does not know `--allow-paths`.
 *
 * Every input is compiled with the settings of `solc-settings.json`, whatever the caller asked for, so that Ape, forge
 * and the analysers behind forge produce the same bytecode. Imports are looked up below the caller's base path, then in
 * this checkout's `node_modules`; Ape therefore needs no remapping, which it could not resolve from the temporary folder
 * in which it compiles.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const solc = createRequire(import.meta.url)("solc");

function optionValue(name) {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

function readImport(name) {
  const folders = [optionValue("--base-path") ?? ".", path.join(here, "..", "node_modules")];
  for (const folder of folders) {
    try {
      return { contents: readFileSync(path.join(folder, name), "utf8") };
    } catch (error) {
      if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
    }
  }
  return { error: `${name} is neither in ${folders.join(" nor in ")}` };
}

if (process.argv.includes("--version")) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else if (process.argv.includes("--standard-json")) {
  const input = JSON.parse(readFileSync(0, "utf8"));
  Object.assign(input.settings, JSON.parse(readFileSync(path.join(here, "solc-settings.json"), "utf8")));
  process.stdout.write(solc.compile(JSON.stringify(input), { import: readImport }));
} else {
  console.error("usage: solc --version | solc --standard-json [--base-path FOLDER] < input.json");
  process.exitCode = 1;
}
