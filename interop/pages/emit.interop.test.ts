import { afterAll, beforeAll, describe } from 'vitest'
import { examplesOf } from '../../scripts/docs/file-examples.ts'
import { startGateway, type StartedGateway } from '../../testing/processes/gateway-process.ts'
import { tabulateInto } from '../trials.ts'
import { places } from './places.ts'
import { nameOf, openAudience, type TestAudience } from './testing/audience.ts'
import { runExample } from './testing/run-example.ts'

describe('an example that emits over HTTP', () => {
  const trial = tabulateInto(places.results, 'emit')
  let gateway: StartedGateway
  let audience: TestAudience
  beforeAll(async () => {
    gateway = await startGateway()
    audience = await openAudience(gateway.origin)
  })
  afterAll(async () => {
    audience?.close()
    await gateway?.kill()
  })

  for (const example of examplesOf('emits')) {
    trial({
      client: { name: example.page, version: example.file },
      what: 'runs as it stands, and its event reaches ann alone',
      arrives: { events: ['order.shipped {"order":17}'], strangers: 0 },
      act: async () => {
        await runExample(example, { 'localhost:8000': `localhost:${gateway.port}` })
        return { events: (await audience.next()).map(nameOf), strangers: audience.strangers.length }
      },
    })
  }
})
