import type { OptionName, Options } from './options.ts'

type NumberName = { [Name in OptionName]: Options[Name] extends number ? Name : never }[OptionName]

/** Pairs of options, of which the first is at least the second, and what goes wrong otherwise. */
export const atLeastPairs = [
  ['emitMaxBodyBytes', 'maxEventBytes', 'an event of the largest size would be refused as a body'],
  ['replayMaxBytes', 'maxEventBytes', 'an event of the largest size could not be held'],
  ['emitBurst', 'emitRatePerS', 'a rate above the burst is never reached'],
  ['emitBurst', 'emitMaxBatch', 'a batch of the largest size would always be answered 429'],
  ['emitMaxInFlight', 'emitMaxBatch', 'a batch of the largest size would always be answered 503'],
  ['upgradeBurst', 'upgradeRatePerS', 'a rate above the burst is never reached'],
  ['inboundFramesBurst', 'inboundFramesPerS', 'a rate above the burst is never reached'],
  ['userFramesBurst', 'userFramesPerS', 'a rate above the burst is never reached'],
] as const satisfies readonly (readonly [NumberName, NumberName, string])[]
