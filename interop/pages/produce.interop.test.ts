import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { examplesOf } from '../../scripts/docs/file-examples.ts'
import { findQuietPortPair } from '../../testing/free-ports.ts'
import { type BrokerProcess, startBrokerProcess } from '../../testing/kafka/kafka-process.ts'
import { type GatewayProcess, spawnGateway } from '../../testing/processes/gateway-process.ts'
import { readyGateway } from '../ready-gateway.ts'
import { tabulateInto } from '../trials.ts'
import { places } from './places.ts'
import { nameOf, openAudience, type TestAudience } from './testing/audience.ts'
import { runExample } from './testing/run-example.ts'

describe('an example that writes to the topic', () => {
  const trial = tabulateInto(places.results, 'produce')
  let dataDirectory: string
  let broker: BrokerProcess
  let brokers: string
  let gateway: GatewayProcess
  let audience: TestAudience
  beforeAll(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), 'carillon-interop-pages-'))
    const port = await findQuietPortPair()
    broker = await startBrokerProcess({ command: 'kafka-server', port, dataDirectory, startTimeoutMs: 150_000 })
    brokers = `127.0.0.1:${port}`
    // A gateway in development mode creates the topic of the pages.
    // In development mode it creates the topic of the pages.
    gateway = spawnGateway({ env: { PORT: '0', INTERNAL_PORT: '0', KAFKA_BROKERS: brokers } })
    audience = await openAudience((await readyGateway(gateway)).url)
  })
  afterAll(async () => {
    audience?.close()
    await gateway?.kill()
    await broker?.terminate()
    await rm(dataDirectory, { recursive: true, force: true })
  })

  for (const example of examplesOf('produces')) {
    trial({
      client: { name: example.page, version: example.file },
      what: 'runs as it stands, and its record reaches ann alone',
      arrives: { events: ['order.shipped {"order":17}'], strangers: 0 },
      act: async () => {
        await runExample(example, { '127.0.0.1:9092': brokers })
        return { events: (await audience.next()).map(nameOf), strangers: audience.strangers.length }
      },
    })
  }
})
