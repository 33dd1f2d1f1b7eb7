// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ended,
  exitCodeIn,
  expectLive,
  expectStartable,
  hasRun,
  initialState,
  isActive,
  isLive,
  paused,
  removalRefusal,
  restartCancelled,
  running,
  startFailed,
  unpaused,
} from '#container/state.ts';
import { isEngineError } from '#core/errors.ts';
import type { ContainerState, ContainerStatus } from '#model/container.ts';

const ID = 'c0ffee';
const AT = new Date('2026-01-02T03:04:05Z');
const END = { exitCode: 3, oomKilled: false, finishedAt: AT };

const live = { pid: 7, startedAt: AT };
const over = { exitCode: 3, oomKilled: false, error: '', startedAt: AT, finishedAt: AT };
const STATES: Record<ContainerStatus, ContainerState> = {
  created: initialState,
  running: { status: 'running', ...live },
  paused: { status: 'paused', ...live },
  restarting: { status: 'restarting', ...over },
  exited: { status: 'exited', ...over },
  removing: { status: 'removing', ...over },
  dead: { status: 'dead', ...over },
};

const TRANSITIONS: Record<string, (state: ContainerState) => ContainerState> = {
  running: (state) => running(state, live),
  startFailed: (state) => startFailed(state, { error: 'no', exitCode: 127 }),
  paused: (state) => paused(ID, state),
  unpaused: (state) => unpaused(ID, state),
  ended: (state) => ended(state, END, false),
  restarts: (state) => ended(state, END, true),
  restartCancelled,
};

/** Every change that is allowed; whatever is not in here must be refused. */
const ALLOWED: Record<string, Partial<Record<ContainerStatus, ContainerStatus>>> = {
  running: { created: 'running', exited: 'running', restarting: 'running' },
  startFailed: { created: 'created', exited: 'exited', restarting: 'exited' },
  paused: { running: 'paused' },
  unpaused: { paused: 'running' },
  ended: { running: 'exited', paused: 'exited' },
  restarts: { running: 'restarting', paused: 'restarting' },
  restartCancelled: { restarting: 'exited' },
};

test('each change is possible in the states of the table and refused in all others', () => {
  for (const [name, change] of Object.entries(TRANSITIONS)) {
    for (const [status, state] of Object.entries(STATES) as [ContainerStatus, ContainerState][]) {
      const next = ALLOWED[name]?.[status];
      if (next === undefined) assert.throws(() => change(state), `${name} in ${status}`);
      else assert.equal(change(state).status, next, `${name} in ${status}`);
    }
  }
});

test('no sequence of changes gives a state with a field of another one', () => {
  const names = fc.constantFrom(...Object.keys(TRANSITIONS));
  fc.assert(
    fc.property(fc.array(names, { maxLength: 30 }), (sequence) => {
      let state: ContainerState = initialState;
      for (const name of sequence) {
        try {
          state = TRANSITIONS[name]?.(state) ?? state;
        } catch {
          continue;
        }
        assert.equal('pid' in state, isLive(state));
        assert.equal('finishedAt' in state, !isLive(state) && state.status !== 'created');
        assert.equal(hasRun(state), state.status !== 'created');
        if (isLive(state)) assert.ok(isActive(state));
      }
    }),
  );
});

test('a state that is given is never changed', () => {
  for (const change of Object.values(TRANSITIONS)) {
    for (const state of Object.values(STATES)) {
      const before = structuredClone(state);
      try {
        change(Object.freeze({ ...state }));
      } catch (error) {
        assert.ok(!(error instanceof TypeError), String(error));
      }
      assert.deepEqual(state, before);
    }
  }
});

test('what is refused is refused in the words that clients know', () => {
  const cases: [() => unknown, string, string][] = [
    [() => expectStartable(STATES.running), 'not-modified', 'container is already running'],
    [() => expectStartable(STATES.restarting), 'not-modified', 'container is already running'],
    [() => expectStartable(STATES.paused), 'conflict', 'cannot start a paused container, try unpause instead'],
    [() => expectStartable(STATES.dead), 'conflict', 'container is marked for removal and cannot be started'],
    [() => expectLive(ID, STATES.exited), 'conflict', 'container c0ffee is not running'],
    [() => paused(ID, STATES.paused), 'conflict', 'container c0ffee is already paused'],
    [() => paused(ID, STATES.created), 'conflict', 'container c0ffee is not running'],
    [
      () => paused(ID, STATES.restarting),
      'conflict',
      'Container c0ffee is restarting, wait until the container is running',
    ],
    [() => unpaused(ID, STATES.running), 'conflict', 'Container c0ffee is not paused'],
  ];
  for (const [attempt, code, message] of cases) {
    assert.throws(attempt, (error) => isEngineError(error) && error.code === code && error.message === message);
  }
});

test('only a container without a process may be removed without force', () => {
  const refused = Object.entries(STATES).filter(([, state]) => removalRefusal(state));
  assert.deepEqual(refused.map(([status]) => status).sort(), ['paused', 'restarting', 'running']);
  assert.equal(
    removalRefusal(STATES.running)?.message,
    'container is running: stop the container before removing or force remove',
  );
});

test('a failed start is remembered, and leaves what was known of the last run', () => {
  const state = startFailed(STATES.exited, { error: 'exec: "x": not found', exitCode: 127 });
  assert.deepEqual(state, { ...STATES.exited, error: 'exec: "x": not found', exitCode: 127 });
  assert.equal(exitCodeIn(state), 127);
  assert.equal(exitCodeIn(running(state, live)), 0);
});

test('a process that runs again remembers when the last one ended, until it ends itself', () => {
  const again = running(STATES.exited, { pid: 8, startedAt: AT });
  assert.equal(again.lastFinishedAt, AT);
  assert.ok(!('lastFinishedAt' in ended(again, END, false)));
  assert.equal(running(initialState, live).lastFinishedAt, undefined);
});
