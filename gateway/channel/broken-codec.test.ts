import { expect, it } from 'vitest'
import { disabledTracer } from '../observability/disabled-tracer.ts'
import { aBinaryRecord } from '../testing/builders.ts'
import { RecordingSocket, rigDefaults, rigPrincipal } from '../testing/channel-rig.ts'
import { createRecordingLogger } from '../testing/recording-logger.ts'
import { createRecordingMetrics } from '../testing/recording-metrics.ts'
import { createRecordDecoder } from '../event/decode-record.ts'
import { encodeEvent } from '../event/encode-event.ts'
import { createChannel } from './create-channel.ts'

/*
 * The predecessor stopped delivery on all pods at one record that its code could not handle. A bug in our decoder or encoder would have
 * done the same: the pod would have crashed at the record, and again after each restart.
 */
it.each(['decode', 'encode'] as const)(
  'a record at which %s throws is skipped, counted and logged, and delivery continues',
  async (broken) => {
    const metrics = createRecordingMetrics()
    const logger = createRecordingLogger()
    const failAt = (isPoison: boolean): void => {
      if (isPoison) throw new TypeError('a bug')
    }
    let encoded = 0
    const decode = createRecordDecoder({ maxEventBytes: 1000, maxAudienceNames: 10 })
    const { channel, ingest } = createChannel({
      options: rigDefaults,
      decode: (record) => {
        failAt(broken === 'decode' && record.offset === 0)
        return decode(record)
      },
      encode: (content) => {
        encoded += 1
        failAt(broken === 'encode' && encoded === 1)
        return encodeEvent(content)
      },
      metrics: metrics.metrics,
      logger: logger.logger,
      tracer: disabledTracer,
      now: Date.now,
      random: () => 0.5,
      observer: { opened: () => {}, warmedUp: () => {}, health: () => {} },
    })
    ingest.opened({ epoch: 'e', startOffsets: [0], endOffsets: [0] })
    const socket = new RecordingSocket()
    channel.join(socket, { principal: rigPrincipal(), resume: { kind: 'plain' } })
    const at = (offset: number) => ({ at: { offset, timestampMs: Date.now() } })
    await ingest.records([aBinaryRecord({ id: 'poison', ...at(0) }), aBinaryRecord({ id: 'after', ...at(1) })], 2)
    expect([socket.ids, metrics.value('recordsUndecodable', { reason: 'bad-data' })]).toEqual([['after'], 1])
    expect(logger.lines.map(({ level }) => level)).toContain('error')
  },
)
