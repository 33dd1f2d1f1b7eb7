// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conflict } from '#core/errors.ts';
import { createLogger, type DaemonLogger } from '#daemon/logging.ts';

function logged(format: 'text' | 'json', body: (logger: DaemonLogger) => void): string[] {
  const lines: string[] = [];
  body(createLogger({ level: 'info', format, write: (line) => lines.push(line) }));
  return lines;
}

test('a JSON line has time, level, message and the fields', () => {
  const [line = ''] = logged('json', (logger) => logger.child({ container: 'c1' }).warn({ tries: 2 }, 'slow'));
  const { time, ...rest } = JSON.parse(line);
  assert.ok(!Number.isNaN(Date.parse(time)));
  assert.deepEqual(rest, { level: 'warn', msg: 'slow', container: 'c1', tries: 2 });
});

test('a text line is one line, whatever is in its fields', () => {
  const [line = ''] = logged('text', (logger) => logger.info({ id: 'a-b', text: 'x\ny "z"' }, 'two words'));
  assert.match(line, /^time="\S+Z" level=info msg="two words" id=a-b text="x\\ny \\"z\\""\n$/);
});

test('the level can be changed while it runs', () => {
  const lines = logged('text', (logger) => {
    logger.debug({}, 'unseen');
    logger.level = 'debug';
    logger.debug({}, 'seen');
    logger.level = 'error';
    logger.warn({}, 'unseen');
  });
  assert.equal(lines.length, 1);
});

test('an error is logged with its causes; a refusal has no stack, a bug has', () => {
  const [refusal = '', bug = ''] = logged('json', (logger) => {
    logger.error({ err: conflict('in use', { cause: new Error('EBUSY') }) }, 'failed');
    logger.error({ err: new TypeError('x is undefined') }, 'failed');
  });
  assert.deepEqual(JSON.parse(refusal).err, { message: 'in use', causes: ['EBUSY'] });
  assert.match(JSON.parse(bug).err.stack, /logging\.test/);
});

test('a text line shows the message of an error as people read it', () => {
  const [line = ''] = logged('text', (logger) => logger.error({ err: conflict('in use') }, 'failed'));
  assert.match(line, /msg=failed error="in use"\n$/);
});
