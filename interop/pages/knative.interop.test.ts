import { afterAll, beforeAll, describe } from 'vitest'
import { examplesOf } from '../../scripts/docs/file-examples.ts'
import { findQuietPortPair } from '../../testing/free-ports.ts'
import { startGateway, type StartedGateway } from '../../testing/processes/gateway-process.ts'
import { type ForeignClient, startForeign } from '../http/testing/foreign-client.ts'
import { tabulateInto } from '../trials.ts'
import { places } from './places.ts'
import { openAudience, type TestAudience } from './testing/audience.ts'
import { writeExample } from './testing/run-example.ts'

/** An event as a Broker sends it: in binary mode, and it takes an event as the answer. */
const sent = {
  method: 'POST',
  headers: {
    prefer: 'reply',
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-id': 'order-17',
    'ce-source': '/orders',
    'ce-type': 'com.example.order.shipped',
    'ce-knativearrivaltime': '2026-11-30T12:00:00Z',
  },
  body: JSON.stringify({ order: 17, customer: 'ann' }),
}

describe('a function that names the recipients for Knative', () => {
  const trial = tabulateInto(places.results, 'knative')
  let gateway: StartedGateway
  let audience: TestAudience
  let running: ForeignClient | null = null
  beforeAll(async () => {
    gateway = await startGateway()
    audience = await openAudience(gateway.origin)
  })
  afterAll(async () => {
    await running?.kill()
    audience?.close()
    await gateway?.kill()
  })

  for (const example of examplesOf('replies')) {
    trial({
      client: { name: example.page, version: example.file },
      what: 'replies with the event and an audience, and a gateway delivers the reply',
      arrives: {
        id: 'order-17',
        source: '/orders',
        type: 'com.example.order.shipped.for-browsers',
        data: { order: 17, customer: 'ann' },
        strangers: 0,
      },
      act: async () => {
        const port = await findQuietPortPair()
        running = startForeign(await writeExample(example, { '8080': String(port) }))
        await running.until('listening', 1)
        const reply = await fetch(`http://localhost:${port}`, sent)
        // A Broker passes on attributes and data, and sends them to the next subscriber.
        const attributes = [...reply.headers].filter(([name]) => name.startsWith('ce-') || name === 'content-type')
        const passedOn = { method: 'POST', headers: { prefer: 'reply', ...Object.fromEntries(attributes) }, body: await reply.text() }
        const answer = await fetch(`${gateway.origin}/api/chrome-service/v1/events`, passedOn)
        if (answer.status !== 202) throw new Error(`the reply was answered with ${answer.status}: ${await answer.text()}`)
        const [{ id, source, type, data } = {}] = await audience.next()
        return { id, source, type, data, strangers: audience.strangers.length }
      },
    })
  }
})
