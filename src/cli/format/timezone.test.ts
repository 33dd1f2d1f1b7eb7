// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { formatAnsiTime } from '#cli/format/time.ts';
import { zoneAt } from '#cli/format/timezone.ts';

const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC'];
const MOMENTS = ['2020-01-15T00:00:00Z', '2024-07-15T12:00:00Z', '2026-03-29T01:00:00Z', '1999-12-31T23:59:59Z'];

for (const zone of ZONES) {
  const isThere = zone === 'UTC' || existsSync(`/usr/share/zoneinfo/${zone}`);
  test(`the time in ${zone} is the one that date(1) tells`, { skip: !isThere }, () => {
    for (const moment of MOMENTS) {
      const seconds = Date.parse(moment) / 1000;
      const told = execFileSync('date', ['-d', `@${seconds}`, '+%z %Z'], { env: { TZ: zone }, encoding: 'utf8' });
      const { offsetSeconds, abbreviation } = zoneAt(seconds, zone);
      const minutes = Math.abs(offsetSeconds) / 60;
      const digits = [Math.trunc(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join('');
      assert.equal(`${offsetSeconds < 0 ? '-' : '+'}${digits} ${abbreviation}`, told.trim(), moment);
    }
  });
}

test('a zone that is none is UTC', () => {
  assert.deepEqual(zoneAt(0, 'Nowhere/Atall'), { offsetSeconds: 0, abbreviation: 'UTC' });
});

test('build times are shown in the zone they were written in', () => {
  assert.equal(formatAnsiTime('2026-01-02T03:04:05.678+02:00'), 'Fri Jan  2 03:04:05 2026');
  assert.equal(formatAnsiTime('yesterday'), 'yesterday');
});
