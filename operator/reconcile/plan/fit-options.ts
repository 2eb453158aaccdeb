import { atLeastPairs } from '../../../gateway/config/at-least-pairs.ts'
import { options, type OptionName, type Options } from '../../../gateway/config/options.ts'

type NumberName = (typeof atLeastPairs)[number][0 | 1]

/**
 * Somebody who sets the largest event does not want to hear of the largest request body. Where one of a pair was chosen and the other was not
 * (it has the default), the other follows. Where both were chosen and do not fit, both stay, and the gateway's rules say so.
 * @param chosen what the channel says, by fields and by `gateway.env`
 * @param isSaid whether somebody wrote it, though it may equal the default; of fields nobody can tell
 * @returns what follows, in place of defaults
 */
export function fitOptions(chosen: Partial<Options>, isSaid: (name: OptionName) => boolean): Partial<Options> {
  const fitted = new Map<NumberName, number>()
  const valueOf = (name: NumberName): number => fitted.get(name) ?? chosen[name] ?? options[name].default
  const isFree = (name: NumberName): boolean => !isSaid(name) && (chosen[name] ?? options[name].default) === options[name].default
  for (const [greater, smaller] of atLeastPairs) {
    if (valueOf(greater) >= valueOf(smaller)) continue
    if (isFree(greater)) fitted.set(greater, valueOf(smaller))
    else if (isFree(smaller)) fitted.set(smaller, valueOf(greater))
  }
  return Object.fromEntries(fitted)
}
