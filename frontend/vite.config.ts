import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { compress } from './build/compress.ts';
import { fakeServer } from './src/testing/vite-fake-server.ts';

const server = process.env.DIQUIS_DEV_SERVER ?? 'http://127.0.0.1:5000';

export default defineConfig(({ mode }) => ({
  plugins: [react(), compress(), mode === 'fake' && fakeServer()],
  resolve: {
    alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) },
  },
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: mode === 'fake' ? undefined : proxyTo(server),
  },
  preview: { host: '127.0.0.1' },
  build: {
    // Browsers that know light-dark(), which the colour tokens are written with.
    target: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    // The content security policy allows files of this server, not data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    environment: 'happy-dom',
    css: { include: /tokens\.css/ },
    globals: true,
    restoreMocks: true,
    testTimeout: 30_000,
    setupFiles: ['src/testing/set-up.ts'],
    exclude: ['node_modules/**', 'dist/**', 'tools/**'],
  },
}));

function proxyTo(target: string) {
  const http = { target };
  return {
    '/api': http,
    '/health': http,
    '/hangfire': http,
    '/hubs': { target, ws: true },
  };
}
