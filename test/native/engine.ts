// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events';
/**
 * Plays hoyd in tests that kill it: launches the shim that the file named by the argument describes, with a client on
 * the socket that it names, and says so; then waits for its end.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { HoyShimLauncher } from '#runtime/shim-launcher.ts';
import type { ShimLaunch } from '#runtime/types.ts';

interface Play {
  shimPath: string;
  launch: ShimLaunch;
  clientSocket: string;
  /** End by SIGKILL when the start was ordered, before anything is known of it. */
  dieAtStart: boolean;
}

const { shimPath, launch, clientSocket, dieAtStart } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Play;
const client = connect({ path: clientSocket, allowHalfOpen: true });
await once(client, 'connect');
const options = { stdin: true, stdout: true, stderr: true, detachKeys: new Uint8Array(), multiplexed: false };
const attachments = [{ client, passable: true, options: { ...options, head: Buffer.alloc(0) } }];
const starting = new HoyShimLauncher({ shimPath }).launch(launch, attachments);
if (dieAtStart) {
  // One turn, so that the frames are sent; the runtime takes milliseconds.
  await new Promise((resolve) => setImmediate(resolve));
  process.kill(process.pid, 'SIGKILL');
}
const shim = await starting;
process.stdout.write(`${shim.pid}\n`);
setInterval(() => {}, 1000);
