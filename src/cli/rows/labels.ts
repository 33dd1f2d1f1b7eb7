// SPDX-License-Identifier: Apache-2.0
import { compareStrings } from '#cli/template/print.ts';
import type { Labels } from '#client/types.ts';

/** Labels in one cell: `a=1,b=2`. */
export const joinLabels = (labels: Labels): string =>
  Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort(compareStrings)
    .join(',');
