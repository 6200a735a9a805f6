// Fails where what the first page loads is larger than it may be.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const LIMIT_KB = 200;
const FIRST = ["index.html", "src/features/projects/ProjectsPage.tsx"];
const folder = fileURLToPath(new URL("../src/pitmark/server/static/", import.meta.url));
const manifest = JSON.parse(readFileSync(`${folder}.vite/manifest.json`, "utf-8"));

const files = new Set(["index.html"]);
const seen = new Set();
function collect(key) {
  const chunk = manifest[key];
  if (!chunk || seen.has(key)) return;
  seen.add(key);
  files.add(chunk.file);
  for (const css of chunk.css ?? []) files.add(css);
  for (const other of chunk.imports ?? []) collect(other);
}
for (const key of FIRST) collect(key);

let total = 0;
for (const file of files) {
  const size = gzipSync(readFileSync(folder + file)).length / 1024;
  total += size;
  console.log(`${size.toFixed(1).padStart(8)} KB  ${file}`);
}
console.log(
  `${total.toFixed(1).padStart(8)} KB  gzipped for the first page; ${LIMIT_KB} KB allowed`,
);
if (total > LIMIT_KB) process.exit(1);
