import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../artefacts/', import.meta.url));

/** Where a picture or a log of this run is kept. */
export function artefact(kind, name) {
  mkdirSync(join(folder, kind), { recursive: true });
  return join(folder, kind, name.toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-'));
}
