import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

const COMPRESSIBLE = /\.(?:js|css|html|svg)$/;
const SMALLEST_BYTES = 512;

/** Puts `name.br` and `name.gz` beside each text file of the build; the server picks one. */
export function compress(): Plugin {
  return {
    name: 'diquis-compress',
    apply: 'build',
    async writeBundle({ dir }) {
      if (dir) await compressAllIn(dir);
    },
  };
}

async function compressAllIn(directory: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true });
  await Promise.all(
    entries
      .filter((name) => COMPRESSIBLE.test(name))
      .map((name) => compressFile(join(directory, name))),
  );
}

async function compressFile(path: string): Promise<void> {
  const plain = await readFile(path);
  if (plain.length < SMALLEST_BYTES) return;
  const [brotli, zipped] = await Promise.all([
    promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
    promisify(gzip)(plain, { level: 9 }),
  ]);
  await Promise.all([writeFile(`${path}.br`, brotli), writeFile(`${path}.gz`, zipped)]);
}
