import { options, type OptionName, type Options } from '../../../gateway/config/options.ts'

type IntegerName = { [Name in OptionName]: Options[Name] extends number ? Name : never }[OptionName]

/** What the gateway asks of pairs of options (gateway/config/rules.ts): the first is at least the second. */
const atLeast: readonly (readonly [IntegerName, IntegerName])[] = [
  ['replayMaxBytes', 'maxEventBytes'],
  ['emitMaxBodyBytes', 'maxEventBytes'],
  ['emitMaxInFlight', 'emitMaxBatch'],
  ['emitBurst', 'emitMaxBatch'],
  ['emitBurst', 'emitRatePerS'],
  ['upgradeBurst', 'upgradeRatePerS'],
  ['inboundFramesBurst', 'inboundFramesPerS'],
]

/**
 * Somebody who sets the largest event does not want to hear of the largest request body. Where one of a pair was chosen and the other was not
 * (it has the default), the other follows. Where both were chosen and do not fit, both stay, and the gateway's rules say so.
 * @param chosen what the channel says, by fields and by `gateway.env`
 * @param isSaid whether somebody wrote it, though it may equal the default; of fields nobody can tell
 * @returns what follows, in place of defaults
 */
export function fitOptions(chosen: Partial<Options>, isSaid: (name: OptionName) => boolean): Partial<Options> {
  const fitted = new Map<IntegerName, number>()
  const valueOf = (name: IntegerName): number => fitted.get(name) ?? chosen[name] ?? options[name].default
  const isFree = (name: IntegerName): boolean => !isSaid(name) && (chosen[name] ?? options[name].default) === options[name].default
  for (const [greater, smaller] of atLeast) {
    if (valueOf(greater) >= valueOf(smaller)) continue
    if (isFree(greater)) fitted.set(greater, valueOf(smaller))
    else if (isFree(smaller)) fitted.set(smaller, valueOf(greater))
  }
  return Object.fromEntries(fitted)
}
