import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { compressed } from './build/compressed.ts';

const GATEWAY = process.env.GATEWAY ?? 'http://127.0.0.1:4000';

export default defineConfig({
  base: '/console/',
  plugins: [react(), compressed()],
  // The gateway puts another nonce into each page: src/edge/console.ts.
  html: { cspNonce: 'NONCE_OF_THE_PAGE' },
  build: {
    target: 'es2023',
    // A font or picture in a style would need `data:` in the policy.
    assetsInlineLimit: 0,
    // Every browser of the target loads modules in advance by itself.
    modulePreload: { polyfill: false },
    // One file of 200 KB, compressed, loads faster than many small ones.
    chunkSizeWarningLimit: 800,
    // Compression takes most of the time of a build, as it should.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  // `npm run dev`: the page from Vite, the API from a gateway that runs.
  server: {
    port: 5174,
    proxy: {
      '^/(graphql|blobs|tasks|artifacts)': {
        target: GATEWAY,
        ws: true,
        changeOrigin: true,
        // The gateway refuses pages of other origins. This one is its own page, served by Vite.
        headers: { origin: new URL(GATEWAY).origin },
      },
    },
  },
});
