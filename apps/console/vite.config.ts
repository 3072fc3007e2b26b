import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { integrity } from './vite-integrity.ts';

// The server's policy allows neither inline code nor data: URLs, so every asset stays a file of its own.
export default defineConfig({
  plugins: [react(), integrity()],
  build: {
    target: ['chrome123', 'firefox128', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: true,
  },
  server: {
    port: 8769,
    proxy: {
      '/api': {
        target: 'https://localhost:8768',
        secure: false,
        changeOrigin: true,
        // The server lets only pages of its own origin change anything, and in development they come from this one.
        headers: { origin: 'https://localhost:8768' },
      },
    },
  },
});
