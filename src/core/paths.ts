// SPDX-License-Identifier: Apache-2.0

/** Where hoyd listens, and `hoy` looks for it, unless told otherwise. */
export const DEFAULT_SOCKET = '/run/hoy/hoy.sock';
