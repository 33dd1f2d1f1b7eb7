// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import { invalidParameter } from '#core/errors.ts';

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** Throws unless `name` (without a leading slash) may be a container's name. */
export function checkContainerName(name: string): void {
  if (NAME.test(name)) return;
  throw invalidParameter(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
}

const ADJECTIVES = (
  'amber ample azure balmy bold breezy brisk buoyant calm candid chipper coastal coral crisp curious dapper daring deep ' +
  'drifting early earnest fair fearless fleet floating fresh gallant gentle gleaming golden hardy homeward honest ' +
  'jaunty keen leeward lively lofty lucid mellow merry misty moonlit nimble noble northern patient placid plucky polar ' +
  'prompt quick quiet radiant ready roaming rosy rugged salty seaworthy serene shipshape silver sincere sleek snug ' +
  'southern spry starry steady stout sunlit sunny swift tidal tidy trim true trusty upbeat valiant vivid wandering ' +
  'watchful weathered western windward witty zesty'
).split(' ');

/** People of the sea: navigators, shipwrights, hydrographers, oceanographers, lighthouse builders. */
const SURNAMES = (
  'amundsen baffin ballard barents beaufort bering bligh bougainville bowditch brunel cabot cartier ' +
  'chancellor chapelle colin cousteau dampier davis dezhnev dias drake earle ekman elcano ericsson fitzroy flinders ' +
  'fresnel frobisher gama halley harrison hawkins heezen herreshoff heyerdahl hudson humboldt krusenstern laperouse ' +
  'lind lutke magellan makarov mallet maury mercator moitessier murray nansen nares norwood piccard pytheas ' +
  'revelle rickover ross shackleton slocum smeaton stevenson stommel sverdrup tabarly tasman tharp ' +
  'torres vancouver verrazzano vespucci walker weddell wegener worsley wrangel'
).split(' ');

const pick = (words: readonly string[]): string => words[randomInt(words.length)] ?? '';

/** A readable name that nobody holds: `swift_nansen`, and with a number when the plain ones run out. */
export function randomName(isTaken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt++) {
    const plain = `${pick(ADJECTIVES)}_${pick(SURNAMES)}`;
    const name = attempt < 8 ? plain : `${plain}${randomInt(10 ** Math.min(Math.floor(attempt / 8), 9))}`;
    if (!isTaken(name)) return name;
  }
}
