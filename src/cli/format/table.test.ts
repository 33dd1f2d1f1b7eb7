// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alignTabs, LIST_LAYOUT } from '#cli/format/table.ts';
import { displayWidth, ellipsis } from '#cli/format/width.ts';

test('columns are as wide as their widest cell and three spaces, and at least ten', () => {
  assert.equal(
    alignTabs('ID\tNAME\tEND\n1\ta name of some length\tx\n', LIST_LAYOUT),
    'ID        NAME                    END\n1         a name of some length   x\n',
  );
});

test('a column ends where a line has no cell there', () => {
  assert.equal(
    alignTabs('a\tb\nalone\na long cell\tb\n', { minimumWidth: 0, padding: 1 }),
    'a b\nalone\na long cell b\n',
  );
});

test('characters of two columns count twice', () => {
  assert.equal(displayWidth('数据库'), 6);
  assert.equal(alignTabs('数\tx\nab\ty', { minimumWidth: 0, padding: 1 }), '数 x\nab y');
});

test('texts are cut to the columns there are', () => {
  assert.equal(ellipsis('short', 5), 'short');
  assert.equal(ellipsis('longer', 5), 'long…');
  assert.equal(ellipsis('数据库数据库', 6), '数据…');
  assert.equal(ellipsis('abc', 1), 'a');
  assert.equal(ellipsis('abc', 0), '');
});
