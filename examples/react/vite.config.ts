import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  // The gateway admits this origin only, so another port would be of no use.
  server: { port: 5173, strictPort: true },
});
