// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSecurityOptions, type SecurityOptions } from '#runtime/spec/security-options.ts';

const CASES: [options: string[], expected: Partial<SecurityOptions>][] = [
  [[], {}],
  [['no-new-privileges'], { noNewPrivileges: true }],
  [['no-new-privileges=true', 'no-new-privileges:false'], { noNewPrivileges: false }],
  [['seccomp=unconfined'], { seccomp: 'unconfined' }],
  [['seccomp={"a":"b=c"}'], { seccomp: '{"a":"b=c"}' }],
  [['apparmor=my-profile'], { apparmor: 'my-profile' }],
  [['apparmor:unconfined'], { apparmor: 'unconfined' }],
  [['label=disable', 'label=type:x', 'disable'], { labels: ['disable', 'type:x', 'disable'] }],
  [['systempaths=unconfined'], { systemPathsUnconfined: true }],
  [['writable-cgroups'], { writableCgroups: true }],
  [['writable-cgroups=0'], { writableCgroups: false }],
];

for (const [options, expected] of CASES) {
  test(`--security-opt ${options.join(' ') || 'nothing'} is understood`, () => {
    const nothing = { noNewPrivileges: false, labels: [], systemPathsUnconfined: false };
    assert.deepEqual(parseSecurityOptions(options), { ...nothing, ...expected });
  });
}

const REFUSED: [option: string, message: string][] = [
  ['nonsense', 'invalid --security-opt 1: "nonsense"'],
  ['', 'invalid --security-opt 1: ""'],
  ['secomp=unconfined', 'invalid --security-opt 2: "secomp=unconfined"'],
  ['no-new-privileges=maybe', 'invalid --security-opt 2: "no-new-privileges=maybe"'],
  ['systempaths=half', 'invalid --security-opt 2: "systempaths=half"'],
];

for (const [option, message] of REFUSED) {
  test(`--security-opt ${JSON.stringify(option)} is refused`, () => {
    assert.throws(() => parseSecurityOptions([option]), { code: 'invalid-parameter', message });
  });
}
