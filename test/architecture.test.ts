// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

/** Which folders a folder may import. This table is the architecture; ARCHITECTURE.md explains it. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  oci: ['core'],
  tar: ['core'],
  linux: ['core'],
  model: ['oci', 'core'],
  wire: ['oci', 'core'],
  event: ['model', 'core'],
  content: ['oci', 'core'],
  layer: ['content', 'tar', 'linux', 'model', 'oci', 'core'],
  runtime: ['linux', 'model', 'oci', 'core'],
  image: ['layer', 'content', 'tar', 'model', 'oci', 'core'],
  container: ['image', 'layer', 'runtime', 'linux', 'model', 'oci', 'core'],
  system: ['runtime', 'linux', 'model', 'core'],
  api: ['wire', 'model', 'oci', 'core'],
  client: ['wire', 'model', 'oci', 'core'],
  cli: ['client', 'wire', 'model', 'oci', 'core'],
  daemon: [
    'api',
    'system',
    'container',
    'image',
    'runtime',
    'layer',
    'content',
    'event',
    'wire',
    'model',
    'linux',
    'tar',
    'oci',
    'core',
  ],
};

const SPECIFIER = /\b(?:from|import)\s*\(?\s*'([^']+)'/g;

test('a folder imports only the folders listed for it', () => {
  const found: string[] = [];
  const files = globSync('src/**/*.ts');
  for (const file of files) {
    const folder = file.split('/')[1] ?? '';
    for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(SPECIFIER)) {
      const target = /^#([^/]+)\//.exec(specifier)?.[1];
      if (specifier.startsWith('..')) found.push(`${file}: use #folder/… rather than ${specifier}`);
      else if (target && target !== folder && !MAY_IMPORT[folder]?.includes(target)) {
        found.push(`${file}: ${folder} may not import ${target}, only ${MAY_IMPORT[folder]?.join(', ') || 'nothing'}`);
      }
    }
  }
  assert.ok(files.length > 0, 'no sources were found');
  assert.deepEqual(found, []);
});
