// SPDX-License-Identifier: Apache-2.0
import { messageOf } from '#core/errors.ts';
import type { Logger } from '#core/logger.ts';
import { sendDatagram } from '#linux/datagram.ts';

/** Tells the service manager how far the engine is (sd_notify(3)); does nothing when none asked for it. */
export class ServiceNotifier {
  readonly #socket: string | undefined;
  readonly #logger: Logger;

  constructor(deps: { logger: Logger; env: NodeJS.ProcessEnv }) {
    this.#logger = deps.logger;
    this.#socket = deps.env.NOTIFY_SOCKET || undefined;
  }

  ready(): void {
    this.#send('READY=1');
  }

  stopping(): void {
    this.#send('STOPPING=1');
  }

  reloading(): void {
    const monotonicUs = process.hrtime.bigint() / 1000n;
    this.#send(`RELOADING=1\nMONOTONIC_USEC=${monotonicUs}`);
  }

  #send(state: string): void {
    if (this.#socket === undefined) return;
    try {
      sendDatagram(this.#socket, state);
    } catch (error) {
      this.#logger.warn({ reason: messageOf(error) }, 'the service manager could not be notified');
    }
  }
}
