import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@mantine/core/styles.css';
import './app/style.css';
import { App } from './app/App.tsx';
import { shareNonce } from './app/nonce.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has an element with the id root');
shareNonce();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
