// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkAnnotations } from '#runtime/annotations.ts';

const CASES: [name: string, runtime: string, allowed: boolean][] = [
  ['org.example.owner', '', true],
  ['io.kubernetes.pod', '', true],
  ['run.ocicle', '', true],
  ['run.oci.seccomp_bpf_data', '', false],
  ['run.oci.keep_original_groups', '', false],
  ['run.oci.hooks.stdout', '', false],
  ['krun.cpus', '', false],
  ['module.wasm.image/variant', '', false],
  ['run.oci.handler', 'crun', true],
];

for (const [name, runtime, allowed] of CASES) {
  test(`the annotation ${name} is ${allowed ? 'passed on' : 'refused'} with ${runtime || 'no'} runtime named`, () => {
    const check = () => checkAnnotations({ annotations: { first: '', [name]: 'x' }, runtime });
    if (allowed) check();
    else assert.throws(check, { code: 'invalid-parameter', message: /^invalid Annotations: ".+" is an order/ });
  });
}
