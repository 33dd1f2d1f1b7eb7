// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostConfig } from '#model/container.ts';
import { capabilitySets, containerCapabilities, DEFAULT_CAPABILITIES } from '#runtime/spec/capabilities.ts';
import { FAKE_HOST } from '#runtime/spec/fake-probe.ts';

const capabilities = (options: Partial<Pick<HostConfig, 'capAdd' | 'capDrop' | 'privileged'>>): string[] =>
  containerCapabilities({ capAdd: [], capDrop: [], privileged: false, ...options }, FAKE_HOST);

const EVERYTHING = FAKE_HOST.capabilities.size;

test('a container has the default fourteen', () => {
  assert.deepEqual(capabilities({}), DEFAULT_CAPABILITIES);
  assert.equal(DEFAULT_CAPABILITIES.length, 14);
});

test('capabilities are added and dropped by any of their names', () => {
  assert.ok(capabilities({ capAdd: ['net_admin'] }).includes('CAP_NET_ADMIN'));
  assert.equal(capabilities({ capDrop: ['CAP_KILL', 'chown'] }).length, 12);
  assert.equal(capabilities({ capAdd: ['KILL', 'KILL'] }).length, 14);
  assert.ok(capabilities({ capAdd: ['KILL'], capDrop: ['KILL'] }).includes('CAP_KILL'));
});

test('ALL adds what the host has and drops everything', () => {
  assert.equal(capabilities({ capAdd: ['ALL'] }).length, EVERYTHING);
  assert.equal(capabilities({ capAdd: ['all'], capDrop: ['SYS_ADMIN'] }).length, EVERYTHING - 1);
  assert.deepEqual(capabilities({ capDrop: ['ALL'] }), []);
  assert.deepEqual(capabilities({ capDrop: ['ALL'], capAdd: ['SETUID'] }), ['CAP_SETUID']);
});

test('privileged gives all that the engine itself has, whatever was dropped', () => {
  assert.equal(capabilities({ privileged: true, capDrop: ['ALL'] }).length, EVERYTHING);
});

test('unknown capabilities and those out of reach are refused', () => {
  assert.throws(() => capabilities({ capAdd: ['FLY'] }), {
    code: 'invalid-parameter',
    message: 'unknown capability: "CAP_FLY"',
  });
  assert.throws(() => capabilities({ capDrop: ['SYS_BOOT'] }), {
    message: 'capability not supported by your kernel or not available in the current environment: "CAP_SYS_BOOT"',
  });
});

test('a default capability that the engine lacks is left out', () => {
  const without = new Set([...FAKE_HOST.capabilities].filter((name) => name !== 'CAP_MKNOD'));
  const own = containerCapabilities({ capAdd: [], capDrop: [], privileged: false }, { capabilities: without });
  assert.equal(own.includes('CAP_MKNOD'), false);
});

test('no set outlives an exec of its own', () => {
  assert.deepEqual(Object.keys(capabilitySets(['CAP_KILL'])).sort(), ['bounding', 'effective', 'permitted']);
});
