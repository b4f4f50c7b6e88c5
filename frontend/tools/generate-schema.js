import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';
import { stampOf } from './stamp.js';

const description = new URL('../../app/web-api/openapi.json', import.meta.url);
const schema = new URL('../src/lib/schema.ts', import.meta.url);

const types = astToString(await openapiTS(description));
const stamp = stampOf(await readFile(description, 'utf8'), types);
await writeFile(schema, `${stamp}\n${types}`);
