// SPDX-License-Identifier: Apache-2.0
import { BackOff } from '#container/restart-policy.ts';
import type { AttachedClient, WaitCondition } from '#model/client.ts';
import type { Shim, ShimAttach } from '#runtime/types.ts';

/** One life of a container's process, from the moment it runs until everything it used is given back. */
export interface Run {
  shim: Shim;
  /** Settles after the engine has recorded the exit and told everybody. */
  settled: Promise<void>;
  /** Clients that wait for the exit are with the shim; it must not be let go before. */
  handedOver: Promise<unknown>;
}

export interface PendingAttachment {
  client: AttachedClient;
  options: ShimAttach;
}

export interface PendingWait {
  client: AttachedClient;
  condition: WaitCondition;
  /** `true`: the shim has the client. */
  resolve: (passed: boolean) => void;
}

export interface Waiter {
  condition: WaitCondition;
  resolve: (result: { exitCode: number; error?: string }) => void;
}

/** What the engine holds of a container beside its record; all of it can be made again after a restart. */
export class Instance {
  readonly id: string;
  run: Run | undefined;
  /** Settles when the files, mounts and groups of the last run are gone. */
  cleanedUp: Promise<void> = Promise.resolve();
  /** Somebody is removing it. */
  isBeingRemoved = false;
  /** Stopped in order to be started again at once: its exit is not the end of it. */
  isBeingRestarted = false;
  /** Its health failed and the policy wants that treated as a failure of the process. */
  failedHealth = false;
  readonly backOff = new BackOff();
  pendingRestart: Disposable | undefined;
  readonly attachments = new Set<PendingAttachment>();
  readonly handOvers = new Set<PendingWait>();
  readonly waiters = new Set<Waiter>();

  constructor(id: string) {
    this.id = id;
  }

  /** Answers those who wait for one of `conditions`. */
  answer(conditions: readonly WaitCondition[], result: { exitCode: number; error?: string }): void {
    for (const waiter of this.waiters) {
      if (!conditions.includes(waiter.condition)) continue;
      this.waiters.delete(waiter);
      waiter.resolve(result);
    }
  }

  /** Takes the clients that came before the process did. */
  takeAttachments(): PendingAttachment[] {
    const taken = [...this.attachments];
    this.attachments.clear();
    return taken;
  }

  takeHandOvers(): PendingWait[] {
    const taken = [...this.handOvers];
    this.handOvers.clear();
    return taken;
  }

  /** There will be no process: clients that came for it are let go, those who wait are answered by the engine. */
  dismissClients(): void {
    for (const { client } of this.takeAttachments()) client.stream.end();
    for (const { resolve } of this.takeHandOvers()) resolve(false);
  }
}
