// A server of made-up answers in the shapes of pitmark.wire, to look at pages without Python.
//
//   node dev/fixture_server.mjs --pictures FOLDER [--static FOLDER] [--port 8090]
//
// Pictures are PNG or JPEG files of any folder. Not part of what is built.
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { answers, openEvents } from "./fixture_answers.mjs";

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const folder = option("pictures", "");
const pages = option("static", "");
const port = Number(option("port", "8090"));

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
};

const pictures = folder
  ? readdirSync(folder)
      .filter((n) => /\.(png|jpe?g)$/i.test(n))
      .map((name) => ({
        name,
        path: join(folder, name),
        sha256: createHash("sha256").update(name).digest("hex"),
      }))
  : [];
const byHash = new Map(pictures.map((p) => [p.sha256, p]));
const answer = answers(pictures);

createServer((request, response) => {
  const url = new URL(request.url, `http://127.0.0.1:${port}`);
  const path = decodeURIComponent(url.pathname);
  if (!path.startsWith("/api/")) return sendPage(path, response);
  const picture = /images\/([0-9a-f]{64})\/(picture|tile)/.exec(path);
  if (picture) return sendFile(byHash.get(picture[1])?.path, response, true);
  if (path.endsWith("/events")) return openEvents(response);
  const chunks = [];
  request.on("data", (c) => chunks.push(c));
  request.on("end", () => {
    const raw = Buffer.concat(chunks);
    const json = request.headers["content-type"] === "application/json";
    const body = json && raw.length > 0 ? JSON.parse(raw.toString()) : raw;
    const [status, told] = answer(request.method, path, url.searchParams, body);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(told === undefined ? "" : JSON.stringify(told));
  });
}).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}`));

function sendPage(path, response) {
  const file = join(pages, path);
  const known = path !== "/" && existsSync(file) && statSync(file).isFile();
  sendFile(known ? file : join(pages, "index.html"), response, false);
}

function sendFile(path, response, lasting) {
  if (!path || !existsSync(path)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    "content-type": TYPES[extname(path).toLowerCase()] ?? "application/octet-stream",
    "content-length": readFileSync(path).length,
    "cache-control": lasting ? "private, max-age=3600" : "no-cache",
  });
  createReadStream(path).pipe(response);
}
