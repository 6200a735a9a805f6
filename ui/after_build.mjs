// After the build: fails where what the first page loads is larger than it may be, and puts
// a gzipped copy beside every file that shrinks by it.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, gzipSync } from "node:zlib";

const LIMIT_KB = 200;
const FIRST = ["index.html", "src/features/projects/ProjectsPage.tsx"];
const PACKED = [".js", ".css", ".html", ".svg", ".md"];
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

const sizes = [...files].map((file) => [
  gzipSync(readFileSync(folder + file)).length / 1024,
  file,
]);
const total = sizes.reduce((sum, [size]) => sum + size, 0);
console.log(`The first page: ${total.toFixed(1)} KB gzipped, ${LIMIT_KB} KB allowed.`);
if (total > LIMIT_KB) {
  for (const [size, file] of sizes.sort((a, b) => b[0] - a[0])) {
    console.log(`${size.toFixed(1).padStart(8)} KB  ${file}`);
  }
  process.exit(1);
}

rmSync(`${folder}.vite`, { recursive: true });
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !PACKED.includes(extname(entry.name))) continue;
  const path = `${entry.parentPath}/${entry.name}`;
  const body = readFileSync(path);
  const packed = gzipSync(body, { level: constants.Z_BEST_COMPRESSION });
  if (packed.length < 0.9 * body.length) writeFileSync(`${path}.gz`, packed);
}
