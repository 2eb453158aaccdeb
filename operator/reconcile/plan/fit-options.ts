import { atLeastPairs } from '../../../gateway/config/at-least-pairs.ts'
import { options, type OptionName, type Options } from '../../../gateway/config/options.ts'

type NumberName = (typeof atLeastPairs)[number][0 | 1]

/**
 * Returns values that replace defaults, so that pairs of options fit. A user who sets the largest event should not have to set the largest request body.
 * If the channel chose one option of a pair, and the other has its default, the other follows. If it chose both and they do not fit, both stay, and the
 * gateway's rules report it.
 * @param chosen options that the channel sets by fields and by `gateway.env`
 * @param isSaid tells whether a user wrote the option, though it may equal the default; for a field this is unknown
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
