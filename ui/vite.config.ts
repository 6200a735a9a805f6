import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env.PITMARK_SERVER ?? "http://127.0.0.1:8321";

export default defineConfig({
  // For another path than the root of a host: vite build --base=/path/
  base: "/",
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../src/pitmark/server/static",
    emptyOutDir: true,
    target: "es2022",
    license: { fileName: "licenses.md" },
    chunkSizeWarningLimit: 700,
    manifest: true,
    rolldownOptions: {
      output: {
        // Few files: each is a question of its own to the server, six at a time.
        codeSplitting: {
          groups: [
            { name: "first", tags: ["$initial"], priority: 2 },
            { name: "own", test: /src\/(api|app|ui|words)\//, minShareCount: 4, priority: 1 },
            { name: "controls", test: /node_modules/, minShareCount: 6 },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": server, "/metrics": server } },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"] },
});
