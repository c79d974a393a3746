import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { constants } from "node:zlib";
import { compression, defineAlgorithm } from "vite-plugin-compression2";
import { defineConfig } from "vitest/config";
import { readAloud } from "./read-aloud.ts";

/** Where `npm run dev` finds a running Insula. */
const server = process.env["INSULA_URL"] ?? "http://localhost:13000";

export default defineConfig({
  base: "./",
  plugins: [
    react(),
    readAloud(),
    compression({
      threshold: 1024,
      algorithms: [
        defineAlgorithm("gzip", { level: 9 }),
        defineAlgorithm("brotliCompress", { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
      ],
    }),
  ],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../src/insula/web/dist",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    rolldownOptions: { input: "src/main.tsx" },
  },
  // what `npm run dev` bundles of the libraries beforehand goes past the plugins above
  optimizeDeps: { rolldownOptions: { plugins: [readAloud()] } },
  server: { proxy: { "/api": { target: server, ws: true, changeOrigin: false } } },
  test: { environment: "jsdom", globals: false, restoreMocks: true, setupFiles: ["src/testing/setup.ts"] },
});
