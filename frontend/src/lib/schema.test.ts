import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stampOf } from '../../tools/stamp.js';

describe('schema.ts', () => {
  it('is what `make api-client` makes of openapi.json', () => {
    const description = readFileSync('../app/web-api/openapi.json', 'utf8');
    const schema = readFileSync('src/lib/schema.ts', 'utf8');
    const [stamp, ...types] = schema.split('\n');

    expect(stamp).toBe(stampOf(description, types.join('\n')));
  });
});
