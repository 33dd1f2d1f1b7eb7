// SPDX-License-Identifier: Apache-2.0

/** How this program is called. */
export const PROGRAM = 'hoy';
