// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helpText } from '#daemon/config/help.ts';
import { OPTIONS } from '#daemon/config/options.ts';

test('the help shows every option once', () => {
  const flags = [...helpText().matchAll(/--([a-z0-9-]+)/g)].map(([, flag]) => flag);
  for (const { flag } of OPTIONS) assert.ok(flags.includes(flag), flag);
});

test('no two options share a flag or a letter', () => {
  for (const names of [OPTIONS.map((option) => option.flag), OPTIONS.flatMap((option) => option.short ?? [])]) {
    assert.equal(new Set(names).size, names.length);
  }
});
