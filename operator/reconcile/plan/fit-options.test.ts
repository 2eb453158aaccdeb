import { expect, it } from 'vitest'
import { fitOptions } from './fit-options.ts'

const nothing = (): boolean => false

it('does not change the defaults, which fit', () => {
  expect(fitOptions({}, nothing)).toEqual({})
})

it('raises or lowers the option that was not chosen to fit the chosen one', () => {
  expect(fitOptions({ emitMaxBatch: 9_000 }, nothing)).toEqual({ emitMaxInFlight: 9_000, emitBurst: 9_000 })
  expect(fitOptions({ inboundFramesBurst: 5 }, nothing)).toEqual({ inboundFramesPerS: 5 })
  expect(fitOptions({ replayMaxBytes: 65_536, emitMaxBodyBytes: 2_048 }, nothing)).toEqual({ maxEventBytes: 2_048 })
})

it('does not change two options that were both chosen, nor one that was written as its default', () => {
  expect(fitOptions({ upgradeBurst: 10, upgradeRatePerS: 20 }, nothing)).toEqual({})
  expect(fitOptions({ emitBurst: 50, emitRatePerS: 10, emitMaxBatch: 100 }, (name) => name === 'emitMaxBatch')).toEqual({})
})
