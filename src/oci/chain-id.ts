// SPDX-License-Identifier: Apache-2.0
import { type Digest, digestOf } from '#oci/digest.ts';

/** Names a layer together with all below it (OCI image specification, "Layer ChainID"). */
export const chainIdOf = (parent: Digest | undefined, diffId: Digest): Digest =>
  parent === undefined ? diffId : digestOf(`${parent} ${diffId}`);

/** The chain ID of every layer, base first. */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) chain.push(chainIdOf(chain.at(-1), diffId));
  return chain;
}
