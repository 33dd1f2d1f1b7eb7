// SPDX-License-Identifier: Apache-2.0

/** The engine answered with an error status. The message is the engine's own, with the prefix that Docker's client gives it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(`Error response from daemon: ${message}`);
    this.status = status;
  }
}

/** No engine could be reached. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** Nothing listens there, so that starting an engine may help. */
  readonly isAbsent: boolean;

  constructor(message: string, isAbsent: boolean, options?: ErrorOptions) {
    super(message, options);
    this.isAbsent = isAbsent;
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

const ABSENT = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK']);

/** What a failed connection to `host` means to a person, with Docker's first line and what to do next. */
export function connectionError(host: string, cause: NodeJS.ErrnoException): ConnectionError {
  if (cause.code === 'EACCES' || cause.code === 'EPERM') {
    return new ConnectionError(
      `permission denied while trying to connect to the Docker daemon socket at ${host}\n` +
        'Run the command as root, or become a member of the group that owns the socket.',
      false,
      { cause },
    );
  }
  const isAbsent = ABSENT.has(cause.code ?? '');
  const why = isAbsent ? '' : ` (${cause.message})`;
  return new ConnectionError(
    `Cannot connect to the Docker daemon at ${host}. Is the docker daemon running?${why}\n` +
      "Start the engine with 'hoyd', or name another one with -H or DOCKER_HOST.",
    isAbsent,
    { cause },
  );
}
