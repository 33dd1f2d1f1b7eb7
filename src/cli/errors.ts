// SPDX-License-Identifier: Apache-2.0

/** A command failed: what to print on standard error (nothing if empty) and the exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Several things failed one after the other: their messages, one on each line. Nothing happens if there are none. */
export function throwJoined(errors: readonly unknown[]): void {
  if (errors.length === 0) return;
  throw new CliError(1, errors.map((error) => (error instanceof Error ? error.message : String(error))).join('\n'), {
    cause: errors[0],
  });
}
