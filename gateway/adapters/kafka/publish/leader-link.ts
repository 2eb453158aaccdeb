import type { OutgoingRecord } from '../../../event/outgoing-record.ts'
import { encodeBatch, type RecordToWrite } from '../records/encode-batch.ts'
import type { ConnectBroker } from '../wire/broker-link.ts'
import { produceRequest } from '../wire/requests/produce.ts'
import type { ConnectLeader } from './leaders.ts'
import type { QueuedRecord } from './publish.ts'

/** A broker answers when the time for its replicas is over. The response needs some time as well. */
const answerMs = 1_000

/** Makes links that append to one topic, by Carillon's own requests. */
export function createLeaderConnector(topic: string, connect: ConnectBroker): ConnectLeader {
  return async (address, signal) => {
    const link = await connect(address, { signal })
    try {
      produceRequest(link, { topic, acks: -1, timeoutMs: 0, partitions: [] })
    } catch (cause) {
      // A broker that is too old fails here, before a record depends on it.
      link.close()
      throw cause
    }
    return {
      get isOpen() {
        return link.isOpen
      },
      async produce(batches, { timeoutMs }) {
        const partitions = batches.map(({ partition, records }) => ({ partition, records: encodeBatch(records.map(toWrite)) }))
        return link.ask(produceRequest(link, { topic, acks: -1, timeoutMs, partitions }), { timeoutMs: timeoutMs + answerMs })
      },
      close: () => link.close(),
    }
  }
}

function toWrite({ record, timestampMs }: QueuedRecord): RecordToWrite {
  return { key: record.key, value: record.value, headers: headersOf(record), timestampMs }
}

const headersOf = ({ headers }: OutgoingRecord): RecordToWrite['headers'] => Object.entries(headers)
